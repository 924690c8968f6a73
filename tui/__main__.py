"""The `chargeforge` command: picks what to run, guards the terminal, and leaves it as it was.

Order matters: the engine is made first and stopped last, the app comes and goes between. What is
not needed for the first frame is imported by whoever needs it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from sim_core.attach.options import AttachSettings
    from sim_core.bedside.host import Bedside
    from sim_core.engine import Engine
    from sim_core.replay.host import Replay
    from sim_core.settings.destination import Destination
    from sim_core.settings.options import Settings
    from sim_core.story import Storyteller
    from tui.dialogs.connection import Finding
    from tui.http_call import SidecarAddress
    from tui.keymap import Keymap
    from tui.shown import Doctor


class Verb(NamedTuple):
    """One command of the command line."""

    name: str
    help: str
    run: Callable[[list[str]], int]


def _settings(arguments: list[str], name: str) -> Settings | None:
    from sim_core.errors import UserError
    from sim_core.settings.loading import load

    try:
        return load(arguments, f"chargeforge {name}")
    except UserError as error:
        print(error, file=sys.stderr)
        return None


def _run(arguments: list[str]) -> int:
    gc.disable()  # a sixth of the way to the first frame, for nothing: see `_collect_again`
    settings = _settings(arguments, "run")
    if settings is None:
        return 2
    from sim_core.__main__ import hosted
    from sim_core.errors import UserError

    each = [settings]
    try:
        if settings.charge_points is not None or "," in settings.cpid:
            from sim_core.settings.several import several

            each = several(settings, arguments, "chargeforge run")
        engines = [hosted(one) for one in each]
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return show(engines[0], each[0], _http_of(each[0]), others=engines[1:])


def _http_of(settings: Settings) -> SidecarAddress | None:
    """Where a charge point with these settings listens."""
    from tui.http_call import sidecar_address

    wants_key = settings.http_api_key is not None
    if not settings.http_port:
        return None
    return sidecar_address(settings.http_host, settings.http_port, wants_key)


def _demo(arguments: list[str]) -> int:
    gc.disable()
    settings = _settings(arguments, "demo")
    if settings is None:
        return 2
    from sim_core.demo import Stage, engine, story_of

    stage = Stage(story_of(settings))
    return show(engine(settings, stage), settings, storyteller=stage)


def _headless(arguments: list[str]) -> int:
    from sim_core.__main__ import main as headless

    return headless(arguments) or 0


def _csms(arguments: list[str]) -> int:
    from sim_core.csms.__main__ import main as csms

    return csms(arguments) or 0


def _doctor(arguments: list[str]) -> int:
    from sim_core.doctor import main as doctor
    from sim_core.standard_streams import begun

    begun()
    return doctor(arguments) or 0


def _trace(arguments: list[str]) -> int:
    from sim_core.standard_streams import begun
    from sim_core.trace_command import main as trace

    begun()
    return trace(arguments)


def _compare(arguments: list[str]) -> int:
    from sim_core.standard_streams import begun
    from sim_core.twin.command import main as compare

    begun()
    return compare(arguments)


def _learn(arguments: list[str]) -> int:
    from sim_core.learning.command import main as learn
    from sim_core.standard_streams import begun

    begun()
    return learn(arguments)


def _test(arguments: list[str]) -> int:
    from sim_core.standard_streams import begun
    from sim_core.testbench.command import main as test

    begun()
    return test(arguments)


def _torture(arguments: list[str]) -> int:
    from sim_core.standard_streams import begun
    from sim_core.testbench.torture.command import main as torture

    begun()
    return torture(arguments)


def _drive(arguments: list[str]) -> int:
    from sim_core.standard_streams import begun
    from sim_core.testbench.drive.command import main as drive

    begun()
    return drive(arguments)


def _mcp(arguments: list[str]) -> int:
    from sim_core.standard_streams import begun

    try:
        from sim_core.testbench.drive.mcp_server import main as mcp
    except ModuleNotFoundError as error:
        if error.name not in ("mcp", "mcp_types"):
            raise
        print(
            "The MCP server needs the package mcp: pip install 'chargeforge[mcp]'.",
            file=sys.stderr,
        )
        return 2
    begun()
    return mcp(arguments)


def _screenshot(arguments: list[str]) -> int:
    from sim_core.standard_streams import begun
    from tui.pictures.screenshot import main as screenshot

    begun()
    return screenshot(arguments)


def _fleet(arguments: list[str]) -> int:
    from sim_core.fleet.__main__ import fleet_of, keep_report, run_plain

    members = fleet_of(arguments)
    if members is None:
        return 2
    if not on_a_terminal():
        return run_plain(members)
    from sim_core.standard_streams import begun
    from tui.fleet.app import show as show_fleet

    begun()
    code = show_fleet(members)
    return keep_report(members) or code


def _bedside(arguments: list[str]) -> int:
    from sim_core.bedside.__main__ import bedside_of, run_plain

    bedside = bedside_of(arguments)
    if bedside is None:
        return 2
    if not on_a_terminal():
        return run_plain(bedside)
    return show_bedside(bedside)


def _replay(arguments: list[str]) -> int:
    from sim_core.replay.__main__ import replay_of, run_plain

    replay = replay_of(arguments)
    if isinstance(replay, int):
        return replay
    settings = replay.settings
    if settings.replay_json or settings.replay_no_screen or not on_a_terminal():
        return run_plain(replay)
    return show_replay(replay)


def _attach(arguments: list[str]) -> int:
    from sim_core.attach.options import AttachSettings, addresses_in
    from sim_core.errors import UserError
    from sim_core.settings.loading import load_as

    try:
        urls, rest = addresses_in(arguments)
        settings = load_as(AttachSettings, rest, "chargeforge attach")
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return show_attached(urls, settings)


def _serve(arguments: list[str]) -> int:
    from sim_core.attach.options import addresses_in
    from sim_core.errors import UserError
    from sim_core.settings.loading import load_as

    try:
        from tui.attach.serving import ServeSettings, serve
    except ModuleNotFoundError as error:
        if error.name not in ("textual_serve", "aiohttp"):
            raise
        print(
            "The dashboard in a browser needs textual-serve: pip install 'chargeforge[web]'.",
            file=sys.stderr,
        )
        return 2
    try:
        urls, rest = addresses_in(arguments)
        settings = load_as(ServeSettings, rest, "chargeforge serve")
        return serve(urls, settings)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2


VERBS: tuple[Verb, ...] = (
    Verb("run", "the dashboard, connected to the CSMS of --csms-url (the default)", _run),
    Verb("demo", "the dashboard with a CSMS of its own: no network, nothing kept on disk", _demo),
    Verb("headless", "no screen: one plain line per change, stops on Ctrl-C or SIGTERM", _headless),
    Verb("doctor", "why the CSMS is not reached: name, port, TLS, registration, answers", _doctor),
    Verb("fleet", "many charge points from one process, as load for a CSMS: --count 500", _fleet),
    Verb(
        "attach", "the dashboard of a charge point that runs elsewhere: http://HOST:7071", _attach
    ),
    Verb(
        "serve", "the same in a browser, on this computer (pip install 'chargeforge[web]')", _serve
    ),
    Verb("bedside", "beside a real charger: relay it to its CSMS, look, record, ask it", _bedside),
    Verb("csms", "a small CSMS on its own, for a second terminal", _csms),
    Verb("trace", "read people's logs of OCPP-J: show, convert, or redact FILE", _trace),
    Verb("replay", "the charger of a log speaks again, to a CSMS under test", _replay),
    Verb("compare", "logs of a real charger beside a model of it: where do they differ", _compare),
    Verb("learn", "a model file of a real charger, out of its logs: --output FILE", _learn),
    Verb("test", "scenarios against a CSMS, with a verdict: does it pass, and why not", _test),
    Verb("torture", "random lives against a CSMS, and each failure made small", _torture),
    Verb("drive", "charge points over lines of JSON, for tests of a CSMS in any language", _drive),
    Verb("mcp", "the same as tools of an agent (pip install 'chargeforge[mcp]')", _mcp),
    Verb(
        "screenshot", "the dashboard in a named state, as SVG or text, for a document", _screenshot
    ),
)
VERB: dict[str, Verb] = {verb.name: verb for verb in VERBS}


def usage() -> str:
    """What `chargeforge --help` says."""
    lines = [f"  {verb.name:<12}{verb.help}" for verb in VERBS]
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
    from sim_core.standard_streams import through_the_door

    arguments = list(sys.argv[1:] if argv is None else argv)
    return through_the_door(lambda: _chosen(arguments), stays=argv is not None)


def _chosen(arguments: list[str]) -> int:
    """Run the command that the words name."""
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help", "help"):
        print(usage())
        return 0
    if first == "--version" or arguments[1:] == ["--version"]:
        from importlib.metadata import version

        print(f"chargeforge {version('chargeforge')}")
        return 0
    if not first or first.startswith("-"):
        return VERB["run"].run(arguments)
    verb = VERB.get(first)
    if verb is None:
        from sim_core.redaction import without_users
        from sim_core.settings.spelling import did_you_mean

        names = ", ".join(VERB)
        near = did_you_mean(first.lower(), VERB)
        meant = f"did you mean {near}? There are" if near else "allowed is"
        shown = repr(without_users(first))
        print(f"There is no command {shown}: {meant} {names}.", file=sys.stderr)
        return 2
    return verb.run(arguments[1:])


# -- the dashboard ---------------------------------------------------------------------------------


def on_a_terminal() -> bool:
    """Whether there is a terminal to draw on: Textual reads stdin and draws on stderr."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def in_a_browser() -> bool:
    """Whether it is one of the dashboards that `chargeforge serve` starts."""
    return os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")


