"""What the import contracts of pyproject.toml cannot see.

A graph of modules knows who imports whom. It does not know what is loaded at run time, nor what of
the standard library a module touches; that is looked at here, in fresh interpreters and in the
source.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = ROOT / "sim_core"
TUI = ROOT / "tui"

SCREENS = ("textual", "rich", "tui")
WITH_HTTPX = ("sim_core.attach.discovery", "sim_core.attach.host")
"""httpx has a command line of its own, and brings along what that is drawn with."""
HEAVY = ("ocpp", "pydantic", "starlette", "textual", "uvicorn", "websockets")
THREADS = {"threading.Thread", "threading.Timer", "asyncio.to_thread", "loop.run_in_executor"}
"""What starts a thread; a lock is no thread."""
CLOCKS = {"now", "today", "utcnow"}
OUTSIDE_WORLD = {"socket", "sqlite3", "ssl", "subprocess", "multiprocessing"}
MAY_TOUCH_THE_OUTSIDE = (
    "attach/",
    "bedside/",
    "wire/",
    "sidecar/",
    "csms/",
    "http_door/",
    "files/transfer.py",
    "runtime/event_loop_thread.py",
    "store/",
    "fleet/worker.py",
    "fleet/workers.py",
    "doctor.py",
    "__main__.py",
    "lockstep/__main__.py",
    "testbench/drive/pipes.py",
)
"""Rooms that may open sockets, start threads or write files (design: who may touch what)."""
NOT_FOR_METAL = OUTSIDE_WORLD | {
    "threading",
    "asyncio",
    "os",
    "pathlib",
    "time",
    "logging",
    "signal",
    "shutil",
}


def modules() -> list[str]:
    """Every module of the core by its dotted name."""
    return sorted(dotted(path) for path in CORE.rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def loaded_by(module: str) -> set[str]:
    """The top-level packages that a fresh interpreter holds after it imported `module`."""
    code = (
        f"import {module}, sys; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"importing {module} failed:\n{done.stderr}"
    return set(done.stdout.split())


ONE_BY_ONE = """
import sys
for module in sys.argv[1:]:
    __import__(module)
    print(module, *{name.partition(".")[0] for name in sys.modules}, flush=True)
"""
"""What is loaded after each module of the core, in one process: nobody unloads anything, so that
the first line with a screen names who has brought it."""


def test_the_core_loads_no_screen() -> None:
    order = sorted(modules(), key=lambda module: (module in WITH_HTTPX, module))
    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, *order],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"a module cannot be imported:\n{done.stderr}"
    brought = {
        module: set(packages) for module, *packages in map(str.split, done.stdout.splitlines())
    }
    assert list(brought) == order
    for module, packages in brought.items():
        allowed = {"rich"} if module in WITH_HTTPX else set()
        assert packages.intersection(SCREENS) <= allowed, module


@pytest.mark.parametrize(
    ("module", "without"),
    [
        # The dashboard imports these before its first frame.
        ("sim_core.engine", ("ocpp", "starlette", "uvicorn", "websockets")),
        ("sim_core.commands", HEAVY),
        ("sim_core.events", HEAVY),
        ("sim_core.snapshot", HEAVY),
        ("sim_core.wire.message_log", HEAVY),
        ("sim_core.settings.loading", HEAVY),
        # Plain options are read without it, whatever is started.
        ("sim_core.sidecar.server", ("pydantic",)),
        ("sim_core.station", ("pydantic",)),
        ("sim_core.fleet.__main__", ("pydantic",)),
        # Named by whoever may turn it on; loaded when it is on.
        ("sim_core.sidecar", HEAVY),
        ("sim_core.csms", HEAVY),
    ],
)
def test_what_is_not_needed_yet_is_not_loaded(module: str, without: tuple[str, ...]) -> None:
    assert not loaded_by(module).intersection(without)


def test_the_command_line_loads_nothing_before_it_knows_what_to_run() -> None:
    assert not loaded_by("tui.__main__").intersection(HEAVY)


# -- the source ------------------------------------------------------------------------------------


def sources(folder: Path = CORE, *, without: tuple[str, ...] = ()) -> Iterator[Path]:
    """The files of a folder, but for those whose path in the core begins or is as given."""
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(CORE).as_posix()
        if not any(inside == one or (one[-1] == "/" and inside.startswith(one)) for one in without):
            yield path


@dataclass
class Source:
    """What is looked at here of one file, found in one walk through it."""

    imported: list[ast.Import] = field(default_factory=list)
    imported_from: list[ast.ImportFrom] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    """Every `name.attribute` that it reads."""
    of_a_station: set[str] = field(default_factory=set)
    """What it reads of anything that is called a station."""
    names: set[str] = field(default_factory=set)
    """Every attribute that it names, and every function that it makes."""

    @property
    def imports(self) -> set[str]:
        """The top-level packages that it names in its imports, wherever in the file."""
        plain = (alias.name for node in self.imported for alias in node.names)
        absolute = (node.module for node in self.imported_from if node.module and not node.level)
        return {name.partition(".")[0] for name in (*plain, *absolute)}


@cache
def source(path: Path) -> Source:
    """Read once, for all that is looked at."""
    found = Source()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                found.imported.append(node)
            case ast.ImportFrom():
                found.imported_from.append(node)
            case ast.FunctionDef():
                found.names.add(node.name)
            case ast.Attribute():
                found.names.add(node.attr)
                owner = getattr(node.value, "attr", getattr(node.value, "id", ""))
                if isinstance(node.value, ast.Name):
                    found.attributes.add(f"{owner}.{node.attr}")
                if owner in ("station", "_station"):
                    found.of_a_station.add(node.attr)
    return found


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_hardware_needs_only_the_pure_part_of_the_standard_library() -> None:
    looks = {f"datetime.{reading}" for reading in CLOCKS}
    for path in sources(CORE / "hardware"):
        used = source(path).imports
        assert used <= {*sys.stdlib_module_names, "sim_core"}, shown(path)
        assert not used & NOT_FOR_METAL, shown(path)
        assert not looks & source(path).attributes, shown(path)


# The CSMS is another program that happens to live in the same folder: it has its own clock.
def test_only_the_clock_reads_the_time() -> None:
    looks = {f"{kind}.{reading}" for kind in ("datetime", "date") for reading in CLOCKS}
    for path in sources(without=("runtime/clock.py", "csms/")):
        assert "time" not in source(path).imports, shown(path)
        assert not (looks | {"loop.time"}) & source(path).attributes, shown(path)


SETTINGS = (
    *(f"settings/{name}.py" for name in ("options", "sources", "fast_loading", "full_loading")),
    "ascii_fallback.py",
)
"""The last reads what the environment says of the terminal, which is nobody's option."""


