"""One real charger as viewers know one: a picture, its messages, its events.

Everything in here is fed with what has passed (`happenings`), on one loop, and could as well be fed
by a test: there is no socket in it. What is known outlives a connection, for the charger is the
same when it comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from websockets.frames import Opcode

from sim_core.bedside import ocpp16_frames, ocpp201_frames
from sim_core.bedside.exchanges import Answered, Call, Exchanges
from sim_core.bedside.happenings import Ended, Knocked, Opened, Passed, Unreadable
from sim_core.bedside.observed import Observed
from sim_core.bedside.picture import heartbeat_at, picture
from sim_core.bedside.verdicts import Verdicts
from sim_core.events import Event, Ring
from sim_core.picture_publishing import Look, Looks
from sim_core.redaction import one_line, public_url, without_users
from sim_core.runtime.clock import Clock
from sim_core.snapshot import LinkSnapshot, LinkState, Registration, StationSnapshot
from sim_core.traces.frames import Side
from sim_core.wire.message_log import MessageLog

SAID_LIMIT = 1000
"""Characters of what an event says."""
EVENTS_KEPT = 2_000


class Reader(Protocol):
    """What the frames of one version say."""

    def heard_request(self, seen: Observed, call: Call) -> None: ...

    def heard_answer(self, seen: Observed, answered: Answered) -> None: ...


@dataclass(frozen=True)
class _Silent:
    """Of a version that nobody here can read: its messages are shown, and nothing is learnt."""

    def heard_request(self, seen: Observed, call: Call) -> None:
        """Nothing is learnt."""

    def heard_answer(self, seen: Observed, answered: Answered) -> None:
        """Nothing is learnt."""


READERS: Mapping[str, Reader] = MappingProxyType(
    {one.SUBPROTOCOL: one for one in (ocpp16_frames, ocpp201_frames)}
)
"""By the sub-protocol that the CSMS has chosen."""


class Charger:
    """See the module."""

    def __init__(
        self, charge_point_id: str, clock: Clock, csms: str, *, log_size: int = 20_000
    ) -> None:
        """`csms` is the address of the CSMS as it may be shown."""
        self.charge_point_id = charge_point_id
        self.messages = MessageLog(log_size)
        self.events: Ring[Event] = Ring(EVENTS_KEPT)
        self.on_event: Callable[[Event], None] = lambda event: None
        self.on_answer: Callable[[Answered], None] = lambda answered: None
        """Hears of each answer to a command of ours."""
        self.on_exchange: Callable[[Call | Answered], None] = lambda heard: None
        """Hears of each request and of each answer to one."""
        self.verdicts = Verdicts("", (), 0)
        """What the twin says of its frames, where there is one."""
        self.why_not: Callable[[Charger], tuple[dict[str, str], dict[int, dict[str, str]]]] = (
            lambda charger: ({}, {})
        )
        """What of our commands would be refused now: of the charger, and of each connector."""
        self.passage = 0
        """The connection that is open; 0: none."""
        self.subprotocol = ocpp16_frames.SUBPROTOCOL
        self.unreadable = ""
        self.seen = Observed(charge_point_id, self._tell_of)
        self._clock = clock
        self._exchanges = Exchanges(self.messages)
        self._reader: Reader = ocpp16_frames
        self._csms = csms
        self._state = LinkState.WAITING
        self._trouble = "the charger has not come yet"
        self._heard_at: datetime | None = None
        self._warnings: dict[str, str] = {}
        self._looks = Looks()
        self._latest = self._picture()
        self._stale = False

    # -- what viewers ask --------------------------------------------------------------------------

    @property
    def snapshot(self) -> StationSnapshot:
        """The newest picture that was made; see `publish`."""
        return self._latest

    @property
    def open(self) -> bool:
        """Whether frames may pass."""
        return self._state is LinkState.CONNECTED

    def now(self) -> datetime:
        """The time of this computer: what the charger's own clock says is not known."""
        return self._clock.now()

    def watch(self, look: Look) -> Callable[[], None]:
        """See `Looks.watch`."""
        return self._looks.watch(look)

    def publish(self, *, anyway: bool = False) -> None:
        """Make a new picture if something has changed, or `anyway`, for time has passed."""
        if not (self._stale or anyway):
            return
        self._stale = False
        self._latest = self._picture()
        self._looks.see(self._latest)

    def warn(self, about: str, sentence: str) -> None:
        """Show a standing warning; an empty sentence takes it away."""
        if self._warnings.get(about, "") == sentence:
            return
        self._warnings[about] = sentence
        if sentence:
            self.note("warning", sentence)
        self._stale = True

    def note(self, kind: str, text: str, connector_id: int | None = None) -> None:
        """Something has happened, as a sentence without full stop."""
        self._happened(Event(self._clock.now(), kind, _safe(text), connector_id))

    def waiting_for(self, side: Side) -> str:
        """What a side has asked last and has no answer to; empty where nothing is open."""
        return self._exchanges.newest_action(side)

    def gave_up(self, message_id: str, why: str, asked_by: Side = Side.CSMS) -> None:
        """A request (a command of ours, where nobody else has asked) has waited long enough."""
        self._exchanges.give_up(asked_by, message_id, why)
        self._stale = True

    def waits_at(self, address: str) -> None:
        """Say where the charger is awaited."""
        self._trouble = f"no charger has come yet: set the charger's CSMS to {address}/<its id>"
        self._stale = True

    # -- what happens ------------------------------------------------------------------------------

    def knocked(self, knocked: Knocked) -> None:
        """It asks for the way to its CSMS."""
        if not self.passage:
            self._state, self._trouble = LinkState.CONNECTING, ""
            self._stale = True
        offers = ", ".join(knocked.offers) or "no sub-protocol"
        target = public_url(f"ws://x{knocked.target}")[len("ws://x") :]
        self.note("link", f"the charger comes from {knocked.address}, {target}, offers {offers}")

    def opened(self, opened: Opened) -> None:
        """Frames may pass: on this connection, whatever has become of one before it."""
        if self.passage:  # as where a charger has lost its connection and its CSMS not noticed
            self._exchanges.end("the charger has made a new connection")
        self.passage = opened.passage
        self._state, self._heard_at = LinkState.CONNECTED, None
        self.seen.registration = Registration.NONE
        self.unreadable = ""
        self.subprotocol = opened.subprotocol or self.subprotocol
        self._reader = READERS.get(self.subprotocol, _Silent())
        self.warn("unreadable", "")
        self.warn(
            "version",
            ""
            if self.subprotocol in READERS
            else f"{self.subprotocol} is relayed and shown, but not read: the cards stay empty",
        )
        self.note("link", f"the CSMS lets it in, {self.subprotocol}")

    def passed(self, passed: Passed) -> None:
        """A message has passed."""
        if passed.passage != self.passage:
            return
        self._stale = True
        if passed.sent_by is Side.CSMS and not passed.ours:
            self._heard_at = passed.at
        if passed.message.opcode not in (Opcode.TEXT, Opcode.BINARY):
            return
        heard = self._exchanges.heard(passed.sent_by, passed.message, passed.at, passed.ours)
        if heard is not None:
            self.on_exchange(heard)
        if isinstance(heard, Call):
            self._reader.heard_request(self.seen, heard)
            if heard.asked_by is Side.CSMS and not heard.ours:
                self.note("asked", f"the CSMS asks {one_line(heard.action[:60])}")
        elif isinstance(heard, Answered):
            self._reader.heard_answer(self.seen, heard)
            if heard.call.ours:
                self.on_answer(heard)

    def became_unreadable(self, unreadable: Unreadable) -> None:
        """From now on it is relayed unseen."""
        if unreadable.passage == self.passage:
            who = "the charger" if unreadable.sent_by is Side.CHARGER else "the CSMS"
            self.unreadable = unreadable.why
            self.warn(
                "unreadable", f"what {who} sends passes unread on this link: {unreadable.why}"
            )

    def ended(self, ended: Ended) -> None:
        """The connection is over, or came to nothing."""
        if ended.passage != self.passage and self.passage:
            which = "an earlier connection has ended" if ended.was_open else "another attempt ended"
            self.note("link", f"{which}: {ended.why}")
            return
        self.passage = 0
        self._state, self._trouble = LinkState.WAITING, ended.why
        self.seen.registration = Registration.NONE
        self._exchanges.end("the connection ended before an answer")
        self.note("link", ended.why)

    # -- inside ------------------------------------------------------------------------------------

    def _tell_of(self, kind: str, text: str, connector_id: int | None) -> None:
        self.note(kind, text, connector_id)

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        self._stale = True
        self.on_event(event)

    def _picture(self) -> StationSnapshot:
        link = LinkSnapshot(
            url=self._csms,
            state=self._state,
            registration=self.seen.registration,
            attempt=1 if self._state is LinkState.CONNECTING else 0,
            trouble=self._trouble,
            boot_retry_at=self.seen.boot_retry_at,
            heartbeat_at=heartbeat_at(self.seen),
            heard_at=self._heard_at,
            waiting_since=self._exchanges.oldest_of(Side.CHARGER),
            queued=None,
        )
        refusals, refused_at = self.why_not(self)
        warnings = tuple(sentence for sentence in self._warnings.values() if sentence)
        now = self._clock.now()
        return picture(self.seen, link, self.subprotocol, now, warnings, refusals, refused_at)


def _safe(text: str) -> str:
    text = one_line(without_users(text))
    return text if len(text) <= SAID_LIMIT else f"{text[: SAID_LIMIT - 1]}…"
