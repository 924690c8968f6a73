"""`chargeforge doctor [URL]`: why does the charge point not reach its CSMS, and is it well there?

One step after another, as a connection comes about: name, port, TLS, the upgrade to WebSocket,
registration, answer times. Each step is one line that says ok, or what to do. The steps end with
the first that fails, because the next ones need it. A CSMS may let anybody in and close the link
a moment later, with its reason in the close frame: for that it is waited at the end. Through a
proxy it is the proxy's name and port that are looked at, and TLS after the upgrade. Nothing changes
at the CSMS but by one BootNotification, and that is asked for first.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import ssl
import statistics
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, NegotiationError

from sim_core.errors import UserError
from sim_core.from_settings import access_of, model_of, url_of
from sim_core.hardware.model import Identity
from sim_core.ocpp_versions import Version, dialects_of, version_of
from sim_core.redaction import one_line, public_url, without_users
from sim_core.runtime.clock import Clock, SystemClock
from sim_core.settings.csms_url import twice
from sim_core.settings.loading import load
from sim_core.settings.options import ConfigError, Settings, colour_wanted
from sim_core.standard_streams import begun, through_the_door
from sim_core.wire.access import Dial, TlsFlaw, dial, tls_flaw
from sim_core.wire.connecting import (
    QUOTED_LIMIT,
    charge_point_url,
    close_advice,
    explain,
    explain_close,
    open_socket,
)
from sim_core.wire.dialect import Dialect
from sim_core.wire.tls_or_plain import speaks_http, speaks_tls

PATIENCE_S = 10.0
LINGER_S = 2.0
"""How long a link must stay open before it counts."""
HEARTBEATS = 5
SKEW_WORTH_TELLING_S = 5.0
DAYS_WORTH_TELLING = 30
GREEN, RED, NORMAL = "\x1b[32m", "\x1b[31m", "\x1b[0m"
SILENCE_ADVICE = {
    "name": "check the host in CSMS_URL, and the DNS of this computer",
    "port": "check host and port in CSMS_URL, that the CSMS runs, and the firewalls between",
    "TLS": "check that the CSMS speaks TLS on this port",
    "WebSocket": "what listens there does not answer: check the port, and the CSMS's log",
    "BootNotification": "the CSMS takes the connection and does not answer: look at its log",
    "answers": "the CSMS does not answer Heartbeat: look at its log",
}
"""Step -> what to do when nothing comes back."""


@dataclass(frozen=True)
class Finding:
    """What one step has found. `advice` is what to do, where something is wrong."""

    step: str
    ok: bool
    found: str
    advice: str = ""

    def line(self, *, colour: bool = False) -> str:
        """The finding as it is printed, whatever a CSMS has put into it."""
        mark = "ok  " if self.ok else "FAIL"
        if colour:
            mark = f"{GREEN if self.ok else RED}{mark}{NORMAL}"
        said = f"{mark}  {self.step:<17} {_shown(self.found)}"
        return said + (f"\n{'':<24}{_shown(self.advice)}" if self.advice else "")


class StepError(Exception):
    """A step that the next ones need has failed."""


class AnswerError(Exception):
    """No answer, or none that is one."""

    def __init__(self, found: str, advice: str) -> None:
        super().__init__(found)
        self.found = found
        self.advice = advice


class GoneError(Exception):
    """Nobody reads what is printed any more."""


class Examination:
    """The steps, and what they have found so far."""

    def __init__(
        self,
        way: Dial,
        identity: Identity,
        dialects: tuple[Dialect, ...],
        *,
        tell: Callable[[Finding], None],
        clock: Clock,
    ) -> None:
        parts = urlsplit(way.proxy or way.url)
        self._way = way
        self._identity = identity
        self._dialects = dialects
        self._tell = tell
        self._clock = clock
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme in ("wss", "https") else 80)
        self._opened_s = 0.0
        self.well = True

    async def reach(self) -> None:
        """Name, port, and TLS where it is asked for."""
        await self._step("name", self._resolve())
        await self._step("port", self._knock())
        if self._way.tls is not None and self._way.proxy is None:
            await self._step("TLS", self._shake_hands(self._way.tls))

    async def open(self) -> tuple[ClientConnection, Version]:
        """The upgrade to WebSocket, with the sub-protocol; returns what is spoken from now on."""
        connection: ClientConnection
        connection, version = await self._step("WebSocket", self._upgrade())
        self._opened_s = self._clock.monotonic()
        shown = connection.transport.get_extra_info("ssl_object")
        if self._way.proxy is not None and shown is not None:
            self._tell(self._certificate(shown))
        return connection, version

    async def register(self, connection: ClientConnection, version: Version) -> None:
        """BootNotification, the clock, and how long answers take."""
        accepted = await self._step("BootNotification", self._boot(connection, version))
        if accepted:
            await self._step("answers", self._beat(connection, version))

    async def stay(self, connection: ClientConnection) -> None:
        """The CSMS leaves the link open."""
        left_s = self._opened_s + LINGER_S - self._clock.monotonic()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(connection.wait_closed(), max(0.0, left_s))
            self.well = False
            self._tell(
                Finding("WebSocket", False, explain_close(connection), close_advice(connection))
            )

    async def _step(self, name: str, work: Any) -> Any:
        try:
            finding, result = await asyncio.wait_for(work, PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, the finding says so
            self.well = False
            if isinstance(error, AnswerError):
                why, advice = error.found, error.advice
            elif isinstance(error, asyncio.TimeoutError):
                why, advice = f"no answer within {PATIENCE_S:g} s", SILENCE_ADVICE[name]
            else:
                why, _, advice = explain(error, self._way, self._dialects).partition(": ")
                if why.startswith("HTTP ") or why == "the proxy cannot be reached":
                    more, _, advice = advice.partition(": ")
                    why = f"{why}: {more}"
            advice = await self._other_tongue(name, error) or advice
            self._tell(Finding(name, False, why, advice))
            raise StepError from None
        self.well = self.well and finding.ok
        self._tell(finding)
        return result

    async def _other_tongue(self, step: str, error: Exception) -> str:
        """What to do where the port speaks TLS and was not asked to, or the other way round."""
        if self._way.proxy is not None or tls_flaw(error) is TlsFlaw.CERTIFICATE:
            return ""
        plain_ws = step == "WebSocket" and self._way.tls is None
        told = isinstance(error, InvalidStatus) and error.response.status_code != 400
        if plain_ws and not told and not isinstance(error, (UserError, NegotiationError)):
            if await speaks_tls(self._host, self._port):
                return "this port speaks TLS: try wss:// in place of ws:// in CSMS_URL"
        elif step == "TLS" and await speaks_http(self._host, self._port):
            return (
                "this port speaks HTTP without TLS: try ws:// in place of wss:// in CSMS_URL, "
                "without OCPP_WSS and with SECURITY_PROFILE 0 or 1"
            )
        return ""

    async def _resolve(self) -> tuple[Finding, None]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        what = "the proxy " if self._way.proxy else ""
        return Finding("name", True, f"{what}{self._host} is {', '.join(addresses)}"), None

    async def _knock(self) -> tuple[Finding, None]:
        began = self._clock.monotonic()
        _, writer = await asyncio.open_connection(self._host, self._port)
        took_ms = (self._clock.monotonic() - began) * 1000
        await _hang_up(writer)
        what = "of the proxy " if self._way.proxy else ""
        found = f"{self._port} {what}is open, connected in {took_ms:.0f} ms"
        return Finding("port", True, found), None

    async def _shake_hands(self, context: ssl.SSLContext) -> tuple[Finding, None]:
        _, writer = await asyncio.open_connection(
            self._host, self._port, ssl=context, server_hostname=self._host
        )
        finding = self._certificate(writer.get_extra_info("ssl_object"))
        await _hang_up(writer)
        return finding, None

    def _certificate(self, shown: ssl.SSLObject) -> Finding:
        certificate = shown.getpeercert() or {}
        version = shown.version() or "TLS"
        ends = certificate.get("notAfter")
        if not isinstance(ends, str):
            return Finding("TLS", True, f"{version}, certificate not checked (SSL_VERIFY=false)")
        left = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), timezone.utc)
        days = (left - self._clock.now()).days
        advice = "renew it soon" if days < DAYS_WORTH_TELLING else ""
        found = f"{version}, certificate good for {days} more days (until {left:%Y-%m-%d})"
        return Finding("TLS", True, found, advice)

    async def _upgrade(self) -> tuple[Finding, tuple[ClientConnection, Version]]:
        connection, dialect = await open_socket(self._way, self._dialects)
        found = f"HTTP 101, sub-protocol {dialect.subprotocol}"
        return Finding("WebSocket", True, found), (connection, version_of(dialect))

    async def _boot(self, connection: ClientConnection, version: Version) -> tuple[Finding, bool]:
        asked_at = self._clock.now()
        payload = version.boot_payload(self._identity)
        answer = await self._call(connection, version.dialect.boot, payload)
        status, interval = answer.get("status"), answer.get("interval")
        accepted = status == "Accepted"
        said = version.moment(answer.get("currentTime"))
        found = f"{_word(status)}, interval {_word(interval)} s"
        if said is None:
            return Finding(
                "BootNotification", accepted, found, "its currentTime is no time: mend the CSMS"
            ), accepted
        skew_s = (said - asked_at).total_seconds()
        advice = ""
        if abs(skew_s) > SKEW_WORTH_TELLING_S:
            advice = "set the clock of this computer, or the CSMS's"
        elif not accepted:
            advice = "let the CSMS accept this charge point"
        return Finding(
            "BootNotification", accepted, f"{found}, clock {skew_s:+.1f} s", advice
        ), accepted

    async def _beat(self, connection: ClientConnection, version: Version) -> tuple[Finding, None]:
        took = []
        for _ in range(HEARTBEATS):
            began = self._clock.monotonic()
            await self._call(connection, version.dialect.proof_of_life, {})
            took.append((self._clock.monotonic() - began) * 1000)
        return Finding(
            "answers", True, f"median {statistics.median(took):.0f} ms of {HEARTBEATS} Heartbeats"
        ), None

    async def _call(
        self, connection: ClientConnection, action: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        """One request; what the CSMS asks meanwhile is left alone."""
        message_id = str(uuid.uuid4())
        try:
            await connection.send(json.dumps([2, message_id, action, payload]))
            while True:
                message = _read(await connection.recv())
                if len(message) < 3 or message[1] != message_id:
                    continue
                if message[0] == 3 and isinstance(message[2], dict):
                    return message[2]
                raise AnswerError(_unlike_an_answer(action, message), "look at the log of the CSMS")
        except ConnectionClosed:
            why = explain_close(connection)
            raise AnswerError(f"no answer to {action}, {why}", close_advice(connection)) from None


def _shown(text: str) -> str:
    """What a CSMS may have put into a finding, as it may be printed."""
    return one_line(without_users(text))


def _word(value: object) -> str:
    """What a CSMS has answered, short enough for a line."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:100]


