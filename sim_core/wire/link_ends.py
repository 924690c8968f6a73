"""What went down with the link, and whether it was the reason.

A CSMS that stumbles over a message often closes the link in place of an answer (1011), and hears
the same message as soon as the charge point is back. An outage looks the same from here, but once
only. So an end is laid to the message that is open, if the CSMS itself has ended the link and does
not say that it goes away; and what has gone down with one link is sent on the next only after
something else was answered there: then it is the message, not the link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sim_core.wire.answers import Payload
from sim_core.wire.dialect import Dialect

GOES_AWAY = frozenset({1001, 1012, 1013})
"""Close codes of a CSMS that is stopped, restarted or overloaded (RFC 6455 §7.4.1, IANA)."""
WITHHELD_AFTER = 3
"""How many links in a row a plain call takes down before it is withheld from one."""
PROMPT_S = 10.0
"""A link that ends without a close frame is laid to a message no older than this."""


@dataclass(frozen=True)
class LinkEnd:
    """How the CSMS ended a link. `code` is None where there was no close frame."""

    code: int | None
    reason: str = ""
    ours: bool = False
    """We have closed it, for what the CSMS has sent breaks the WebSocket protocol."""

    @property
    def words(self) -> str:
        """What the CSMS does, as the middle of a sentence."""
        if self.code is None:
            return "cuts the link"
        if self.ours:
            return f"breaks the link ({self.code})"
        return f"closes the link ({self.code}{f' {self.reason}' if self.reason else ''})"

    def accuses(self, open_for_s: float) -> bool:
        """Whether a message that was open for so long may be the reason."""
        if self.code is None:
            return open_for_s <= PROMPT_S
        return self.code not in GOES_AWAY


class OpenCall(NamedTuple):
    """A request that has no answer yet."""

    action: str
    payload: Payload
    connector_id: int | None
    sent_s: float
    row: int | None
    """The number of the journal's row; None for a plain call."""

    def is_like(self, other: OpenCall, time_fields: frozenset[str]) -> bool:
        """Whether both say the same, though at different times."""
        if self.row is not None or other.row is not None:
            return self.row == other.row
        untimed = _untimed(self.payload, time_fields)
        return self.action == other.action and untimed == _untimed(other.payload, time_fields)


def _untimed(payload: Payload, time_fields: frozenset[str]) -> Payload:
    """What a message says, without when."""
    return {name: value for name, value in payload.items() if name not in time_fields}


class Blame:
    """The calls that are open on a connection, and the one that brings down one link after the
    other, if there is one."""

    __slots__ = ("_accused", "_dialect", "_open", "_times", "_withheld", "proved")

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._open: list[OpenCall] = []
        """Oldest first. It stays when the link goes: `ended` looks at it."""
        self._accused: OpenCall | None = None
        self._times = 0
        self._withheld: OpenCall | None = None
        """A plain call that is not sent on this connection, for it would end it."""
        self.proved = False
        """Something was answered on this connection."""

    def new_connection(self) -> None:
        """Nothing is open, and nothing shows yet what this connection is worth."""
        self._open.clear()
        self.proved = False

    def sent(self, call: OpenCall) -> None:
        """A call is on its way."""
        self._open.append(call)

    def over(self, call: OpenCall, *, answered: bool) -> None:
        """A call is open no longer, though the link is up."""
        if call in self._open:
            self._open.remove(call)
        if answered:
            self.proved = True
            if self._alike(call, self._accused):
                self._accused, self._times = None, 0

    def forget(self, row: int) -> None:
        """A row was given up while it was open."""
        self._open = [call for call in self._open if call.row != row]

    def is_open(self, row: int) -> bool:
        """Whether a row waits for its answer."""
        return any(call.row == row for call in self._open)

    def ended(self, end: LinkEnd, now_s: float) -> tuple[OpenCall | None, int]:
        """The CSMS has ended the link: at which call, and how often at that in a row.

        It is the one that was open the last time, too, or else the oldest, for a CSMS takes them
        in one after the other. A plain call that has taken several links down is withheld from
        the next one, so that what stands behind it is heard; from the one after that it is not.
        """
        known, calls, self._withheld = self._accused, self._open, None
        self._open = []
        again = (call for call in calls if self._alike(call, known))
        call = next(again, calls[0] if calls else None)
        if call is None or not end.accuses(now_s - call.sent_s):
            return None, 0
        self._times = self._times + 1 if self._alike(call, known) else 1
        self._accused = call
        is_boot = call.action == self._dialect.boot
        if self._times >= WITHHELD_AFTER and call.row is None and not is_boot:
            self._withheld = call
        return call, self._times

    def withholds(self, action: str, payload: Payload) -> bool:
        """Whether this plain call would end the link."""
        call = self._withheld
        said = OpenCall(action, payload, None, 0.0, None)
        return call is not None and call.is_like(said, self._dialect.time_fields)

    def _alike(self, call: OpenCall, known: OpenCall | None) -> bool:
        """Whether a call says the same as one that is known, though at another time."""
        return known is not None and call.is_like(known, self._dialect.time_fields)