def show(
    engine: Engine,
    settings: Settings,
    http: SidecarAddress | None = None,
    *,
    storyteller: Storyteller | None = None,
    others: Sequence[Engine] = (),
) -> int:
    """Show the dashboard on this engine until it is left; stops the engine.

    `http` is where the charge point listens, if it does. With a `storyteller` it is the demo, which
    keeps nothing. `others` are further charge points of the same screen.
    """
    demo = storyteller is not None
    from tui.keymap import TABLE_KEYS
    from tui.themes import theme_trouble

    keys = TABLE_KEYS
    if settings.keys:
        from tui.custom_keys import CustomKeysError, custom_keymap

        try:
            keys = custom_keymap(settings.keys)
        except CustomKeysError as error:
            _say_of_option(settings, f"KEYS (--keys): {error}.")
            return 2
    if trouble := theme_trouble(settings.theme):
        _say_of_option(settings, f"THEME (--theme): {trouble}.")
        return 2
    from sim_core.__main__ import run_on, run_plain, run_several, stops_at_exit, told_to
    from sim_core.log_file import LogFileError, log_to_file

    try:
        if settings.log_file is not None:
            with settings.naming_sources():
                log_to_file(settings, told_to(engine))
    except LogFileError as error:
        print(error, file=sys.stderr)
        return 2
    if not on_a_terminal():
        print(
            "No terminal here: going on with plain lines (chargeforge headless does so at once).",
            file=sys.stderr,
        )
        _collect_again()
        if others:
            return run_several((engine, *others))
        return run_plain(engine, "of its own" if demo else "") or 0
    from sim_core.standard_streams import begun
    from tui.app import ChargeForgeApp
    from tui.exit_on_signal import PATIENCE_S, ExitOnSignal
    from tui.leaving import AtExit
    from tui.look import draws_in_ascii
    from tui.recent_csms import RecentCsms
    from tui.saved_view import LoadedView, load_view, save_view
    from tui.shown import Shown

    _trust_the_terminal()
    folder = None if demo else _kept_in(settings)
    if folder:
        from sim_core.store.lock import taken

        for one in (engine, *others):
            if trouble := taken(_kept_in(one.settings) or folder, one.settings.cpid):
                print(trouble, file=sys.stderr)
                return 2
    at_exit = AtExit.KEPT
    if demo or stops_at_exit(settings):
        at_exit = AtExit.LOST if demo else AtExit.STOPPED
    recalled = load_view(folder) if folder else LoadedView()
    app = ChargeForgeApp(
        engine,
        fps=settings.fps,
        log_size=settings.message_log_size,
        id_tag=settings.id_tag,
        at_exit=at_exit,
        ascii=draws_in_ascii(settings.ascii),
        theme=settings.theme,
        keys=keys,
        recalled=recalled,
        http=http,
        storyteller=storyteller,
        where=engine,
        recent=RecentCsms(folder),
        doctor=_examining(engine),
        name=settings.cpid,
        others=[
            Shown(one, _http_of(one.settings), one, _examining(one), one.settings.cpid)
            for one in others
        ],
    )
    engines = (engine, *others)

    def stop_all(deadline: float) -> None:
        for one in engines:
            one.stop(0)  # all at once, and then wait
        for one in engines:
            one.stop(deadline)

    end = ExitOnSignal(
        ask=(lambda: stop_all(0), app.leave_soon),
        on_hang_up=(app.leave_soon,) if settings.keep_running else (),
    )
    _collect_again()
    begun()
    try:
        app.run()
    except Exception:
        if not end.left:  # where the terminal has gone, the app may not even end in order
            raise
    finally:
        if not end.left:
            stop_all(PATIENCE_S)
        end.disarm()
        if folder and app.view != recalled.view and (trouble := save_view(folder, app.view)):
            _tell(trouble)
    if app.never_began:
        _tell(engine.failure)
    if end.left and not end.asked:
        names = ", ".join(one.settings.cpid for one in engines)
        _tell(f"{names} {'goes' if not others else 'go'} on: kill {os.getpid()} ends it.")
        end.let_go()
        code = run_on(engine)
        stop_all(PATIENCE_S)
        return code
    return 0 if end.asked else app.return_code or engine.exit_code


