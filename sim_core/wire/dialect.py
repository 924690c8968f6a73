"""One version of OCPP, as far as the wire must know it.

Frames, turns, retries and what a closed link means are the same in every version of OCPP-J; words
are not. So this room knows no action and no field by name: the adapter that speaks a version fills
in one `Dialect`, and every module here asks that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sim_core.wire.answers import Payload
from sim_core.wire.schemas import Schemas


class Subject(NamedTuple):
    """What a request is about, where it says so."""

    connector_id: int | None = None
    transaction_id: int | str | None = None


@dataclass(frozen=True, eq=False)
class Dialect:
    """See the module."""

    version: str
    """As people read it: "OCPP 1.6"."""
    subprotocol: str
    """Of the WebSocket (OCPP-J §3.1.2)."""
    schemas: Schemas
    asks: frozenset[str]
    """Every action that a charge point asks; the other ones a CSMS does."""
    boot: str
    """The call that registers: whatever the tick, it leaves at once, and is never withheld."""
    proof_of_life: str
    """A call with an empty payload that may be sent at any time: it shows that a CSMS answers."""
    urgent: frozenset[str]
    """Plain calls that overtake everything else."""
    each_counts: frozenset[str]
    """Calls of which every single refusal matters: somebody's money, somebody at the reader."""
    follows: Mapping[tuple[str, str], str]
    """What a charge point does where a plain call has come to nothing, in words; by action and kind
    of verdict (see `refusals.Verdict`)."""
    subject: Callable[[Payload], Subject]
    """Reads what a request is about, whoever has sent it and whatever is in it."""
    time_fields: frozenset[str]
    """Fields of a payload that say when: without them equal messages are equal."""
    called: str = "connector"
    """What people call a connector."""
    secret_keys: frozenset[str] = frozenset()
    """Configuration keys, in lower case, whose values no log keeps."""

    def message(self, action: str, connector_id: int | None) -> str:
        """A message as a sentence names it: with the connector that it is about."""
        return action if connector_id is None else f"{action} of {self.called} {connector_id}"
