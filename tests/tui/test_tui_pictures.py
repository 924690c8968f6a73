"""Pictures of the dashboard: SVG snapshots of states at the sizes that matter.

The clock of the scripted host stands still and nothing blinks, so a picture changes only when the
dashboard does. Look at the report before you accept new ones (`pytest --snapshot-update`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from screen_text import settled, until
from textual.pilot import Pilot

from tui.pictures.screenshot import app_showing
from tui.pictures.sheet_states import SHEET_STATES
from tui.pictures.state import State
from tui.pictures.states import STATE, STATES
from tui.themes import THEME_ROUND

SKETCH = STATE["sketch"]
OF_THE_README = {"dashboard", "wide", "message", "fault"}
"""States that `tests/test_project.py` compares with the files in `docs`."""

OF_TEXT = {
    "say",
    "say-json",
    "ruled",
    "wire-faults",
    "rule-new",
    "recording",
    "configuration-edit",
    "single",
    "start-with",
    "journal",
    "free-play",
    "reserved",
    "screen",
    "finishing",
    "ocpp201",
    "ocpp201-paused",
    "ocpp201-variables",
}
"""States that `test_tui_texts.py` watches well enough."""
OF_SHEETS = {state.name for state in SHEET_STATES}
"""Those `test_tui_sheets.py` watches."""
NINE = STATE["nine"]
THEMES = THEME_ROUND[1:]
"""The first is in every other picture."""
WITHOUT_COLOUR = "no-color"

PICTURES: tuple[State, ...] = (
    *(state for state in STATES if state.name not in OF_THE_README | OF_TEXT | OF_SHEETS),
    STATE["sessions"],
    replace(STATE["sessions"], name="sessions-light-140x40", size=(140, 40), theme=THEMES[0]),
    replace(STATE["sessions"], name=f"sessions-{WITHOUT_COLOUR}"),
    *(replace(NINE, name=f"nine-{theme}", theme=theme, size=(80, 24)) for theme in THEMES),
    replace(NINE, name=f"nine-{WITHOUT_COLOUR}", size=(80, 24)),
    replace(STATE["story"], name=f"story-{WITHOUT_COLOUR}"),
    replace(STATE["held-back"], name="held-back-140x40", size=(140, 40)),
    replace(STATE["vendor-fault"], name="vendor-fault-80x34-ascii", size=(80, 34), ascii=True),
    replace(STATE["suspended"], name="suspended-120x34-light", size=(120, 34), theme=THEMES[0]),
    *(
        replace(SKETCH, name=f"{width}x{height}", size=(width, height))
        for width, height in ((60, 16), (60, 20), (120, 34), (140, 40), (200, 60))
    ),
    replace(SKETCH, name="light", theme="chargeforge-light"),
    replace(SKETCH, name="contrast", theme="chargeforge-contrast"),
    replace(SKETCH, name="ansi", theme="ansi-dark"),
    replace(STATE["inspector"], name="inspector-wide", size=(140, 40)),
)


@pytest.mark.parametrize("state", PICTURES, ids=lambda state: state.name)
def test_picture(
    state: State, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    if state.name.endswith(WITHOUT_COLOUR):
        monkeypatch.setenv("NO_COLOR", "1")
    app = app_showing(state)

    async def arrange(pilot: Pilot[int]) -> None:
        board = app.dashboard
        await until(pilot, lambda: board.focused is not None or app.host.snapshot is None)
        await pilot.press(*state.press)
        await settled(pilot)

    assert snap_compare(app, run_before=arrange, terminal_size=state.size)
