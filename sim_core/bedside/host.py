"""The whole of it: a thread that relays, a thread that looks, and one that writes to disk.

The relay is alone on its loop: what passes there waits for nothing. It hands over copies through a
queue of bounded size; if the looking does not keep up, copies are dropped and counted, not frames.
Viewers read pictures, as they do of a simulated charge point.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial

from websockets.frames import Opcode

from sim_core.bedside.asking import Asking
from sim_core.bedside.charger import Charger
from sim_core.bedside.commands import MetalCommand
from sim_core.bedside.comparing import Comparing
from sim_core.bedside.handshake import place_of
from sim_core.bedside.happenings import (
    Ended,
    Happening,
    Knocked,
    Opened,
    Passed,
    TurnedAway,
    Unreadable,
)
from sim_core.bedside.http import serve
from sim_core.bedside.options import BedsideSettings, place_to_listen
from sim_core.bedside.own_csms import open_csms
from sim_core.bedside.recording import FOLDER, Line, Recorder
from sim_core.bedside.relay import Relay, Way
from sim_core.bedside.verdicts import VerdictPicture
from sim_core.commands import Command, Outcome, Refused
from sim_core.errors import UserError
from sim_core.events import Event, Ring
from sim_core.from_settings import access_of, url_of
from sim_core.http_door.server import is_loopback
from sim_core.redaction import one_line, public_url
from sim_core.runtime.across_threads import answered, asked
from sim_core.runtime.clock import Clock, SystemClock
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.settings.options import ConfigError
from sim_core.snapshot import StationSnapshot
from sim_core.store.interface import MEMORY
from sim_core.wire.access import Dial, tls_context
from sim_core.wire.connecting import explain
from sim_core.wire.message_log import MessageLog

LOG = logging.getLogger(__name__)

MOST_HANDED_OVER = 64 * 1024 * 1024
"""Bytes of copies that may wait to be looked at."""
BATCH = 500
"""Copies that are looked at before the others on that loop have their turn."""
TICK_S = 1.0
STOP_S = 3.0
SWITCH_S = 0.000_5
"""How long Python may let one thread run while the relay's waits: 5 ms is what it has unasked, and
as much as a frame may be late altogether."""
MOST_CHARGERS = 64


class Bedside:
    """See the module. `start` and `stop` it from any thread."""

    def __init__(self, settings: BedsideSettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.events: Ring[Event] = Ring(5_000)
        """What happens at any charger, and to none."""
        self.address = ""
        """Where a charger dials in, once it can."""
        self.hosts: tuple[ChargerHost, ...] = ()
        """The chargers in the order in which they came first; before that a place for one."""
        self.on_charger: list[Callable[[Charger], None]] = []
        self._clock = clock or SystemClock()
        self._comparing = Comparing(settings) if settings.bedside_twin else None
        self._csms_url = url_of(settings) if settings.csms_url else ""
        self._looking = EventLoopThread("bedside", self._look, ended=lambda: None)
        self._relaying = EventLoopThread("relay", self._relay_on, ended=self._relay_ended)
        self._relay: Relay | None = None
        self._way: Way | None = None
        self._relay_gone: asyncio.Event | None = None
        self._listening = threading.Event()
        self._lock = threading.Lock()
        self._copies: deque[Happening] = deque()
        self._bytes = 0
        self._dropped = 0
        self._waking = False
        self._chargers: dict[str, Charger] = {}
        self._passages: dict[int, Charger] = {}
        self._recorder: Recorder | None = None
        self._recorder_trouble: str | None = None
        self._asking = Asking(
            self._ask_relay, self._clock, settings.call_timeout_sec, settings.bedside_look_only
        )
        self._nobody = self._new_charger("")
        self.hosts = (ChargerHost(self, self._nobody),)

    # -- what viewers ask --------------------------------------------------------------------------

    @property
    def failure(self) -> str:
        """Why it is not running, as a sentence; empty while it runs."""
        return self._looking.failure

    @property
    def exit_code(self) -> int:
        """What the process should end with after a failure."""
        return self._looking.exit_code

    @property
    def comparing(self) -> Comparing | None:
        """Who compares the chargers with their twin; None where nobody does."""
        return self._comparing

    def now(self) -> datetime:
        """The time of this computer."""
        return self._clock.now()

    def tell(self, text: str) -> None:
        """Tell the viewers a warning that is of no charger."""
        self.events.append(Event(self.now(), "warning", text))

    def start(self) -> None:
        """Start, or start again after a failure; returns at once."""
        sys.setswitchinterval(SWITCH_S)
        self._looking.start()

    def stop(self, deadline: float) -> bool:
        """End it, within so many seconds; False when it did not end in time."""
        return self._looking.stop(deadline)

    def wait(self, seconds: float) -> bool:
        """Wait for it to end by itself, at most so long; True when it has ended."""
        return self._looking.wait(seconds)

    def submit(self, charger: Charger, command: MetalCommand) -> concurrent.futures.Future[Outcome]:
        """Ask something of a charger; the future never raises."""
        loop = self._looking.loop
        if loop is None:
            return answered(Refused(self.failure or "the relay has stopped"))
        return asked(
            loop,
            lambda: self._asking.ask(charger, command),
            undecided=Refused("the relay stopped before the charger had answered"),
            gone=Refused("the relay has stopped"),
        )

    # -- the thread that looks ---------------------------------------------------------------------

    async def _look(self, ending: asyncio.Event) -> None:
        with self.settings.naming_sources():
            await self._look_until(ending)

    async def _look_until(self, ending: asyncio.Event) -> None:
        self._relay_gone = asyncio.Event()
        stops = []
        try:
            url = self._csms_url
            if not url:
                url, stop_csms = await open_csms()
                stops.append(stop_csms)
            self._way = self._way_to(url)
            self._begin_recording()
            if self._comparing is not None:
                await self._comparing.start()
                stops.append(self._end_comparing)
            if self.settings.http_port:
                stops.append(
                    await serve(
                        self.settings,
                        lambda: [one.charger for one in self.hosts],
                        self.on_charger,
                        lambda trouble: self._nobody.warn("http", trouble),
                    )
                )
            self._listening.clear()
            self._relaying.start()
            await self._until(ending)
        finally:
            self._relaying.stop(STOP_S)
            self._take_over()
            for stop in reversed(stops):
                await stop()
            if self._recorder is not None:
                await asyncio.to_thread(self._recorder.stop, STOP_S)
        if self._relaying.failure:
            raise _as_it_was(self._relaying)

    async def _until(self, ending: asyncio.Event) -> None:
        gone = self._relay_gone
        assert gone is not None
        waits = [asyncio.ensure_future(one.wait()) for one in (ending, gone)]
        try:
            while not (ending.is_set() or gone.is_set()):
                await asyncio.wait(waits, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED)
                self._tick()
        finally:
            for wait in waits:
                wait.cancel()

    def _tick(self) -> None:
        """A second has passed: a trace goes on, and what stands in the way may have gone."""
        trouble = self._recorder_trouble
        if self._comparing is not None:
            self._comparing.listened(self._clock.now())
        for charger in (self._nobody, *self._chargers.values()):
            if trouble is not None:
                charger.warn("recording", trouble)
            if self._dropped:
                charger.warn(
                    "dropped",
                    f"{self._dropped} messages passed unseen: this computer does not keep up",
                )
            flows = any(one.session for one in charger.seen.connectors.values())
            charger.publish(anyway=flows)

    def _way_to(self, url: str) -> Way:
        access = access_of(self.settings)
        place = place_of(url)
        tls = tls_context(access.tls) if place.tls else None
        return Way(place, tls, access.proxy)

    async def _end_comparing(self) -> None:
        if self._comparing is not None:
            await self._comparing.stop()
            self._comparing.write_reports(self.settings.state_folder(), self._clock.now())

    def _begin_recording(self) -> None:
        state = self.settings.state_folder()
        if not self.settings.bedside_record or str(state) == str(MEMORY):
            return

        def say(trouble: str) -> None:
            self._recorder_trouble = trouble

        self._recorder = Recorder(
            state / FOLDER, self._clock, say, redacts=self.settings.bedside_redact
        )
        self._recorder.start()

    # -- what the relay hands over -----------------------------------------------------------------

    def _hand_over(self, happening: Happening) -> None:
        """On the relay's thread: keep a copy for those who look, and return."""
        size = len(happening.message.content) if isinstance(happening, Passed) else 0
        with self._lock:
            if size and self._bytes + size > MOST_HANDED_OVER:
                self._dropped += 1
                return
            self._bytes += size
            self._copies.append(happening)
            waking, self._waking = self._waking, True
        loop = self._looking.loop
        if not waking and loop is not None:
            try:
                loop.call_soon_threadsafe(self._take_over)
            except RuntimeError:
                LOG.debug("the thread that looks has ended before the relay")

    def _take_over(self) -> None:
        """Look at what has been handed over."""
        with self._lock:
            count = min(BATCH, len(self._copies))
            copies = [self._copies.popleft() for _ in range(count)]
            self._bytes -= sum(
                len(one.message.content) for one in copies if isinstance(one, Passed)
            )
            more = self._waking = bool(self._copies)
        for happening in copies:
            self._look_at(happening)
        for charger in {id(one): one for one in self._passages.values()}.values():
            charger.publish()
        self._nobody.publish()
        if more and self._looking.loop is not None:
            self._looking.loop.call_soon(self._take_over)

    def _look_at(self, happening: Happening) -> None:
        try:
            self._take(happening)
        except Exception as error:
            LOG.exception("a fault in looking at what passes; frames pass on")
            fault = f"a fault of ChargeForge's own ({type(error).__name__}): report it"
            self._note("fault", f"{fault}; frames pass on")

    def _take(self, happening: Happening) -> None:
        if isinstance(happening, TurnedAway):
            self._note("link", f"{happening.address} is turned away: {happening.why}")
            return
        if isinstance(happening, Knocked):
            charger = self._charger(happening)
            self._passages[happening.passage] = charger
            charger.knocked(happening)
            return
        known = self._passages.get(happening.passage)
        if known is None:
            return
        if isinstance(happening, Passed):
            self._record(known, happening)
            known.passed(happening)
            self._asking.heard()
        elif isinstance(happening, Opened):
            known.opened(happening)
        elif isinstance(happening, Unreadable):
            known.became_unreadable(happening)
        elif isinstance(happening, Ended):
            known.ended(happening)
            known.publish()
            del self._passages[happening.passage]
            self._asking.link_ended(known)
            if self._comparing is not None:
                self._comparing.link_ended(known, happening.at)

    def _record(self, charger: Charger, passed: Passed) -> None:
        message = passed.message
        if self._recorder is None or message.opcode not in (Opcode.TEXT, Opcode.BINARY):
            return
        text = message.content.decode("utf-8", "backslashreplace")
        self._recorder.record(
            Line(
                charger.charge_point_id,
                charger.subprotocol.removeprefix("ocpp"),
                passed.at,
                passed.sent_by,
                text,
                passed.ours,
            )
        )

    def _charger(self, knocked: Knocked) -> Charger:
        name = knocked.charge_point_id or knocked.address.rpartition(":")[0]
        if name in self._chargers:
            return self._chargers[name]
        if len(self._chargers) >= MOST_CHARGERS:
            return self._nobody
        charger = self._chargers[name] = self._new_charger(name)
        if self._comparing is not None:
            self._comparing.attach(charger)
        hosts = tuple(one for one in self.hosts if one.charger is not self._nobody)
        self.hosts = (*hosts, ChargerHost(self, charger))
        for tell in self.on_charger:
            tell(charger)
        return charger

    def _new_charger(self, name: str) -> Charger:
        csms = public_url(self._csms_url) if self._csms_url else "our own CSMS"
        log_size = self.settings.message_log_size if name else 100
        charger = Charger(name, self._clock, csms, log_size=log_size)
        charger.why_not = self._asking.refusals
        charger.on_answer = partial(self._asking.answered, charger)
        charger.on_event = partial(self._happened, charger)
        charger.publish(anyway=True)
        return charger

    def _happened(self, charger: Charger, event: Event) -> None:
        name = charger.charge_point_id
        text = f"{one_line(name)}: {event.text}" if name else event.text
        self.events.append(Event(event.at, event.kind, text, event.connector_id, event.facts))
        LOG.info("%s", text)

    def _note(self, kind: str, text: str) -> None:
        self._nobody.note(kind, text)

    # -- the thread that relays --------------------------------------------------------------------

    async def _relay_on(self, ending: asyncio.Event) -> None:
        way = self._way
        assert way is not None
        host, port = place_to_listen(self.settings.bedside_listen)
        tls = _server_tls(self.settings)
        relay = Relay(way, self._clock, self._hand_over, self._explain)
        try:
            await relay.listen(host, port, tls)
        except OSError as error:
            raise UserError(_cannot_listen(self.settings.bedside_listen, error)) from None
        if way.place.port == relay.port and is_loopback(way.place.host):
            await relay.stop()
            raise UserError(
                "CSMS_URL (--csms-url) is the address that we listen on ourselves: name the CSMS, "
                "or listen elsewhere (--listen)."
            )
        self._relay = relay
        self.address = addresses(host, relay.port, tls is not None)
        self._listening.set()
        self._in_looking(partial(self._say_address, host))
        try:
            await ending.wait()
        finally:
            self._relay = None
            await relay.stop()

    def _say_address(self, host: str) -> None:
        only = " (this computer only: --listen 0.0.0.0:9000 lets a charger in from the network)"
        here = only if is_loopback(host) else ""
        self._nobody.waits_at(self.address)
        self._note("start", f"a charger may dial {self.address}/<its id>{here}")
        self._nobody.publish()

    def _in_looking(self, act: Callable[[], None]) -> None:
        loop = self._looking.loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(act)
            except RuntimeError:
                LOG.debug("the thread that looks has ended before the relay")

    def _relay_ended(self) -> None:
        gone = self._relay_gone
        if gone is not None:
            self._in_looking(gone.set)

    def _explain(self, error: BaseException) -> str:
        way = self._way
        assert way is not None
        place = way.place
        scheme = "wss" if place.tls else "ws"
        dialled = Dial(f"{scheme}://{place.authority}", way.tls, None, way.proxy)
        return explain(error, dialled, ())

    async def _ask_relay(self, passage: int, message_id: str, frame: str) -> None:
        """Have a command put in. Raises CannotInsertError."""
        relay, loop = self._relay, self._relaying.loop
        if relay is None or loop is None:
            return

        async def put() -> None:
            relay.ask(passage, message_id, frame)

        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(put(), loop))