def test_only_the_settings_read_the_environment() -> None:
    for path in sources(without=(*SETTINGS, "csms/")):
        assert not {"os.environ", "os.environb", "os.getenv"} & source(path).attributes, shown(path)


def test_only_some_rooms_touch_sockets_threads_and_databases() -> None:
    for path in sources(without=MAY_TOUCH_THE_OUTSIDE):
        assert not source(path).imports & OUTSIDE_WORLD, shown(path)
        assert not source(path).attributes & THREADS, shown(path)


# -- circles ---------------------------------------------------------------------------------------


def graph() -> dict[str, set[str]]:
    """Every module of ours, and which of ours it imports; imports for types count."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in ("sim_core", "tui")
        for path in (ROOT / package).rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        reached = {alias.name for node in source(path).imported for alias in node.names}
        for node in source(path).imported_from:
            if node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                reached |= {one if one in modules else node.module for one in names}
        found[name] = (reached & set(modules)) - {name}
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    left = graph()
    while leaves := {name for name, reached in left.items() if not reached & set(left)}:
        left = {name: reached for name, reached in left.items() if name not in leaves}
    # What is left is in a circle, or leads into one.
    while roots := set(left) - {one for reached in left.values() for one in reached}:
        left = {name: reached for name, reached in left.items() if name not in roots}
    assert sorted(left) == []


# -- viewers ---------------------------------------------------------------------------------------

INSIDE_A_STATION = {"charge_point", "charger", "link"}
"""What a station is made of: a viewer looks at the picture of it."""


# What a screen calls a station is a picture already.
def test_a_viewer_knows_a_station_by_its_facade() -> None:
    for path in sources(CORE / "sidecar"):
        assert not source(path).of_a_station & INSIDE_A_STATION, shown(path)


# -- private parts of others -----------------------------------------------------------------------

KEEPERS = {
    "_compositor": "tui/textual_private.py",
    "_background_screens": "tui/textual_private.py",
    "process_event": "sim_core/wire/fast_connection.py",
}
"""A name that another project may change without a word, and the one module that may use it."""


def foreign_private_parts(path: Path) -> set[str]:
    """What a file imports from other projects by a name that begins with an underscore."""
    return {
        f"{node.module}.{alias.name}"
        for node in source(path).imported_from
        if node.module and not node.level
        if node.module.partition(".")[0] not in ("__future__", "sim_core", "tui")
        for alias in node.names
        if any(part.startswith("_") for part in (*node.module.split("."), alias.name))
    }


def test_private_parts_of_others_stand_behind_one_module() -> None:
    for path in sorted([*CORE.rglob("*.py"), *TUI.rglob("*.py")]):
        here = shown(path)
        assert here in KEEPERS.values() or not foreign_private_parts(path), here
        assert not {name for name in source(path).names if KEEPERS.get(name, here) != here}, here
