"""Saying anything to the CSMS from the dashboard: by form, as JSON, as a frame, and once more."""

from __future__ import annotations

import json

import pytest
from fake_host import FakeHost, available, charging, station
from screen_text import make_app, rows, settled, text_of, until
from textual.pilot import Pilot

from sim_core.commands import Refused, Send, SendFrame
from tui.acts.handing_in import HandingIn
from tui.acts.own_words import OwnWords
from tui.app import ChargeForgeApp
from tui.dashboard import Dashboard
from tui.dialogs.palette import Picker
from tui.dialogs.say import SaySheet
from tui.dialogs.sure import Sure
from tui.dialogs.text_editor import TextEditor

FREE = station([charging(1), available(2)])


async def ready(pilot: Pilot[int], app: ChargeForgeApp) -> None:
    await until(pilot, lambda: app.dashboard.focused is not None)
    await settled(pilot)


async def chosen(pilot: Pilot[int], app: ChargeForgeApp, action: str) -> None:
    await ready(pilot, app)
    await pilot.press("m")
    await until(pilot, lambda: isinstance(app.screen, Picker))
    await pilot.press(*action, "enter")
    await until(pilot, lambda: isinstance(app.screen, SaySheet))
    await until(pilot, lambda: "send it now" in text_of(app))


def said(host: FakeHost) -> tuple[str, object, bool]:
    (command,) = host.submitted
    assert isinstance(command, Send)
    return command.action, json.loads(command.payload), command.anyway


async def test_a_form_opens_with_the_facts_of_now_and_s_sends_it() -> None:
    app = make_app(host := FakeHost(FREE))
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "statusnot")
        assert "OCPP 1.6 allows it as it is" in text_of(app)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        payload = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
        assert said(host) == ("StatusNotification", payload, False)


async def test_fields_are_changed_chosen_and_left_out() -> None:
    app = make_app(host := FakeHost(FREE))
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "statusnot")
        await pilot.press("down", "down", "enter", "backspace", "2", "enter")  # connectorId
        await pilot.press("down", "enter")  # errorCode, from a list
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"overvolt", "enter")
        await until(pilot, lambda: isinstance(app.screen, SaySheet))
        await pilot.press("down", "d")  # status
        await until(pilot, lambda: '"status" is a required property' in text_of(app))
        await pilot.press("down", "enter", *"hot", "enter", "s")  # info
        await until(pilot, lambda: bool(host.submitted))
        payload = {"connectorId": 2, "errorCode": "OverVoltage", "info": "hot"}
        assert said(host) == ("StatusNotification", payload, False)


async def test_a_list_gets_one_more_item() -> None:
    app = make_app(host := FakeHost(FREE))
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "metervalues")
        await pilot.press("pagedown", "pagedown")
        await settled(pilot)
        row = next(n for n, text in enumerate(rows(app)) if "+ one more sampledValue" in text)
        await pilot.click(offset=(20, row))
        await pilot.click(offset=(20, row))
        await until(pilot, lambda: "sampledValue 2" in text_of(app))
        await pilot.press("s")
        await until(pilot, lambda: bool(host.submitted))
        _, payload, _ = said(host)
        assert isinstance(payload, dict)
        assert len(payload["meterValue"][0]["sampledValue"]) == 2
        assert payload["transactionId"] == 1042


async def test_what_is_not_allowed_is_asked_about_and_then_sent() -> None:
    app = make_app(host := FakeHost(FREE))
    host.answer = Refused("the [/] payload\x1b", may_insist=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "heartbeat")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Sure))
        assert "does not allow it: the [/] payload" in text_of(app)
        await pilot.press("enter")  # the focus is on going back
        await until(pilot, lambda: isinstance(app.screen, SaySheet))
        assert host.submitted == [Send("Heartbeat", "{}")]
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Sure))
        await pilot.press("y")
        await until(pilot, lambda: host.submitted[-1] == Send("Heartbeat", "{}", anyway=True))


