"""Answering the CSMS otherwise from the dashboard: the standing mark, the sheet, the questions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_host import NOW, FakeHost, station
from screen_text import make_app, rows, settled, text_of, until
from textual.pilot import Pilot

from sim_core.commands import AddRule, AnswerHeld, EndRule, Refused
from sim_core.snapshot import HeldRequest, RuleSnapshot
from tui.app import ChargeForgeApp
from tui.dashboard import Dashboard
from tui.dialogs.answers import AnswersSheet
from tui.dialogs.palette import Picker
from tui.dialogs.sure import Sure
from tui.dialogs.text_editor import TextEditor

RULE = RuleSnapshot(3, "Reset", "refuse", 1)
HELD = HeldRequest(8, "UnlockConnector", 2, NOW)
RULED = station(rules=(RULE, RuleSnapshot(4, "*", "delay", None, 5.0)), held=(HELD,))


async def opened(pilot: Pilot[int], app: ChargeForgeApp) -> None:
    await until(pilot, lambda: app.dashboard.focused is not None)
    await settled(pilot)
    await pilot.press("a")
    await until(pilot, lambda: isinstance(app.screen, AnswersSheet))
    await until(pilot, lambda: "new rule" in text_of(app))


async def asked(pilot: Pilot[int], app: ChargeForgeApp, words: str, *keys: str) -> None:
    """Answer the question that has these words."""
    await until(
        pilot,
        lambda: isinstance(app.screen, Picker) and words in app.screen.question.title,
    )
    await pilot.press(*keys, "enter")


async def test_a_mark_stands_as_long_as_the_csms_is_answered_otherwise() -> None:
    app = make_app(host := FakeHost(RULED))
    async with app.run_test(size=(120, 34)) as pilot:
        await until(pilot, lambda: "1 request waits for your answer" in text_of(app))
        assert "; the next Reset is refused; every request is delayed 5 s" in text_of(app)
        row = next(n for n, text in enumerate(rows(app)) if "waits for your answer" in text)
        await pilot.click(offset=(10, row))
        await until(pilot, lambda: isinstance(app.screen, AnswersSheet))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        host.snapshot = station()
        await until(pilot, lambda: "waits for your answer" not in text_of(app))


@pytest.mark.parametrize(
    ("way", "more", "often", "command"),
    [
        ("refused", (), ("enter",), AddRule("Reset", "refuse", 1)),
        ("delayed", ("seconds", "30"), ("down", "enter"), AddRule("Reset", "delay", 0, 30.0)),
        ("delayed", ("seconds", "2.5"), ("enter",), AddRule("Reset", "delay", 1, 2.5)),
        ("not answered", (), (*"12", "enter"), AddRule("Reset", "ignore", 12)),
        (
            "callerror",
            ("code", "GenericE"),
            ("enter",),
            AddRule("Reset", "callerror", 1, code="GenericError"),
        ),
        ("left to me", (), ("enter",), AddRule("Reset", "hand", 1)),
    ],
)
async def test_a_rule_is_made_by_three_short_questions(
    way: str, more: tuple[str, ...], often: tuple[str, ...], command: AddRule
) -> None:
    app = make_app(host := FakeHost(station()))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("n")
        await asked(pilot, app, "Which requests", *"reset")
        await asked(pilot, app, "Reset is to be", *way)
        if more:
            await asked(pilot, app, more[0], *more[1])
        await until(
            pilot,
            lambda: isinstance(app.screen, Picker) and "How often" in app.screen.question.title,
        )
        await pilot.press(*often)
        await until(pilot, lambda: host.submitted == [command])


async def test_a_payload_of_ones_own_is_written_and_insisted_on() -> None:
    app = make_app(host := FakeHost(station()))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("n")
        await asked(pilot, app, "Which requests", *"clearcache")
        await asked(pilot, app, "is to be", *"payload")
        await until(pilot, lambda: isinstance(app.screen, TextEditor))
        assert '"status": "Accepted"' in text_of(app)
        await pilot.press("f7", *'{"status":"Maybe"}', "ctrl+s")
        host.answer = Refused("not one of them", may_insist=True)
        await asked(pilot, app, "How often")
        await until(pilot, lambda: isinstance(app.screen, Sure))
        await pilot.press("y")
        rule = AddRule("ClearCache", "answer", 1, payload='{"status":"Maybe"}')
        await until(pilot, lambda: host.submitted == [rule, replace(rule, anyway=True)])


async def test_what_waits_is_answered_and_rules_are_ended() -> None:
    app = make_app(host := FakeHost(RULED))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        assert "UnlockConnector (connector 2) waits for you" in text_of(app)
        await pilot.press("enter")
        await asked(pilot, app, "Answer UnlockConnector", *"no")
        await until(pilot, lambda: host.submitted == [AnswerHeld("refuse", 8)])
        await until(pilot, lambda: isinstance(app.screen, AnswersSheet))
        await pilot.press("down", "d")
        await until(pilot, lambda: host.submitted[-1] == EndRule(3))
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: host.submitted[-1] == EndRule())


async def test_what_waits_is_at_an_evse_where_2_0_1_is_spoken() -> None:
    app = make_app(FakeHost(replace(RULED, subprotocol="ocpp2.0.1")))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        assert "UnlockConnector (EVSE 2) waits for you" in text_of(app)


async def test_a_refusal_stands_in_the_sheet() -> None:
    app = make_app(host := FakeHost(station()))
    host.answer = Refused("no answer to GetConfiguration can say no: take callerror")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter")
        await asked(pilot, app, "Which requests", *"getconf")
        await asked(pilot, app, "is to be")
        await asked(pilot, app, "How often")
        await until(pilot, lambda: "! No answer to GetConfiguration can say no" in text_of(app))


@pytest.mark.parametrize("size", [(60, 16), (60, 20), (80, 24), (140, 40)])
async def test_it_fits(size: tuple[int, int]) -> None:
    nasty = "[/]\x1b[2J\u202e" * 9
    picture = station(
        rules=(RuleSnapshot(1, nasty, "callerror", None, code=nasty),) * 3,
        held=(HeldRequest(8, nasty, None, NOW),),
    )
    app = make_app(FakeHost(picture))
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await settled(pilot)
        for screen in app.screen_stack:
            shown = [strip.text for strip in screen._compositor.render_strips()]
            assert {len(row) for row in shown} == {size[0]}
            assert not set("".join(shown)) & {"\x1b", "\u202e"}