def _examining(engine: Engine) -> Doctor:
    """The doctor for the sheet of the CSMS: with what the engine has to get in, elsewhere."""

    def examine(where: Destination, tell: Callable[[Finding], None]) -> None:
        import asyncio

        from sim_core.doctor import Finding as Found
        from sim_core.doctor import examine as examined
        from sim_core.settings.destination import moved
        from tui.dialogs.connection import Finding

        def told(one: Found) -> None:
            tell(Finding(one.step, one.ok, one.found, one.advice))

        try:
            settings = moved(engine.settings, where)
        except ValueError as error:
            tell(Finding("settings", False, str(error)))
            return
        asyncio.run(examined(settings, may_boot=lambda: False, tell=told))

    return examine


def show_bedside(bedside: Bedside) -> int:
    """Show the dashboard over real chargers until it is left; ends the relay.

    Where the terminal goes away, the relay goes on without it: a charger charges through it.
    """
    from sim_core.bedside.__main__ import run_on
    from sim_core.standard_streams import begun
    from tui.bedside.app import BedsideApp
    from tui.bedside.keys import metal_keymap
    from tui.custom_keys import CustomKeysError, custom_keymap
    from tui.exit_on_signal import PATIENCE_S, ExitOnSignal
    from tui.look import draws_in_ascii
    from tui.saved_view import LoadedView, load_view, save_view
    from tui.themes import theme_trouble

    settings = bedside.settings
    try:
        keys = custom_keymap(settings.keys, metal_keymap(twin=settings.bedside_twin is not None))
    except CustomKeysError as error:
        _say_of_option(settings, f"KEYS (--keys): {error}.")
        return 2
    if trouble := theme_trouble(settings.theme):
        _say_of_option(settings, f"THEME (--theme): {trouble}.")
        return 2
    _trust_the_terminal()
    folder = _kept_in(settings)
    recalled = load_view(folder) if folder else LoadedView()
    app = BedsideApp(bedside, ascii=draws_in_ascii(settings.ascii), keys=keys, recalled=recalled)
    end = ExitOnSignal(
        ask=(lambda: bedside.stop(0), app.leave_soon),
        on_hang_up=(app.leave_soon,) if settings.keep_running else (),
    )
    _collect_again()
    begun()
    try:
        app.run()
    except Exception:
        if not end.left:  # where the terminal has gone, the app may not even end in order
            raise
    finally:
        if not end.left:
            bedside.stop(PATIENCE_S)
        end.disarm()
        if folder and app.view != recalled.view and (trouble := save_view(folder, app.view)):
            _tell(trouble)
    if end.left and not end.asked:
        _tell(f"The relay goes on: kill {os.getpid()} ends it.")
        end.let_go()
        return run_on(bedside)
    if bedside.failure:
        _tell(bedside.failure)
    return 0 if end.asked else app.return_code or bedside.exit_code


