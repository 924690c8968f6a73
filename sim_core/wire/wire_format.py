"""How a make writes its frames and paces them; the default is what OCPP-J asks for.

Data, given by whoever knows the make: endpoint and outbox read it and know no make by name.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sim_core.runtime.random_numbers import Rng
from sim_core.wire.answers import Payload

# `json.dumps` makes an encoder for each message that is not written its own way. What is written
# was made here or read as JSON: nothing of it is inside of itself.
_ASCII = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_BLANKS = json.JSONEncoder(separators=(", ", ": ")).encode
_AS_THEY_ARE_BLANKS = json.JSONEncoder(separators=(", ", ": "), ensure_ascii=False).encode
_AS_THEY_ARE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

CLEAN_OPEN_CALLS = 1
"""OCPP-J §4.1.1: no new CALL before the last one has its answer."""


def uuids(_: Rng) -> str:
    """OCPP-J §4.1.4 recommends them."""
    return str(uuid.uuid4())


Phrase = Callable[[str, Payload], Payload]
"""What a make makes of the payload of an action; that of an answer has `.conf` behind its name."""
Seconds = Callable[[Rng], float]
"""How many seconds something takes on one occasion."""


@dataclass(frozen=True)
class Loop:
    """A firmware that speaks and answers once a turn of its loop."""

    gathering: Seconds
    """Between an event and the frame that tells of it."""
    ripe_s: float
    """What has gathered for so long leaves with a transaction message that leaves."""
    after_boot: Seconds
    """Between the answer to the message that registers and what is said first after it."""
    starting: Seconds
    """Between the begin of a transaction and the message that tells of it."""
    ending: Seconds
    """Between the end of one and the sample that tells of it."""
    telling: Seconds
    """Between any other event of a transaction and the message that tells of it, where none waits
    before it."""
    after_answer: Seconds
    """Between an answer and the next transaction message."""
    after_start: Seconds
    """The same where the answer was to a begin."""
    answering: Seconds
    """Between a request and its answer."""
    answering_slowly: Seconds
    """The same where the answer takes longer."""


@dataclass(frozen=True)
class WireFormat:
    """See the module. Times are seconds."""

    message_id: Callable[[Rng], str] = uuids
    """The id of the next call."""
    phrase: Phrase | None = None
    """The words that a make has for a message; None: those of OCPP. It has been judged before."""
    unjudged: frozenset[str] = frozenset()
    """Actions in which this make has words that no schema knows: they leave as they are."""
    blanks: bool = False
    """A blank stands behind each comma and colon."""
    answer_s: Seconds | None = None
    """From a request to its answer, without a loop; None: it leaves at once."""
    json_c: bool = False
    """`/` is written as `\\/`, and letters outside ASCII as they are."""
    open_calls: int = CLEAN_OPEN_CALLS
    """How many calls may be open; above 1, status and cards overtake transaction messages."""
    patience_s: float | None = None
    """After so long an unanswered call holds back nothing any more; None: it always does."""
    forgets_samples: bool = False
    """Samples that meet silence are not sent again."""
    loop: Loop | None = None
    """What is to be said, or answered, waits for a turn of it; None: it leaves at once."""

    def encode(self, message: list[object]) -> str:
        """A message as it goes on the wire."""
        if not self.json_c:
            return (_BLANKS if self.blanks else _ASCII)(message)
        text = (_AS_THEY_ARE_BLANKS if self.blanks else _AS_THEY_ARE)(message)
        return text.encode("utf-8", "replace").decode().replace("/", "\\/")


CLEAN = WireFormat()
