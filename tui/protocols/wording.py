"""What the screens have to know of an OCPP to show it in words.

A frame can be read only by whoever knows its version, and so can the word for a connector's state.
Each version fills in one `Wording`; the screens ask `wording_of` and name no version themselves. An
OCPP without a wording can still be looked at: its payloads are shown as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from sim_core.commands import Command
from sim_core.snapshot import ConnectorState
from tui.protocols.payload import Payload


class FrameNote(NamedTuple):
    """One line about a frame."""

    name: str
    words: str
    role: str = "text"


class Kind(Enum):
    """What a request is to somebody who looks over the log."""

    PLAIN = "plain"
    ROUTINE = "routine"
    """It comes every few seconds, and hardly anybody reads it."""
    ALARM = "alarm"
    """Something is broken."""
    BEGIN = "begin"
    """A session begins."""


Summary = Callable[[Payload], str]
Notes = Callable[[Payload], Iterable[FrameNote]]
CommandBehind = Callable[[int, Payload], "Command | None"]

KindOf = Callable[[Payload], Kind]


def _always(kind: Kind) -> KindOf:
    return lambda _: kind


ALWAYS: Mapping[Kind, KindOf] = {kind: _always(kind) for kind in Kind}
"""Whatever a request says, it is of this kind."""


@dataclass(frozen=True, eq=False)
class Wording:
    """One OCPP in words. What may be in a payload is anybody's guess: a `Summary` may raise
    TypeError, ValueError, KeyError, AttributeError or RecursionError, the others must not."""

    name: str
    """As people read it: "OCPP 1.6"."""
    subprotocol: str
    """Of its WebSocket; empty where nobody knows."""
    statuses: Mapping[ConnectorState, str]
    """Its word for each state, in the order in which the help explains them."""
    token: str
    """What it calls that by which a driver is known: "idTag"."""
    place: str = ""
    """What stands before the number of a connector where it is called otherwise: "EVSE"."""
    doing: Mapping[ConnectorState, str] = field(default_factory=dict)
    """Its word for what a transaction is doing, where `statuses` has none of its own for that."""
    setting: str = "key"
    """What it calls a thing that a CSMS may set."""
    statuses_in: str = ""
    """Where its text explains them, like "section 4.9"."""
    refusals: tuple[str, ...] = ("Rejected",)
    """Statuses that say no, or how they begin."""
    requests: Mapping[str, Summary] = field(default_factory=dict)
    """Action -> what such a request says in one line; the connector has a column of its own."""
    until: Mapping[str, str] = field(default_factory=dict)
    """Action -> the field that says until when what such a request asks for counts."""
    answers: Mapping[str, Summary] = field(default_factory=dict)
    """Action -> what its answer says; any other says its status, or ok."""
    kinds: Mapping[str, KindOf] = field(default_factory=dict)
    """Action -> the kind of such a request; any other is plain."""
    request_notes: Mapping[str, Notes] = field(default_factory=dict)
    """Action -> the parts of such a request that matter, lifted out."""
    answer_notes: Mapping[str, Notes] = field(default_factory=dict)
    commands: Mapping[str, CommandBehind] = field(default_factory=dict)
    """Action -> the command that makes a charger send such a request, where it is certain; it is
    told the connector."""

    @property
    def called(self) -> str:
        """What a sentence calls a connector: "connector", "EVSE"."""
        return self.place or "connector"

    def place_of(self, connector_id: int) -> str:
        """A connector as a sentence names it: "connector 1", "EVSE 1"."""
        return f"{self.called} {connector_id}"
