"""Text renders of the states at five sizes: what is where, without colours.

They are easy to read in a diff. What changes its shape with the screen is there at every size, the
rest at the two small ones; the SVG pictures beside them watch the colours. `pytest
--snapshot-update` accepts new ones.
"""

from __future__ import annotations

from typing import Any

import pytest
from screen_text import rows, settled, text_of, until

from tui.pictures.screenshot import app_showing
from tui.pictures.states import STATE

SIZES = ((60, 20), (80, 24), (120, 34), (140, 40), (200, 60))
AT_EVERY_SIZE = """
dashboard sketch new held-back suspended vendor-fault nine sixty-four story inspector
""".split()  # noqa: SIM905
SMALL = """
reserved finishing firmware many single free-play offline pending warning crashed paused filter
palette quit journal start-with zoom configuration configuration-edit
screen say say-form say-json answers ruled rule-new recording ocpp201 ocpp201-paused
ocpp201-variables wire-faults
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", AT_EVERY_SIZE + SMALL)
async def test_text(name: str, snapshot: Any) -> None:
    state = STATE[name]
    app = app_showing(state)
    shown = []
    sizes = SIZES if name in AT_EVERY_SIZE else SIZES[:2]
    async with app.run_test(size=sizes[0]) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await pilot.press(*state.press)
        for width, height in sizes:
            await pilot.resize_terminal(width, height)
            await settled(pilot)
            assert {len(row) for row in rows(app)} == {width}
            shown.append(f"{width}x{height}\n{text_of(app)}")
    assert "\n\n".join(shown) == snapshot


async def test_without_colour_all_nine_statuses_differ_in_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_showing(STATE["nine"])
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        cards = set()
        for number in range(1, 10):
            await pilot.press(str(number))
            await settled(pilot)
            strips = app.screen._compositor.render_strips()
            styles = [segment.style for strip in strips for segment in strip if segment.style]
            assert not any(style.color and not style.color.is_default for style in styles)
            cards.add(rows(app)[1][40:64].replace(f"{number} ", ""))
        assert len(cards) == 9
