"""From the command to the first frame, against a bare Textual app; and what is imported for what.

Both run in a terminal of their own and end themselves after their first frame, saying how much CPU
time they have used since they began, the interpreter's start included. Both find their bytecode
compiled, as whoever has installed them does: a checkout whose environment forbids to write it
would compile our side anew each time, and only ours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.benchmarks.measure import ROOT, Row, Size, cpu_s_of_run, in_turns
from tests.tui.pty_terminal import PtyTerminal

REPORT = """
import os, sys, time
def report(*_):
    with open(os.environ["BENCHMARK_OUT"], "w") as file:
        print(time.process_time(), file=file)
        print(*(name for name in sys.modules if "." not in name), file=file)
    os._exit(0)
"""
BARE = """
from textual.app import App
class Bare(App):
    def on_mount(self):
        self.call_after_refresh(report)
Bare().run()
"""
OURS = """
import tui.__main__
show = tui.__main__.show
def shown(*given, **named):
    import tui.app
    tui.app.ChargeForgeApp._begin = report
    return show(*given, **named)
tui.__main__.show = shown
tui.__main__.main(["run", "--csms-url", "ws://127.0.0.1:9/ocpp"])
"""
LATER = (
    "ocpp",
    "jsonschema_rs",
    "sqlite3",
    "starlette",
    "uvicorn",
    "websockets",
    "prometheus_client",
)
IMPORT_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| +([\w.]+)")


def measure(size: Size) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return _measure(size, Path(folder))


def compiled(folder: Path) -> dict[str, str]:
    """The environment in which bytecode is kept, in this folder."""
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def _measure(size: Size, folder: Path) -> list[Row]:
    loaded: set[str] = set()
    environment = compiled(folder)

    def first_frame(code: str) -> float:
        out = folder / "report"
        terminal = PtyTerminal("-c", REPORT + code, BENCHMARK_OUT=str(out), **environment)
        try:
            terminal.wait(60)
        finally:
            terminal.close()
        cpu_s, modules = out.read_text().splitlines()
        loaded.clear()
        loaded.update(modules.split())
        return float(cpu_s) * 1000

    for code in (BARE, OURS):
        first_frame(code)  # compiles
    bare, ours = in_turns(size.of(9, 1), lambda: first_frame(BARE), lambda: first_frame(OURS))
    early = ", ".join(name for name in LATER if name in loaded) or "nothing"
    helped = in_turns(size.of(5, 1), lambda: _run_ms(environment, "-m", "tui", "--help"))[0]
    bare_python = in_turns(size.of(5, 1), lambda: _run_ms(environment, "-c", "pass"))[0]
    return [
        Row("start.frame", "cold start to the first frame, `chargeforge`", "ms CPU", ours, bare,
            1.3, note=f"loaded by then of what is for later: {early}"),
        Row("start.help", "`chargeforge --help`", "ms CPU", helped, bare_python,
            note="against an empty script"),
        *(_imports(name, size, environment) for name in IMPORTS),
    ]  # fmt: skip


def _run_ms(environment: dict[str, str], *arguments: str) -> float:
    return cpu_s_of_run(*arguments, **environment) * 1000


IMPORTS = {
    "--help": ("-m", "tui", "--help"),
    "headless": ("-m", "sim_core", "--csms-url", "ws://127.0.0.1:9/o", "--http-port", "0"),
    "run": ("-c", OURS.replace("= report", "= lambda app: app.exit()")),
}


def _imports(name: str, size: Size, environment: dict[str, str]) -> Row:
    """What `python -X importtime` says of a command, and which packages take most."""
    if name == "run":
        said = _in_terminal(IMPORTS[name], environment)
    else:
        said = _plainly(IMPORTS[name], size.seconds(5.0, 0.8), environment)
    times: Counter[str] = Counter()
    for took_us, module in IMPORT_LINE.findall(said):
        times[module.partition(".")[0]] += int(took_us)
    most = ", ".join(f"{package} {us / 1000:.0f}" for package, us in times.most_common(4))
    total_ms = sum(times.values()) / 1000
    return Row(f"imports.{name}", f"imports of `{name}`", "ms", total_ms, note=f"most: {most}")


def _plainly(arguments: tuple[str, ...], seconds: float, environment: dict[str, str]) -> str:
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment, "STATE_DIR": ":memory:"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        return process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        process.terminate()
        return process.communicate(timeout=20)[1]


def _in_terminal(arguments: tuple[str, ...], environment: dict[str, str]) -> str:
    terminal = PtyTerminal("-X", "importtime", *arguments, **environment)
    try:
        terminal.wait(60)
        return terminal.raw.decode(errors="replace")
    finally:
        terminal.close()