class ChargerHost:
    """One charger as a dashboard hosts it (`sim_core.engine.Host`)."""

    def __init__(self, bedside: Bedside, charger: Charger) -> None:
        self.charger = charger
        self.messages: MessageLog = charger.messages
        self.events: Ring[Event] = charger.events
        self._bedside = bedside

    @property
    def snapshot(self) -> StationSnapshot | None:
        return self.charger.snapshot

    @property
    def verdicts(self) -> VerdictPicture:
        """What the twin says of its frames."""
        return self.charger.verdicts.picture

    @property
    def failure(self) -> str:
        return self._bedside.failure

    @property
    def exit_code(self) -> int:
        return self._bedside.exit_code

    def now(self) -> datetime:
        return self._bedside.now()

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        """What a driver does is done at the charger itself."""
        answer: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        answer.set_result(Refused("this is a real charger: that is done at the charger itself"))
        return answer

    def ask(self, command: MetalCommand) -> concurrent.futures.Future[Outcome]:
        """Ask it of the charger in the place of its CSMS; the future never raises."""
        return self._bedside.submit(self.charger, command)

    def start(self) -> None:
        self._bedside.start()

    def stop(self, deadline: float = 5.0) -> bool:
        return self._bedside.stop(deadline)


def addresses(host: str, port: int, tls: bool) -> str:
    """What to set in a charger, as far as this computer knows its own address."""
    scheme = "wss" if tls else "ws"
    if host in ("0.0.0.0", "::"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:  # sends nothing: it only asks which way it would go (RFC 5737: nobody is there)
                probe.connect(("192.0.2.1", 9))
                host = probe.getsockname()[0]
            except OSError:
                host = "<this computer>"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _server_tls(settings: BedsideSettings) -> ssl.SSLContext | None:
    cert, key = settings.bedside_cert, settings.bedside_key
    if cert is None:
        if key is not None:
            raise ConfigError("BEDSIDE_KEY (--listen-key) is set without --listen-cert: set both.")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key, lambda: "")
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or "no PEM file"
        raise ConfigError(
            f"BEDSIDE_CERT, BEDSIDE_KEY (--listen-cert, --listen-key): {cert} and "
            f"{key or 'its key'} cannot be used: {str(why).replace('_', ' ').lower()}."
        ) from None
    return context


def _cannot_listen(listen: str, error: OSError) -> str:
    reasons = {
        98: "another program uses that port: end it, or choose another port (--listen)",
        13: "this user may not open that port: choose one from 1024 on (--listen)",
        99: "this computer has no such address: choose another (--listen)",
    }
    why = reasons.get(error.errno or 0) or error.strerror or str(error)
    return f"No charger can be let in at {listen}: {why}."


def _as_it_was(thread: EventLoopThread) -> Exception:
    """The failure of a thread, to be the failure of another."""
    if thread.exit_code == 2:
        return UserError(thread.failure)
    return RuntimeError(thread.failure)
