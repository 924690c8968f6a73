"""`chargeforge csms`, also `python -m sim_core.csms`: the CSMS with a line for every change.

It prints sentences, not a screen, so that it can run beside a dashboard, in a container or in a
pipe. Whatever stops it by intent (SIGTERM, Ctrl-C, a reader that closed the pipe) is a clean
end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import errno
import io
import logging
import math
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from sim_core.csms.rules import CENTRAL_PY_DELAY_S, DEFAULT_API_KEY, Boot, Rules
from sim_core.csms.text import printable
from sim_core.runtime import garbage

if TYPE_CHECKING:
    from sim_core.csms.api import ApiServer
    from sim_core.csms.events import Event


STRICT = ("strict", "surrogateescape")
"""How a stream deals with what it cannot show where nobody has thought of it."""
QUOTED = re.compile(r"unrecognized arguments: ?(\S*)")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, with the option that was probably meant."""

    def error(self, message: str) -> NoReturn:
        if found := QUOTED.match(message):
            flags = [flag for action in self._actions for flag in action.option_strings]
            word = found[1].partition("=")[0]  # its value may be a secret
            near = difflib.get_close_matches(word, flags, n=1)
            hint = f": did you mean {near[0]}?" if near else "."
            message = f"There is no option {printable(word) or repr(word)}{hint}"
        end = "" if message.endswith((".", "?")) else "."
        self.exit(2, f"{message}{end} `{self.prog} --help` explains every option.\n")


class _SafeFormatter(logging.Formatter):
    """A log line may quote a charge point; only its own line breaks reach the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(printable(line) for line in super().format(record).split("\n"))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _interval(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 86_400 * 365:
        raise argparse.ArgumentTypeError("the interval is a whole number of seconds, at least 1")
    return int(text)


def _delay(text: str) -> float:
    with contextlib.suppress(ValueError):
        if math.isfinite(seconds := float(text)) and 0 <= seconds <= 3600:
            return seconds
    raise argparse.ArgumentTypeError("the delay is a number of seconds from 0 to 3600")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="chargeforge csms",
        allow_abbrev=False,
        description="A small CSMS for OCPP 1.6J and 2.0.1 with an HTTP API. Charge points connect "
        "to ws://HOST:PORT/ocpp/<charge point id>, and the sub-protocol that they offer decides "
        "which is spoken; every change is printed as one sentence.",
    )
    parser.add_argument(
        "--host",
        help="address to listen on, for both ports; without it charge points may come from the "
        "network (0.0.0.0) and the HTTP API is for this computer only (127.0.0.1)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=9000,
        help="WebSocket port for charge points; 0 lets the system choose (default: %(default)s)",
    )
    parser.add_argument(
        "--http-port",
        type=_port,
        default=8080,
        help="port of the HTTP API; 0 turns it off (default: %(default)s)",
    )
    parser.add_argument(
        "--api-key",
        default=None,
        help="what the HTTP API wants in the header X-API-Key (default: environment variable "
        f"API_KEY, else {DEFAULT_API_KEY}); the environment keeps it out of the process list",
    )
    parser.add_argument(
        "--interval",
        type=_interval,
        default=300,
        metavar="SECONDS",
        help="heartbeat interval given in the answer to BootNotification (default: %(default)s)",
    )
    parser.add_argument(
        "--boot-delay",
        type=_delay,
        default=None,
        metavar="SECONDS",
        help="answer BootNotification this late; other messages are answered at once (default: 0)",
    )
    parser.add_argument(
        "--central-py",
        action="store_true",
        help="behave like the central.py server at boot: ask GetConfiguration first, read "
        f"nothing until BootNotification is answered {CENTRAL_PY_DELAY_S:g} s later (or "
        "--boot-delay), then send a DataTransfer",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the CSMS until it is told to end; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.api_key is None:
        options.api_key = os.environ.get("API_KEY", DEFAULT_API_KEY)
    if not options.api_key:
        parser.error("the API key must not be empty")
    handler = logging.StreamHandler()
    handler.setFormatter(_SafeFormatter("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in STRICT:
        # A terminal that cannot show Thai must not end the server.
        sys.stdout.reconfigure(errors="replace")
    try:
        return _run_on_the_fastest_loop(options)
    except KeyboardInterrupt:
        return 0


def _run_on_the_fastest_loop(options: argparse.Namespace) -> int:
    """On uvloop where it is installed (extra `fast`)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(_run(options))
    return uvloop.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    with garbage.searched_seldom():
        return await _serve(options)


async def _serve(options: argparse.Namespace) -> int:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Outside the main thread, and on Windows, signals stay with whoever has them.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, end.set)

    # From here on a signal is a clean end, also while these are still being imported.
    from sim_core.csms.events import HeartbeatReceived
    from sim_core.csms.load import Load, watch
    from sim_core.csms.server import Csms

    def say(line: str) -> None:
        try:
            print(line, flush=True)
        except OSError:
            # Nobody reads any more. What is still buffered goes to the null device, else the
            # interpreter would complain about it at its end.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            end.set()

    def tell(event: Event) -> None:
        if not isinstance(event, HeartbeatReceived):
            say(f"{event.at.astimezone():%H:%M:%S} {event.text}")

    delay = options.boot_delay
    if delay is None:
        delay = CENTRAL_PY_DELAY_S if options.central_py else 0.0
    # A charger must be able to come; who may steer it is another question.
    host = options.host or "0.0.0.0"
    api_host = options.host or "127.0.0.1"
    boot = Boot(interval=options.interval, delay_s=delay, deaf=options.central_py)
    csms = Csms(rules=Rules(boot=boot))
    csms.on_event(tell)
    api: ApiServer | None = None
    load, taken = Load(), 0
    try:
        try:
            await csms.start(host, options.port)
        except OSError as error:
            return _cannot_listen(host, options.port, error)
        say(f"Charge points connect to ws://{_at(host)}:{csms.port}/ocpp/<charge point id>")
        if options.http_port:
            from sim_core.csms.api import ApiServer

            api = ApiServer(csms, options.api_key)
            try:
                await api.start(api_host, options.http_port)
            except OSError as error:
                return _cannot_listen(api_host, options.http_port, error)
            say(f"The HTTP API is at http://{_at(api_host)}:{api.port}/api/v1")
            if options.api_key == DEFAULT_API_KEY:
                say(
                    f"Warning: the API key is the public default {DEFAULT_API_KEY}; set another "
                    "with --api-key or API_KEY."
                )
        watching = asyncio.ensure_future(watch(load, lambda: csms.taken, say))
        ended = asyncio.ensure_future(end.wait())
        await asyncio.wait((watching, ended), return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()  # a fault in it is one
        watching.cancel()
        taken = csms.taken
    finally:
        await asyncio.gather(csms.stop(), *([api.stop()] if api else []))
    most = f", {load.most_per_s:,.0f} in a second at the most" if taken else ""
    say(f"The CSMS has ended: {taken:,} messages{most}.")
    return 0


def _at(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _cannot_listen(host: str, port: int, error: OSError) -> int:
    reasons = {
        errno.EADDRINUSE: "another program uses that port",
        errno.EACCES: "this user may not open that port",
        errno.EADDRNOTAVAIL: "this machine has no such address",
    }
    reason = reasons.get(error.errno or 0) or error.strerror or str(error)
    print(f"Cannot listen on {_at(host)}:{port}: {printable(reason)}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    from sim_core.standard_streams import through_the_door

    sys.exit(through_the_door(main))