def _unlike_an_answer(action: str, message: list[Any]) -> str:
    """What came in the place of a CALLRESULT."""
    if message[0] == 4:
        why = _word(message[3]) if len(message) > 3 and message[3] else ""
        return f"the CSMS refused {action}: {_word(message[2])}{f' ({why})' if why else ''}"
    form = f"[3, id, {{…}}], not {json.dumps([*message[:1], 'id', *message[2:]])}"
    return f"{action} was answered in a wrong form: it is {form[:QUOTED_LIMIT]}"


def _read(frame: str | bytes) -> list[Any]:
    """A frame as a list; an empty one for what is no message."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return []
    return message if isinstance(message, list) else []


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):  # how it ends is not what is examined
        await writer.wait_closed()


async def examine(
    settings: Settings,
    *,
    may_boot: Callable[[], bool],
    tell: Callable[[Finding], None],
    clock: Clock | None = None,
) -> bool:
    """Take all steps; returns whether all is well. `may_boot` is asked before BootNotification."""
    url = charge_point_url(url_of(settings), settings.cpid)
    if advice := twice(url_of(settings), settings.cpid):
        tell(Finding("settings", True, f"the id {settings.cpid} is appended to the URL", advice))
    try:
        way = dial(url, settings.cpid, access_of(settings))
    except UserError as error:
        tell(Finding("settings", False, str(error)))
        return False
    identity = model_of(settings).identity
    dialects = dialects_of(settings.ocpp_version)
    examination = Examination(way, identity, dialects, tell=tell, clock=clock or SystemClock())
    try:
        await examination.reach()
        connection, version = await examination.open()
        try:
            if may_boot():
                await examination.register(connection, version)
            await examination.stay(connection)
        finally:
            await connection.close()
    except StepError:
        return False
    return examination.well


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns 0 when all is well, 1 when not, 2 for a bad option."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    boots = [word for word in arguments if word in ("--boot", "--no-boot")]
    rest = [word for word in arguments if word not in boots]
    if rest and not rest[0].startswith("-"):
        rest = ["--csms-url", *rest]
    elif len(rest) > 1 and "://" in rest[-1] and not rest[-2].startswith("-"):
        rest = [*rest[:-1], "--csms-url", rest[-1]]
    try:
        settings = load(rest, prog="chargeforge doctor")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        return _run(settings, boots[-1:])
    except KeyboardInterrupt:
        return 130
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except GoneError:
        # What is still buffered goes to the null device, else the interpreter would complain.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(settings: Settings, boot: list[str]) -> int:
    through = f" through {public_url(settings.proxy)}" if settings.proxy else ""
    _say(one_line(f"{settings.cpid} at {public_url(url_of(settings))}{through}"))
    for remark in settings.remarks:
        _say(f"      {'settings':<17} {one_line(remark)}")
    colour = sys.stdout is not None and sys.stdout.isatty() and colour_wanted()

    def may_boot() -> bool:
        if boot:
            return boot == ["--boot"]
        if sys.stdin is None or not sys.stdin.isatty():
            _say(f"      {'BootNotification':<17} not sent (--boot sends it)")
            return False
        with contextlib.suppress(EOFError):
            answer = input("Send one BootNotification? The CSMS will take note of it. [y/N] ")
            return answer.strip().lower() in ("y", "yes")
        _say("")
        return False

    def tell(finding: Finding) -> None:
        _say(finding.line(colour=colour))

    well = asyncio.run(examine(settings, may_boot=may_boot, tell=tell))
    _say("All is well." if well else "Something is wrong: see the line that says FAIL.")
    return 0 if well else 1


def _say(line: str) -> None:
    """Print a line at once. Raises GoneError when nobody reads."""
    try:
        print(line, flush=True)
    except OSError:
        raise GoneError from None


def _from_outside() -> int:
    begun()  # nothing is to be put in order: Ctrl-C ends it, wherever it is
    return main()


if __name__ == "__main__":
    raise SystemExit(through_the_door(_from_outside))