def show_replay(replay: Replay) -> int:
    """Show the dashboard over a charger that speaks out of a log until it is left; then say what
    the CSMS has answered otherwise."""
    from sim_core.replay.__main__ import told
    from sim_core.standard_streams import begun
    from tui.custom_keys import CustomKeysError, custom_keymap
    from tui.exit_on_signal import PATIENCE_S, ExitOnSignal
    from tui.look import draws_in_ascii
    from tui.replay.app import ReplayApp
    from tui.replay.keys import replay_keymap
    from tui.themes import theme_trouble

    settings = replay.settings
    try:
        keys = custom_keymap(settings.keys, replay_keymap())
    except CustomKeysError as error:
        _say_of_option(settings, f"KEYS (--keys): {error}.")
        return 2
    if trouble := theme_trouble(settings.theme):
        _say_of_option(settings, f"THEME (--theme): {trouble}.")
        return 2
    _trust_the_terminal()
    app = ReplayApp(replay, ascii=draws_in_ascii(settings.ascii), keys=keys)
    end = ExitOnSignal(ask=(lambda: replay.stop(0), app.leave_soon))
    _collect_again()
    begun()
    try:
        app.run()
    except Exception:
        if not end.left:  # where the terminal has gone, the app may not even end in order
            raise
    finally:
        replay.stop(PATIENCE_S)
        end.disarm()
    if replay.failure:
        _tell(replay.failure)
        return replay.exit_code
    code = told(replay)
    return 0 if end.asked else app.return_code or code


