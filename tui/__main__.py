"""The `chargeforge` command: picks what to run, guards the terminal, and leaves it as it was.

Order matters: the engine is made first and stopped last, the app comes and goes between. What is
not needed for the first frame is imported by whoever needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim_core.config import Settings
    from sim_core.engine import Engine


@dataclass(frozen=True)
class Verb:
    """One command of the command line."""

    name: str
    help: str
    run: Callable[[list[str]], int]


def _settings(arguments: list[str], name: str) -> Settings | None:
    from sim_core.config import ConfigError, load

    try:
        return load(arguments, prog=f"chargeforge {name}")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None


def _run(arguments: list[str]) -> int:
    settings = _settings(arguments, "run")
    if settings is None:
        return 2
    from sim_core.__main__ import hosted

    return show(hosted(settings), settings)


def _demo(arguments: list[str]) -> int:
    settings = _settings(arguments, "demo")
    if settings is None:
        return 2
    from sim_core.demo import engine

    return show(engine(settings), settings, keeps_state=False)


def _headless(arguments: list[str]) -> int:
    from sim_core.__main__ import main as headless

    return headless(arguments) or 0


def _csms(arguments: list[str]) -> int:
    from sim_core.csms.__main__ import main as csms

    return csms(arguments) or 0


def _doctor(arguments: list[str]) -> int:
    from sim_core.doctor import main as doctor

    return doctor(arguments) or 0


VERBS: tuple[Verb, ...] = (
    Verb("run", "the dashboard, connected to the CSMS of --csms-url (the default)", _run),
    Verb("demo", "the dashboard with a CSMS of its own: no network, nothing kept on disk", _demo),
    Verb("headless", "no screen: one plain line per change, stops on Ctrl-C or SIGTERM", _headless),
    Verb("doctor", "why the CSMS is not reached: name, port, TLS, registration, answers", _doctor),
    Verb("csms", "a small CSMS on its own, for a second terminal", _csms),
)
VERB: dict[str, Verb] = {verb.name: verb for verb in VERBS}


def usage() -> str:
    """What `chargeforge --help` says."""
    lines = [f"  {verb.name:<10}{verb.help}" for verb in VERBS]
    return "\n".join(
        (
            "usage: chargeforge [command] [options]",
            "",
            "A charge point that lives in a terminal: an OCPP 1.6J simulator with a dashboard.",
            "",
            *lines,
            "",
            "Options come after the command; `chargeforge run --help` explains every one. Each is",
            "also an environment variable: --csms-url is CSMS_URL. `chargeforge --version` says",
            "which version this is.",
        )
    )


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help", "help"):
        print(usage())
        return 0
    if first == "--version":
        from importlib.metadata import version

        print(f"chargeforge {version('chargeforge')}")
        return 0
    if not first or first.startswith("-"):
        return VERB["run"].run(arguments)
    verb = VERB.get(first)
    if verb is None:
        names = ", ".join(VERB)
        print(f"There is no command {first!r}: allowed is {names}.", file=sys.stderr)
        return 2
    return verb.run(arguments[1:])


# -- the dashboard ---------------------------------------------------------------------------------


def on_a_terminal() -> bool:
    """Whether there is a terminal to draw on: Textual reads stdin and draws on stderr."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def show(engine: Engine, settings: Settings, *, keeps_state: bool = True) -> int:
    """Show the dashboard on this engine until it is left; stops the engine."""
    if not on_a_terminal():
        print(
            "No terminal here: going on with plain lines (chargeforge headless does so at once).",
            file=sys.stderr,
        )
        from sim_core.__main__ import run_plain

        return run_plain(engine) or 0
    _log_to(settings)
    from tui.app import ChargeForgeApp
    from tui.way_out import PATIENCE_S, WayOut

    app = ChargeForgeApp(
        engine,
        fps=settings.fps,
        log_size=settings.message_log_size,
        id_tag=settings.id_tag,
        keeps_state=keeps_state and str(settings.state_dir) != ":memory:",
        ascii=settings.ascii,
        theme=settings.theme,
    )
    end = WayOut(ask=(lambda: engine.stop(0), app.leave_soon))
    try:
        app.run()
    finally:
        engine.stop(PATIENCE_S)
        end.disarm()
    return 0 if end.asked else app.return_code or engine.exit_code


def _log_to(settings: Settings) -> None:
    """Log to the file if there is one, and never to the screen."""
    import logging

    root = logging.getLogger()
    if settings.log_file is None:
        root.addHandler(logging.NullHandler())
        return
    handler = logging.FileHandler(settings.log_file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)


if __name__ == "__main__":
    raise SystemExit(main())
