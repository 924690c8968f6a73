"""What the palette asks about a limit of others than the CSMS, and what an answer comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_host import FakeHost
from screen_text import make_app, settled, text_of, until

from sim_core.commands import ClearExternalLimit, SetExternalLimit
from tui.dialogs.external_limit import limit_of, which_limit
from tui.dialogs.palette import Picker
from tui.pictures.sheet_states import BY_OTHERS, FREE


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("20", SetExternalLimit(20_000)),
        ("7.4 SO", SetExternalLimit(7_400, "SO")),
        ("0kW other 2", SetExternalLimit(0, "Other", 2)),
        ("20 so 1 critical", SetExternalLimit(20_000, "SO", 1, grid_critical=True)),
        ("", None),
        ("many", None),
        ("-5", None),
        ("1e9", None),
        ("9999999", None),
        ("20 CSO", None),
        ("20 SO one", None),
        ("20 SO 1 critical now", None),
    ],
)
def test_what_is_typed_is_kilowatts_and_whose(typed: str, command: object) -> None:
    assert limit_of(typed) == command


def test_every_example_means_what_it_says() -> None:
    asked = which_limit(FREE)
    assert [limit_of(choice.value) is not None for choice in asked.question.choices] == [True] * 3


async def test_a_limit_is_typed_and_one_that_stands_is_lifted() -> None:
    app = make_app(host := FakeHost(BY_OTHERS))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        app.press("external_limit")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await settled(pilot)
        assert "lift grid operator: 20 kW, all together" in text_of(app)
        assert "lift energy manager: 15 kW, connector 2" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: host.submitted == [ClearExternalLimit("EMS", 2)])
        app.press("external_limit")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"7.4", "space", *"so", "enter")
        await until(pilot, lambda: host.submitted[1:] == [SetExternalLimit(7_400, "SO")])


async def test_where_others_are_ignored_that_is_said_at_once() -> None:
    why = "the charge point ignores others than the CSMS"
    app = make_app(host := FakeHost(replace(FREE, refusals={"external_limit": why})))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        app.press("external_limit")
        await until(pilot, lambda: why[1:] in text_of(app))
        assert host.submitted == []