def show_attached(urls: list[str], settings: AttachSettings) -> int:
    """Show the dashboard of charge points that run elsewhere until it is left."""
    from sim_core.attach.discovery import behind
    from sim_core.attach.host import RemoteHost
    from sim_core.standard_streams import begun
    from tui.attach.app import show as show_remote
    from tui.look import draws_in_ascii

    keys = _chosen_keys(settings)
    if keys is None:
        return 2
    if not on_a_terminal() and not in_a_browser():
        print(
            "No terminal here: attach shows a dashboard. Without one, read GET /info, /messages "
            "and /events over HTTP.",
            file=sys.stderr,
        )
        return 2
    if not in_a_browser():
        _trust_the_terminal()
    hosts = [RemoteHost(one, settings) for url in urls for one in behind(url, settings)]
    begun()
    code = show_remote(
        hosts,
        settings,
        keys,
        ascii=draws_in_ascii(settings.ascii),
        in_a_browser=in_a_browser(),
    )
    for host in hosts:
        if host.exit_code:
            _tell(host.failure)
            code = code or host.exit_code
    return code


def _chosen_keys(settings: Settings) -> Keymap | None:
    """The keys as the options move them; None where keys or theme cannot be, which then is said."""
    from tui.custom_keys import CustomKeysError, custom_keymap
    from tui.keymap import TABLE_KEYS
    from tui.themes import theme_trouble

    if trouble := theme_trouble(settings.theme):
        _say_of_option(settings, f"THEME (--theme): {trouble}.")
        return None
    try:
        return custom_keymap(settings.keys) if settings.keys else TABLE_KEYS
    except CustomKeysError as error:
        _say_of_option(settings, f"KEYS (--keys): {error}.")
        return None


def _say_of_option(settings: Settings, sentence: str) -> None:
    """Say what is wrong with an option, and where it comes from."""
    from sim_core.errors import UserError

    try:
        with settings.naming_sources():
            raise UserError(sentence)
    except UserError as error:
        print(error, file=sys.stderr)


def _collect_again() -> None:
    """Collect garbage from now on, but not among what was imported: that stays."""
    gc.freeze()
    gc.enable()


def _trust_the_terminal() -> None:
    """Let the terminal say how large it is.

    Textual believes COLUMNS and LINES more, and where somebody has exported them (a shell, `docker
    exec -e COLUMNS=…`) it would never hear of another size.
    """
    if all(os.get_terminal_size(sys.stdin.fileno())):  # a serial line knows no size
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)


def _tell(sentence: str) -> None:
    """Say something on a terminal that may have gone."""
    import contextlib

    with contextlib.suppress(OSError):
        print(sentence, file=sys.stderr)


def _kept_in(settings: Settings) -> Path | None:
    """The folder for what is remembered; None where nothing is to be kept."""
    folder = settings.state_folder()
    return None if str(folder) == ":memory:" else folder


if __name__ == "__main__":
    raise SystemExit(main())
