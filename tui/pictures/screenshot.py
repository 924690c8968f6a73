"""`chargeforge screenshot`: the real app in a named state, as SVG or as text.

The app runs without a terminal on a charge point by script whose clock stands still, in UTC and
full colour, so the same version draws the same bytes on every computer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from textual.pilot import Pilot

from sim_core.ascii_fallback import ascii_wanted
from sim_core.settings.spelling import guess
from sim_core.story import Caption
from tui.app import ChargeForgeApp
from tui.attach.app import NOT_ATTACHED
from tui.bedside import twin
from tui.bedside.keys import metal_keymap
from tui.dashboard import Dashboard
from tui.keymap import TABLE_KEYS
from tui.pictures.fake_destination import FakeWhereTo, fake_doctor, fake_recent
from tui.pictures.fake_station import FakeHost
from tui.pictures.state import State
from tui.pictures.states import STATE, STATES
from tui.shown import Shown
from tui.textual_private import drawn_rows
from tui.themes import theme_trouble

SETTLED_S = 0.3
"""Longer than the dashboard waits between two looks."""
SMALLEST, LARGEST = 10, 500
"""Columns or rows of a terminal that can be drawn."""


@dataclass(frozen=True)
class Picture:
    """What the screen showed."""

    svg: str
    text: str


class StillStoryteller:
    """A storyteller whose story stands still."""

    def __init__(self, caption: Caption) -> None:
        self.caption = caption

    def skip(self) -> None:
        pass

    def stand_aside(self) -> None:
        pass


def app_showing(state: State) -> ChargeForgeApp:
    """The app on the charge point of this state; `arrange` does the rest once it runs."""
    host = FakeHost(state.picture, exchanges=state.exchanges)
    for event in state.events:
        host.events.append(event)
    if state.failure:
        host.start = lambda: setattr(host, "failure", state.failure)  # type: ignore[method-assign]
    storyteller = StillStoryteller(state.caption) if state.caption else None
    return ChargeForgeApp(
        host,
        theme=state.theme,
        ascii=state.ascii,
        storyteller=storyteller,
        keys=metal_keymap(twin=state.verdicts is not None) if state.metal else TABLE_KEYS,
        others=[Shown(FakeHost(one, exchanges=())) for one in state.others],
        where=FakeWhereTo(),
        recent=fake_recent(),
        doctor=fake_doctor,
    )


async def arrange(pilot: Pilot[int], state: State) -> None:
    """Press what the state wants pressed, and let it be drawn."""
    if state.verdicts is not None:
        dashboard = pilot.app.screen_stack[0]
        assert isinstance(dashboard, Dashboard)
        dashboard.messages.remarks = twin.Remarks(state.verdicts)
        dashboard.link_bar.aside = twin.counts(state.verdicts, dashboard.look)
    if state.attached:
        dashboard = pilot.app.screen_stack[0]
        assert isinstance(dashboard, Dashboard)
        dashboard.link_bar.broken = NOT_ATTACHED
    await pilot.pause(SETTLED_S)
    await pilot.press(*state.press)
    await pilot.pause(SETTLED_S)


def draw(state: State) -> Picture:
    """The state as a picture. Not to be called where an event loop runs."""
    with plain_surroundings():
        return asyncio.run(_draw(state))


async def _draw(state: State) -> Picture:
    app = app_showing(state)
    async with app.run_test(size=state.size, notifications=True) as pilot:
        await arrange(pilot, state)
        return Picture(app.export_screenshot(), _text(app))


def _text(app: ChargeForgeApp) -> str:
    return "\n".join(row.rstrip() for row in drawn_rows(app)) + "\n"


@contextmanager
def plain_surroundings() -> Iterator[None]:
    """The same surroundings everywhere: UTC, full colour."""
    before = dict(os.environ)
    os.environ.update(TZ="UTC", COLORTERM="truecolor", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    _apply_time_zone()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        _apply_time_zone()


def _apply_time_zone() -> None:
    if hasattr(time, "tzset"):  # not on Windows
        time.tzset()


# -- the command -----------------------------------------------------------------------------------


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(SMALLEST <= length <= LARGEST for length in size):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size: give columns and rows as in 80x24, each from "
            f"{SMALLEST} to {LARGEST}"
        )
    return size


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, with the option that was probably meant."""

    def error(self, message: str) -> NoReturn:
        _, mark, words = message.partition("unrecognized arguments: ")
        if mark:
            word = words.split()[0]
            flags = [flag for action in self._actions for flag in action.option_strings]
            message = f"There is no option {word}{guess(word, flags)}"
        end = "" if message.endswith((".", "?")) else "."
        self.exit(2, f"{message}{end} `{self.prog} --help` explains every one.\n")


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {state.name:<14}{state.help}" for state in STATES)
    parser = _Parser(
        prog="chargeforge screenshot",
        allow_abbrev=False,
        description="Draw the dashboard in a named state, without charge point or terminal.",
        epilog=f"states:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "state", nargs="?", default="dashboard", metavar="STATE", help="default: dashboard"
    )
    parser.add_argument("--size", type=_size, metavar="80x24", help="columns and rows")
    parser.add_argument("--theme", metavar="NAME", help="as the option THEME of the dashboard")
    parser.add_argument("--ascii", action="store_true", help="ASCII characters only")
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        help="where to write it: NAME.svg is a picture, any other name gets text; without it "
        "the text goes to stdout",
    )
    return parser


def ascii_there() -> bool:
    """Whether whoever reads the text can be shown ASCII only."""
    return ascii_wanted(sys.stdout.encoding, terminal=sys.stdout.isatty())


def main(argv: list[str]) -> int:
    """Draw what the command line asks for; returns the exit code."""
    asked = _parser().parse_args(argv)
    state = STATE.get(asked.state)
    if state is None:
        names = ", ".join(STATE)
        print(f"There is no state {asked.state!r}: allowed is {names}.", file=sys.stderr)
        return 2
    state = replace(
        state,
        size=asked.size or state.size,
        theme=asked.theme or state.theme,
        ascii=asked.ascii or state.ascii or (asked.out is None and ascii_there()),
    )
    if trouble := theme_trouble(state.theme):
        print(f"--theme: {trouble}.", file=sys.stderr)
        return 2
    picture = draw(state)
    if asked.out is None:
        sys.stdout.write(picture.text)
        return 0
    drawn = picture.svg if asked.out.suffix.lower() == ".svg" else picture.text
    try:
        asked.out.write_text(drawn, encoding="utf-8")
    except OSError as error:
        print(f"Not written: {error}", file=sys.stderr)
        return 1
    print(f"{state.name} at {state.size[0]}x{state.size[1]} written to {asked.out}")
    return 0
