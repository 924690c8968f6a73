"""The dashboard beside a real charger, as a person meets it: real sockets behind real keys."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from screen_text import rows, settled, text_of
from screen_text import until as soon
from textual.pilot import Pilot

from sim_core.bedside.commands import COMMANDS
from sim_core.bedside.verdicts import Mark, Verdict, VerdictPicture
from tests.bedside.test_bedside import bedside, charger, is_open, relayed, until
from tests.bedside.test_twin import beside
from tests.lockstep.metal import all_but, metal
from tests.patience import PATIENCE_S
from tests.traces.tales import START
from tui.bedside.app import BedsideApp
from tui.bedside.keys import METAL_FOOTER, METAL_ROWS, ON_SCREEN, metal_keymap
from tui.bedside.questions import next_word
from tui.bedside.twin import differences
from tui.keymap import ROWS
from tui.look import Look
from tui.saved_view import LoadedView


def app_of(made: Any) -> BedsideApp:
    return BedsideApp(made, ascii=False, keys=metal_keymap(), recalled=LoadedView())


async def typed(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def test_each_command_has_a_row_and_each_row_a_place() -> None:
    rows_of_commands = {row.id for row in METAL_ROWS if row.refusal}
    assert rows_of_commands == {kind.name for kind in COMMANDS}
    keys = metal_keymap()
    assert all(row in keys.row for item in METAL_FOOTER for row in item.rows)


def test_no_key_means_two_things_and_none_is_that_of_a_driver() -> None:
    keys = metal_keymap()
    taken = [key for row in keys.rows for key in row.keys]
    assert len(taken) == len(set(taken))
    assert not [row.id for row in keys.rows if row.command is not None]
    assert {row.id for row in ROWS} >= ON_SCREEN


async def test_what_is_not_known_is_a_dash() -> None:
    async with bedside() as made, charger(made) as metal:
        app = app_of(made)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await metal.call(
                "StatusNotification", connectorId=1, status="Available", errorCode="NoError"
            )
            await soon(pilot, lambda: "Available" in text_of(app))
            await soon(pilot, lambda: "CP01 online" in rows(app)[0])
            assert "sent" not in rows(app)[0]
            await soon(pilot, lambda: "1 ○ Available" in rows(app)[1])
            card = "\n".join(rows(app)[1:8])
            assert "meter - kWh" in card
            assert "- kWh" in card
            assert "0.0" not in card


async def test_a_key_asks_first_and_enter_goes_back() -> None:
    async with relayed() as (behind, made, metal):
        await is_open(made)
        app = app_of(made)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await soon(pilot, lambda: "CP01" in rows(app)[0])
            await typed(pilot, "u")
            assert "Unlock connector 1? What charges there ends." in text_of(app)
            await typed(pilot, "enter")
            await typed(pilot, "u", "down", "enter")
            message_id, action, payload = await metal.asked()
            assert (action, payload) == ("UnlockConnector", {"connectorId": 1})
            await metal.answer(message_id, status="UnlockFailed")
            await soon(pilot, lambda: "answers UnlockFailed" in text_of(app))
            assert "⇐ UnlockConnector" in text_of(app)
            await metal.call("Heartbeat")
            assert [json.loads(text)[2] for text in behind.heard] == ["Heartbeat"]


@pytest.mark.parametrize(
    ("keys", "action", "payload"),
    [
        (
            ("s", "enter", "down", "enter"),
            "RemoteStartTransaction",
            {"connectorId": 1, "idTag": "MY_TAG"},
        ),
        (("R", "down", "enter", "down", "enter"), "Reset", {"type": "Hard"}),
        (
            ("m", *"Status", "enter", "down", "enter"),
            "TriggerMessage",
            {"requestedMessage": "StatusNotification", "connectorId": 1},
        ),
        (("i", "enter", "down", "enter"), "GetConfiguration", {}),
        (
            ("I", *"Own", "enter", *"17", "enter", "down", "enter"),
            "ChangeConfiguration",
            {"key": "Own", "value": "17"},
        ),
        (
            ("a", "down", "enter", "y", "enter"),
            "ChangeAvailability",
            {"connectorId": 1, "type": "Inoperative"},
        ),
    ],
)
async def test_every_command_goes_out_as_it_was_put_together(
    keys: tuple[str, ...], action: str, payload: dict[str, object]
) -> None:
    async with bedside() as made, charger(made) as metal:
        await is_open(made)
        app = app_of(made)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await soon(pilot, lambda: "CP01" in rows(app)[0])
            await typed(pilot, *keys)
            message_id, asked, sent = await metal.asked()
            assert (asked, sent) == (action, payload)
            await metal.answer(message_id, status="Accepted")
            await soon(pilot, lambda: f"{action}: the charger answers" in text_of(app))


async def test_look_only_says_so_and_dims_the_keys() -> None:
    async with bedside("--look-only") as made, charger(made):
        await is_open(made)
        app = app_of(made)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await soon(pilot, lambda: "CP01" in rows(app)[0])
            await typed(pilot, "R")
            assert "--look-only" in text_of(app)
            assert "· Unlock" in text_of(app)


async def test_one_key_to_the_next_charger() -> None:
    async with bedside() as made, charger(made, "A") as one, charger(made, "B") as two:
        await one.call("Heartbeat")
        await two.call("BootNotification", chargePointVendor="v", chargePointModel="m")
        app = app_of(made)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await soon(pilot, lambda: "A 1/2 online" in rows(app)[0])
            assert "Heartbeat" in text_of(app)
            await typed(pilot, "]")
            await soon(pilot, lambda: "B 2/2 online" in rows(app)[0])
            assert "BootNotification" in text_of(app)
            assert "Heartbeat " not in text_of(app)
            await typed(pilot, "]")
            await soon(pilot, lambda: "A 1/2 online" in rows(app)[0])


async def test_leaving_asks_where_a_charger_would_lose_its_csms() -> None:
    async with bedside() as made, charger(made):
        await is_open(made)
        app = app_of(made)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await soon(pilot, lambda: "CP01" in rows(app)[0])
            await typed(pilot, "q")
            assert "Quit? CP01 would lose the CSMS" in text_of(app)
            await typed(pilot, "enter")
            assert app.is_running
            await typed(pilot, "q", "down", "enter")
            await asyncio.sleep(0)
        assert app.return_code == 0


async def test_hostile_words_of_a_charger_draw_nothing_but_themselves() -> None:
    async with relayed() as (_, made, _), charger(made, "%1b%5b31m%E0%B8%81") as metal:
        app = app_of(made)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await soon(pilot, lambda: len(made.hosts) == 2)
            await soon(pilot, lambda: "1/2" in rows(app)[0])
            await typed(pilot, "]")
            await metal.call(
                "StatusNotification",
                connectorId=1,
                status="\x1b[31m[red]",
                errorCode="\u202eOther",
                info="[/]" * 20,
            )
            await metal.call("StartTransaction", connectorId=1, idTag="การ์ด\x07", meterStart=0)
            await soon(pilot, lambda: "\\x1b[31m" in text_of(app))
            assert "\x1b" not in text_of(app)


def test_a_word_is_asked_for_until_none_is_missing() -> None:
    from sim_core.bedside.commands import MetalCommand

    for spoken, known in (("ocpp1.6", "HeartbeatInterval"), ("ocpp2.0.1", "TxCtrlr.TxStopPoint")):
        first = next_word(MetalCommand("change_configuration"), ["A"], spoken)
        second = next_word(MetalCommand("change_configuration", 0, ("k",)), ["A"], spoken)
        assert first is not None
        assert known in [choice.value for choice in first.choices]
        assert second is not None
        both = MetalCommand("change_configuration", 0, ("k", "v"))
        assert next_word(both, ["A"], spoken) is None


# -- the twin --------------------------------------------------------------------------------------


async def test_what_the_twin_says_otherwise_is_marked_and_one_key_away() -> None:
    said = await asyncio.to_thread(metal, 131, all_but("two_entry_stop_data"))
    async with beside(said) as line:
        keys = metal_keymap(twin=True)
        app = BedsideApp(line.made, ascii=False, keys=keys, recalled=LoadedView())
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await line.say(said)
            await until(lambda: line.verdicts.differing, PATIENCE_S)
            await soon(pilot, lambda: "≠ 1 not" in rows(app)[0])
            (verdict,) = line.verdicts.differences
            marked = [row for row in rows(app) if "StopTransaction" in row and "≠" in row]
            assert len(marked) == 1
            assert any("=" in row and "MeterValues" in row for row in rows(app))
            await typed(pilot, "d")
            await soon(pilot, lambda: "Not as its twin" in text_of(app))
            assert "habit two_entry_stop_data" in text_of(app)
            await typed(pilot, "enter")
            await soon(pilot, lambda: "- the charger" in text_of(app))
            assert app.dashboard.inspector.exchange is not None
            assert app.dashboard.inspector.exchange.number == verdict.row
            assert "≠ the charger has not the twin's habit" in text_of(app)
            assert "transactionData" in text_of(app)


def test_why_there_is_no_message_to_look_into() -> None:
    opened: list[int] = []

    def look_into(number: int) -> str:
        opened.append(number)
        return ""

    (act,) = differences(Look(), VerdictPicture, look_into).acts
    how_often = Verdict("how often x", START, Mark.DIFFERS, "MeterValues", habits=("x",))
    assert act.do(how_often).startswith("It shows in how often it happens")
    assert act.do(replace(how_often, mark=Mark.ONLY_TWIN)).startswith("Only the twin says it")
    assert act.do(replace(how_often, row=3)) == ""
    assert opened == [3]


async def test_without_a_twin_there_is_no_key_for_it() -> None:
    assert "differences" not in metal_keymap().row
    assert metal_keymap(twin=True).row["differences"].keys == ("d",)
