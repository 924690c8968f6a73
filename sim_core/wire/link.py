"""The WebSocket to the CSMS: dial, notice the loss, wait, dial again, for ever.

Two switches. *Connected*: the operator may take the link down and up, as if pulling the network
cable. *Online*: on an open socket frames may be kept from passing. How long it rests between two
attempts, `pauses` says, a version its own way. A link that is open but dead is noticed by
pings of our own (§5.4): they belong to the socket and go by the computer's time, however fast the
charge point's passes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from websockets.exceptions import ConnectionClosed

from sim_core.redaction import public_url
from sim_core.runtime.asyncio_helpers import LightEvent, first_of
from sim_core.runtime.clock import Clock
from sim_core.runtime.random_numbers import Rng
from sim_core.snapshot import LinkState
from sim_core.wire.access import Dial, TlsFlaw, tls_flaw
from sim_core.wire.connecting import end_of, explain, explain_end, open_socket
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.fast_connection import FastConnection
from sim_core.wire.interception import Interceptor, as_usual
from sim_core.wire.line import Line
from sim_core.wire.link_ends import LinkEnd
from sim_core.wire.meddling import Meddler
from sim_core.wire.message_log import MessageLog
from sim_core.wire.pauses import Doubling, Pauses
from sim_core.wire.pings import Pings
from sim_core.wire.speaker import Speaker

NO_PONG = "the CSMS does not answer pings: the link is dead, or the CSMS is"
PING, CUT = 1, 2
"""The places of the pings and of the cut among the parts of a connection."""
NO_FLAWS: frozenset[TlsFlaw] = frozenset()
"""Each empty set takes as much as a full one: all links share this."""


class _Attempt:
    """What has come of dialling so far."""

    __slots__ = ("connection", "speaker", "why")

    def __init__(self) -> None:
        self.connection: FastConnection | None = None
        self.speaker: Speaker | None = None
        self.why = ""
        """Why there is no connection."""


class Link:
    """Keeps a connection to one URL."""

    # Python keeps no more than 30 attributes without a dictionary of 2 KiB for each instance.
    __slots__ = (
        "_clock",
        "_cut",
        "_dial",
        "_endpoint",
        "_flaws",
        "_log",
        "_note",
        "_on_change",
        "_ping_clock",
        "_ping_interval_s",
        "_pings",
        "_quiet_until_s",
        "_rng",
        "_speakers",
        "_told",
        "_wanted",
        "attempt",
        "call_timeout_s",
        "heard_at",
        "intercept",
        "meddler",
        "on_end",
        "on_odd_frame",
        "on_own_fault",
        "on_tls_flaw",
        "online",
        "pauses",
        "retry_at",
        "state",
        "subprotocol",
        "trouble",
        "turn",
        "url",
    )

    def __init__(
        self,
        url: str,
        speakers: Sequence[Speaker],
        *,
        clock: Clock,
        log: MessageLog,
        on_change: Callable[[], None],
        note: Callable[[str], None],
        ping_interval_s: Callable[[], float],
        call_timeout_s: float,
        rng: Rng,
        pauses: Pauses | None = None,
        dial: Callable[[str], Dial] = Dial,
        ping_clock: Clock | None = None,
    ) -> None:
        """`speakers` are the versions that are offered, best first: the CSMS chooses one.

        `dial` says what the next attempt needs to get in.
        """
        self.url = url
        self.call_timeout_s = call_timeout_s
        """How long an answer is awaited, from the next connection on."""
        self.turn: Callable[[Speaker], Awaitable[Speaker]] = _as_it_is
        """Asked, when the CSMS has chosen one of the speakers, who speaks in its place."""
        self.on_tls_flaw: Callable[[TlsFlaw, str], None] = lambda *_: None
        """Called when the CSMS's TLS is not accepted, with the reason: once for each flaw until
        there is a connection again (A00.FR.309, .316)."""
        self.on_end: Callable[[LinkEnd], str] = lambda _: ""
        """Called when the CSMS has ended the link; returns why, where more of it is known."""
        self.on_odd_frame: Callable[[str], None] = lambda _: None
        """Called with the sentence about a frame that OCPP-J does not know, once for each kind on
        each connection; with an empty one when a connection begins."""
        self.on_own_fault: Callable[[str], None] = lambda _: None
        """Called with the sentence about a message of ours that is not valid."""
        self.intercept: Interceptor = as_usual
        """Asked about each request of the CSMS before it is answered."""
        self.meddler: Meddler | None = None
        """Asked about each frame, while it is on."""
        self.state = LinkState.CONNECTING
        self.attempt = 0
        self.retry_at: datetime | None = None
        self.heard_at: datetime | None = None
        self.trouble = ""
        self.subprotocol = ""
        """What was chosen on the last connection; empty before the first."""
        self.online = True
        self._speakers = tuple(speakers)
        self._clock = clock
        self._log = log
        self._on_change = on_change
        self._note = note
        self._told = ""
        """The trouble that was last told of: the same one again is no news."""
        self._ping_interval_s = ping_interval_s
        self._rng = rng
        self._dial = dial
        self.pauses: Pauses = pauses or Doubling()
        self._flaws = NO_FLAWS
        """What was not accepted since the last connection."""
        self._ping_clock = ping_clock or clock.wall
        self._pings: Pings | None = None
        self._wanted = LightEvent()
        self._wanted.set()
        self._cut = LightEvent()
        self._endpoint: Endpoint | None = None
        self._quiet_until_s = 0.0
        """Before that moment of the clock nobody is there to dial."""

    @property
    def wanted(self) -> bool:
        """Whether the operator wants the link up."""
        return self._wanted.is_set()

    @property
    def waiting_since(self) -> datetime | None:
        """When the call of ours that is still open was sent; None when none is."""
        return self._endpoint.waiting_since if self._endpoint else None

    @property
    def turning(self) -> str:
        """What the link is in the middle of, though no time of the charge point need pass for it;
        empty while it stands, rests or waits."""
        if self.state is LinkState.CONNECTING:
            return "dialling"
        if not self.wanted and self.state is not LinkState.DOWN:
            return "going down"
        up = self.state is LinkState.CONNECTED
        if up and self.line is not None and self.line.closed_by:
            return "being closed on purpose"
        if up and (self._cut.is_set() or self._endpoint is None or self._endpoint.closed):
            return "being cut"
        return ""

    @property
    def open_ids(self) -> frozenset[str]:
        """The message ids of our calls that wait for their answer."""
        return frozenset(self._endpoint.open_ids) if self._endpoint else frozenset()

    @property
    def line(self) -> Line | None:
        """The way of the frames, where something may be done to them on purpose."""
        return self._endpoint.line if self._endpoint else None

    def meddle(self) -> None:
        """The meddler is on: frames go its way from now on."""
        if self._endpoint is not None and self.meddler is not None:
            self._endpoint.meddle(self.meddler)

    def log_to(self, log: MessageLog) -> None:
        """Messages are kept there from now on."""
        self._log = log
        if self._endpoint is not None:
            self._endpoint.log_to(log)

    def take_down(self) -> None:
        """Close the socket and stay closed until `bring_up`."""
        self._wanted.clear()
        self._cut.set()

    def bring_up(self) -> None:
        """Dial again, at once."""
        self.pauses.settled()
        self._wanted.set()
        if self.state is LinkState.WAITING:
            self._cut.set()

    def cut(self, quiet_for_s: float = 0.0) -> None:
        """Close the socket and dial again after `quiet_for_s`, a reboot, and not before that,
        whatever happens meanwhile; without it, as soon as may be."""
        self._quiet_until_s = self._clock.monotonic() + quiet_for_s
        self._cut.set()

    def set_online(self, online: bool) -> None:
        """Let frames pass, or keep them from passing on an open socket."""
        self.online = online
        if self._endpoint is not None:
            self._endpoint.silent = not online
        self._on_change()

    def settled(self) -> None:
        """Something new got through: the next loss starts with a short pause again."""
        self.pauses.settled()

    def ping_interval_changed(self) -> None:
        """WebSocketPingInterval has a new value: it counts from now."""
        if self._pings is not None:
            self._pings.interval_changed()

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        while True:
            if not self._wanted.is_set():
                self._show(LinkState.DOWN, trouble="")
                await self._wanted.wait()
            self._cut.clear()
            quiet_for_s = self._quiet_until_s - self._clock.monotonic()
            if quiet_for_s > 0:
                await self._pause(quiet_for_s, "rebooting")
                continue
            self.attempt += 1
            self._show(LinkState.CONNECTING)
            why = await self._dial_once()
            if not self._cut.is_set():
                self.trouble = why
                await self._pause(self.pauses.next_s(), why)

    async def _dial_once(self) -> str:
        """Dial once and stay while it lasts, or until it is cut; returns why it ended."""
        attempt = _Attempt()
        try:
            await first_of(self._open(attempt), self._cut.raised())
            if attempt.speaker is None or attempt.connection is None:
                return attempt.why
            return await self._serve(attempt.connection, attempt.speaker)
        finally:
            if attempt.connection is not None:
                await attempt.connection.close()

    async def _open(self, attempt: _Attempt) -> None:
        """Dial, and find out who is to speak."""
        way, offered = None, [speaker.dialect for speaker in self._speakers]
        try:
            way = self._dial(self.url)
            attempt.connection, chosen = await open_socket(way, offered)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt may succeed
            why = explain(error, way, offered)
            flaw = tls_flaw(error)
            if flaw is not None and flaw not in self._flaws:
                self._flaws |= {flaw}
                self.on_tls_flaw(flaw, why)
            if why != self._told:
                self._told = why
                self._note(f"the CSMS cannot be reached: {why}; it is tried again and again")
            attempt.why = why
            return
        attempt.speaker = await self.turn(self._speakers[offered.index(chosen)])

    async def _serve(self, connection: FastConnection, speaker: Speaker) -> str:
        self.subprotocol = speaker.dialect.subprotocol
        endpoint = Endpoint(
            connection,
            speaker.routes,
            speaker.dialect,
            clock=self._clock,
            log=self._log,
            call_timeout_s=self.call_timeout_s,
            may_answer=speaker.may_answer,
            style=speaker.style,
            rng=self._rng,
        )
        endpoint.silent = not self.online
        endpoint.on_frame = self._heard
        endpoint.on_odd_frame = self.on_odd_frame
        endpoint.answering.on_own_fault = self.on_own_fault
        endpoint.answering.intercept = self.intercept
        self.on_odd_frame("")
        connection.take = endpoint.take
        endpoint.send_at_once(connection.send_at_once)
        connection.forget_handshake()
        self._endpoint = endpoint
        if self.meddler is not None and self.meddler.on:
            self.meddle()
        self.attempt = 0
        self.heard_at = None
        self._show(LinkState.CONNECTED, trouble="")
        self._told, self._flaws = "", NO_FLAWS
        self.pauses.connected()
        self._note(f"connected to {public_url(self.url)}")
        why = "closed by the charge point"
        up_since_s = self._clock.monotonic()
        self._pings = pings = Pings(connection, self._ping_clock, self._ping_interval_s)
        try:
            session = speaker.session(endpoint)
            try:
                ended = await first_of(
                    self._read(endpoint), pings.unanswered, self._cut.raised(), *session
                )
            finally:
                speaker.ended()
            if ended == PING:
                connection.transport.abort()
                why = NO_PONG
            elif ended != CUT:
                why = explain_end(connection)
                if endpoint.line is not None and endpoint.line.closed_by:
                    why = endpoint.line.closed_by
                elif not endpoint.silent:
                    why = self.on_end(end_of(connection)) or why
            return why
        finally:
            self.pauses.lived(self._clock.monotonic() - up_since_s)
            self._endpoint = None
            pings.end()
            self._pings = None
            self._note(f"the link to the CSMS was lost: {why}")

    async def _read(self, endpoint: Endpoint) -> None:
        with contextlib.suppress(ConnectionClosed):
            await endpoint.serve()

    def _heard(self) -> None:
        self.heard_at = self._clock.now()

    async def _pause(self, seconds: float, trouble: str) -> None:
        self.retry_at = self._clock.now() + timedelta(seconds=seconds)
        self._show(LinkState.WAITING, trouble=trouble)
        try:
            await self._cut.within(seconds, self._clock.call_later)
        finally:
            self.retry_at = None

    def _show(self, state: LinkState, trouble: str | None = None) -> None:
        self.state = state
        if trouble is not None:
            self.trouble = trouble
        self._on_change()


async def _as_it_is(speaker: Speaker) -> Speaker:
    return speaker