async def test_a_refusal_stays_in_the_sheet() -> None:
    app = make_app(host := FakeHost(FREE))
    host.answer = Refused("there is no link to the CSMS: nothing can be sent")
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "heartbeat")
        await pilot.press("s")
        await until(pilot, lambda: "! There is no link to the CSMS" in text_of(app))
        assert isinstance(app.screen, SaySheet)


async def test_the_payload_as_json() -> None:
    app = make_app(host := FakeHost(FREE))
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "datatransfer")
        await pilot.press("j")
        await until(pilot, lambda: isinstance(app.screen, TextEditor))
        await pilot.press("x")
        await until(pilot, lambda: "not JSON" in text_of(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "nothing has changed" in text_of(app))
        await pilot.press("j")
        await until(pilot, lambda: isinstance(app.screen, TextEditor))
        await pilot.press("f7", *'{"vendorId":"me","odd":1}', "ctrl+s")
        await until(pilot, lambda: "unknown" in text_of(app))
        await pilot.press("s")
        await until(pilot, lambda: bool(host.submitted))
        assert said(host) == ("DataTransfer", {"vendorId": "me", "odd": 1}, False)


async def test_a_payload_that_is_no_object_is_sent_on_purpose_only() -> None:
    app = make_app(host := FakeHost(FREE))
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "heartbeat")
        await pilot.press("j")
        await until(pilot, lambda: isinstance(app.screen, TextEditor))
        await pilot.press("f7", *"[1]", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Sure))
        await pilot.press("left", "enter")
        await until(pilot, lambda: host.submitted == [Send("Heartbeat", "[1]", anyway=True)])


async def test_a_whole_frame_is_any_text() -> None:
    app = make_app(host := FakeHost(FREE))
    host.answer = Refused("it is not JSON", may_insist=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"whole", "enter")
        await until(pilot, lambda: isinstance(app.screen, TextEditor))
        await pilot.press("f7", *"junk", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Sure))
        assert host.submitted == [SendFrame("junk")]
        await pilot.press("y")
        await until(pilot, lambda: host.submitted[-1] == SendFrame("junk", anyway=True))


async def test_an_action_that_no_ocpp_has() -> None:
    app = make_app(host := FakeHost(FREE))
    async with app.run_test(size=(80, 24)) as pilot:
        await chosen(pilot, app, "Wave")
        assert "OCPP 1.6 has no such action" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: host.submitted == [Send("Wave", "{}")])


async def test_a_message_of_the_log_is_changed_and_sent_again() -> None:
    app = make_app(host := FakeHost(FREE))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await ready(pilot, app)
        await pilot.press("g")
        await until(pilot, lambda: app.dashboard.messages.selected.number == 1)  # type: ignore[union-attr]
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, SaySheet))
        await until(pilot, lambda: "chargePointModel" in text_of(app))
        await pilot.press("down", "down", "down", "enter", "X", "enter", "s")
        await until(pilot, lambda: bool(host.submitted))
        action, payload, _ = said(host)
        assert action == "BootNotification"
        assert payload == {"chargePointVendor": "Gresgying", "chargePointModel": "F3-EU180X"}
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        app.dashboard.messages.focus()
        await pilot.press("end", "up", "M")  # asked by the CSMS
        await until(pilot, lambda: "Only what the charge point has asked" in text_of(app))


@pytest.mark.parametrize("size", [(60, 16), (60, 20), (80, 24), (140, 40)])
async def test_it_fits(size: tuple[int, int]) -> None:
    nasty = "[/]\x1b[2J\u202e" * 9
    host = FakeHost(FREE)
    app = make_app(host)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        own_words = OwnWords(app, app.dashboard, HandingIn(app, lambda: None), lambda: nasty)
        own_words.open_message(nasty, {nasty: nasty, "a": [nasty, {"b": nasty}]})
        await until(pilot, lambda: isinstance(app.screen, SaySheet))
        await settled(pilot)
        await pilot.press("down", "down", "enter")
        await settled(pilot)
        await pilot.press("j")
        await settled(pilot)
        for screen in app.screen_stack:
            shown = [strip.text for strip in screen._compositor.render_strips()]
            assert {len(row) for row in shown} == {size[0]}
            assert not set("".join(shown)) & {"\x1b", "\u202e"}
