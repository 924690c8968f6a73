"""The messages: one row per exchange, in columns, on the charge point's own clock."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from fake_host import NOW, FakeHost, ScriptedExchange, available, station
from screen_text import make_app, rows, settled, text_of, until

from sim_core.wire.message_log import Direction, Exchange, ExchangeState
from tui import text
from tui.app import ChargeForgeApp
from tui.look import Look
from tui.widgets.line_widget import Line, line_width
from tui.widgets.message_row import row_line

WIDTHS = (58, 78, 118, 198)


def shown(line: Line) -> str:
    return "".join(span.text for span in line)


def status_row(connector_id: int | None) -> Exchange:
    return Exchange(
        1,
        Direction.SENT,
        "StatusNotification",
        "m1",
        '[2,"m1","StatusNotification",{"status":"Faulted","errorCode":"NoError"}]',
        NOW,
        connector_id=connector_id,
    )


# -- columns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", WIDTHS)
@pytest.mark.parametrize("connector_id", [1, 9, 10, 12, 64, 100, 9999])
def test_the_number_of_a_connector_stands_apart_from_the_text(
    connector_id: int, cells: int
) -> None:
    line = row_line(status_row(connector_id), NOW, cells, Look())
    assert line_width(line) == cells
    assert f" {connector_id} Faulted" in shown(line)


@pytest.mark.parametrize("cells", WIDTHS)
def test_no_number_breaks_the_row(cells: int) -> None:
    line = row_line(status_row(2**63 - 1), NOW, cells, Look())
    assert line_width(line) == cells
    assert "… Fault" in shown(line)


async def test_all_rows_share_one_column_of_connectors() -> None:
    host = FakeHost(station([available(n) for n in range(1, 13)]), exchanges=())
    for number in (2, 12):
        status = {"connectorId": number, "status": "Faulted", "errorCode": "NoError"}
        host.add(5, Direction.SENT, "StatusNotification", status, {}, 0.01, number)
    app = make_app(host)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        here = [row for row in rows(app) if "StatusNotification" in row]
        assert len(here) == 2
        assert " 2  Faulted" in here[0]
        assert len({row.index("Faulted") for row in here}) == 1


def answered(action: str, request: object, answer: object, trouble: str = "", **more: Any) -> str:
    """A row of an exchange that was answered, at 80 columns."""
    failed = isinstance(answer, list)
    exchange = Exchange(
        1,
        Direction.RECEIVED,
        action,
        "m1",
        json.dumps([2, "m1", action, request]),
        NOW,
        answer=json.dumps(answer if failed else [3, "m1", answer]),
        latency_s=0.001,
        state=ExchangeState.ERROR if failed else ExchangeState.ANSWERED,
        trouble=trouble,
    )
    return shown(row_line(exchange, NOW, 78, Look(), **more))


def test_what_is_refused_or_fails_says_why_and_answers_keep_their_column() -> None:
    plain = answered("ClearCache", {}, {"status": "Accepted"})
    column = plain.index("Accepted")
    refused = answered(
        "RemoteStartTransaction", {"idTag": "T1"}, {"status": "Rejected"}, "it is Faulted"
    )
    assert "T1 · it is Faulted" in refused
    told = {"status": "Rejected", "statusInfo": {"reasonCode": "TxNotFound"}}
    of_201 = answered("RequestStopTransaction", {}, told, subprotocol="ocpp2.0.1")
    assert "TxNotFound" in of_201
    broken = answered(
        "DataTransfer", {"vendorId": "acme"}, [4, "m1", "InternalError", "no disk", {}], "Internal"
    )
    assert broken.startswith("!14:33:06")
    assert "acme · no disk" in broken
    long = answered("BootNotification", {}, {"status": "Accepted", "interval": 86_400})
    assert "Accepted 86400 s" in long
    assert {row.index(word) for row, word in (
        (refused, "Rejected"), (of_201, "Rejected"), (broken, "! Int"), (long, "Accepted 8")
    )} == {column}  # fmt: skip


@pytest.mark.parametrize(
    ("later", "form"), [(timedelta(minutes=12), "%H:%M"), (timedelta(days=2), "%m-%d %H:%M")]
)
@pytest.mark.parametrize("subprotocol", ["ocpp1.6", "ocpp2.0.1"])
def test_until_when_is_a_time_of_today_or_has_its_day(
    later: timedelta, form: str, subprotocol: str
) -> None:
    until = NOW + later
    request = {
        "idTag": "T1",
        "idToken": {"idToken": "T1"},
        **dict.fromkeys(("expiryDate", "expiryDateTime"), f"{until:%Y-%m-%dT%H:%M:%S}.250Z"),
    }
    row = answered("ReserveNow", request, {"status": "Accepted"}, subprotocol=subprotocol)
    assert f"T1 until {until.astimezone():{form}}   " in row


@pytest.mark.parametrize("until", ["soon", "2026-01-01T25:00:00Z", "0001-01-01T00:00:00+14:00", 7])
def test_what_is_no_moment_is_shown_as_it_came(until: object) -> None:
    request = {"idTag": "T1", "expiryDate": until}
    row = answered("ReserveNow", request, {"status": "Accepted"}, subprotocol="ocpp1.6")
    assert f"T1 until {str(until)[:10]}" in row


def test_a_fault_has_a_mark_and_what_comes_all_the_time_stands_back() -> None:
    assert shown(row_line(status_row(1), NOW, 78, Look())).startswith("!14:33:06")
    host = FakeHost(station([available(1)]), exchanges=())
    told(host, "Heartbeat", "Authorize")
    heartbeat, authorize = (
        {span.role for span in row_line(one, NOW, 78, Look()) if one.action in span.text}
        for one in host.messages.since(0)[1]
    )
    assert (heartbeat, authorize) == ({"muted"}, {"text"})


async def test_rules_part_days_and_sessions_and_the_cursor_stays_in_sight() -> None:
    host = FakeHost(station([available(1)]), exchanges=())
    for ago in (86_400, 60, 50, 40):
        host.add(ago, Direction.SENT, "StartTransaction", {"idTag": "T"}, {}, 0.01, 1)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        seen = [row.strip(" │─") for row in rows(app)[9:18]]
        assert seen[0] == seen[3] == "a session at connector 1"
        assert seen[2] == "Thu 1 January 2026"
        assert "StartTransaction" in seen[1]
        told(host, *["Heartbeat"] * 8)
        await pilot.press("tab", "g")
        for _ in range(11):
            await settled(pilot)
            chosen = app.dashboard.messages.selected
            assert chosen is not None
            time = text.clock_time(chosen.requested_at)
            assert any(time in row for row in rows(app)[8:-1])
            await pilot.press("down")


# -- one clock -------------------------------------------------------------------------------------

AHEAD = timedelta(hours=5, minutes=17)
OPEN: ScriptedExchange = (3, Direction.SENT, "Heartbeat", {}, None, 0.0, None)


async def test_rows_header_and_inspector_go_by_the_clock_of_the_charge_point() -> None:
    host = FakeHost(station([available(1)], clock_ahead_s=AHEAD.total_seconds()), exchanges=(OPEN,))
    host.moment = NOW + AHEAD  # what the charge point takes for now; the log keeps NOW - 3 s
    app = make_app(host)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        assert "19:50:06" in rows(app)[0]
        row = next(row for row in rows(app) if "Heartbeat" in row and "waiting" in row)
        assert "19:50:03" in row
        assert "3.0 s" in row  # and not five hours
        app.press("inspect")
        await until(pilot, lambda: "waiting for 3 s" in text_of(app))
        assert "19:50:03.000" in text_of(app)


async def test_the_age_of_a_waiting_row_counts_up() -> None:
    app = make_app(host := FakeHost(station([available(1)]), exchanges=(OPEN,)))
    async with app.run_test(size=(80, 24)) as pilot:
        for seconds, age in ((0, "3.0 s"), (1.5, "4.5 s"), (20, "23 s")):
            host.moment = NOW + timedelta(seconds=seconds)
            await settled(pilot)
            assert age in next(row for row in rows(app) if "waiting" in row)


# -- hiding, dimming, seeking ----------------------------------------------------------------------


def told(host: FakeHost, *actions: str) -> None:
    """Answered requests of these actions, a second after one another."""
    for place, action in enumerate(actions):
        host.add(len(actions) - place, Direction.SENT, action, {}, {}, 0.01)


def in_sight(app: ChargeForgeApp) -> list[int]:
    """The numbers of the exchanges whose rows are on the screen, as they stand there."""
    pane = app.dashboard.messages
    return pane._rows[pane._top : pane._top + pane._page]


def dimmed(app: ChargeForgeApp, word: str) -> bool:
    """Whether the row with this word is drawn faint."""
    pane = app.dashboard.messages
    line = next(line for line in pane._lines if word in shown(line))
    return all(span.role == "faint" for span in line[1:-1])


async def test_h_hides_what_does_not_match_or_dims_it() -> None:
    host = FakeHost(station([available(1)]), exchanges=())
    told(host, "Heartbeat", "Authorize", "Heartbeat")
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"auth", "enter")
        await settled(pilot)
        assert "Heartbeat" not in text_of(app)
        assert "1 of 3 messages" in text_of(app)
        await pilot.press("h")
        await settled(pilot)
        assert "(others dimmed)" in text_of(app)
        assert text_of(app).count("Heartbeat") == 2
        assert dimmed(app, "Heartbeat")
        assert not dimmed(app, "Authorize")
        await pilot.press("h")
        await settled(pilot)
        assert "Heartbeat" not in text_of(app)


async def test_n_lands_on_the_very_next_match_and_goes_round() -> None:
    host = FakeHost(station([available(1)]), exchanges=())
    told(host, *("Authorize", "Heartbeat", "Authorize", "Heartbeat", "Heartbeat", "Authorize"))
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"auth", "enter", "h")
        pane = app.dashboard.messages

        async def lands(key: str) -> int:
            await pilot.press(key)
            await settled(pilot)
            assert pane.selected is not None
            return pane.selected.number

        assert [await lands("n") for _ in range(4)] == [1, 3, 6, 1]
        assert [await lands("N") for _ in range(4)] == [6, 3, 1, 6]
        await pilot.press("up")
        assert await lands("n") == 6
        await pilot.press("up", "up")
        assert await lands("N") == 3


# -- pausing, forgetting ---------------------------------------------------------------------------

KEPT = 40


async def test_paused_rows_stand_still_while_old_ones_go_and_new_ones_come() -> None:
    host = FakeHost(station([available(1)]), exchanges=())
    told(host, *["Heartbeat"] * KEPT)
    app = make_app(host, log_size=KEPT)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("space", "up", "up")
        await settled(pilot)
        before, selected = in_sight(app), app.dashboard.messages.selected
        rows_before = [row[:-1] for row in rows(app) if "Heartbeat" in row]
        for _ in range(KEPT - len(before)):
            told(host, "Authorize")
            await settled(pilot)
            assert in_sight(app) == before
            assert app.dashboard.messages.selected == selected
        assert [row[:-1] for row in rows(app) if "Heartbeat" in row] == rows_before
        assert f"+{KEPT - len(before)} new" in text_of(app)


async def test_what_was_forgotten_stays_away() -> None:
    host = FakeHost(station([available(1)]), exchanges=(OPEN,))
    app = make_app(host, log_size=KEPT)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        told(host, *["Authorize"] * KEPT)
        await settled(pilot)
        pane = app.dashboard.messages
        assert len(pane.shown) == KEPT
        host.messages.close(1, ExchangeState.ANSWERED, answer='[3,"m1",{}]', latency_s=9.0)
        await settled(pilot)
        await pilot.press("g")
        await settled(pilot)
        assert [one.number for one in pane.shown] == list(range(2, KEPT + 2))
        assert "Heartbeat" not in text_of(app)


async def test_a_click_on_following_pauses_and_on_paused_follows() -> None:
    host = FakeHost(station([available(1)]), exchanges=())
    told(host, *["Heartbeat"] * KEPT)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)

        async def click(word: str) -> None:
            row = next(y for y, text in enumerate(rows(app)) if word in text)
            await pilot.click(offset=(rows(app)[row].index(word) + 1, row))
            await settled(pilot)

        await click("following")
        assert not app.dashboard.messages.following
        assert "paused" in text_of(app)
        told(host, "Authorize")
        await settled(pilot)
        await click("paused")
        assert app.dashboard.messages.following
        assert "Authorize" in text_of(app)


async def test_a_click_on_a_row_selects_it_and_a_second_one_looks_into_it() -> None:
    host = FakeHost(station([available(1)]), exchanges=())
    told(host, "Heartbeat", "Authorize", "BootNotification")
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for inspecting in (False, True):
            row = next(y for y, text in enumerate(rows(app)) if "Authorize" in text)
            await pilot.click(offset=(20, row))
            await settled(pilot)
            assert app.dashboard.has_class("-inspecting") is inspecting
            selected = app.dashboard.messages.selected
            assert selected is not None
            assert selected.action == "Authorize"


def pressable(app: ChargeForgeApp) -> dict[str, tuple[int, int]]:
    """Where each thing is that can be clicked."""
    places: dict[str, tuple[int, int]] = {}
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            press = (segment.style.meta if segment.style else {}).get("press", "")
            if press:
                places.setdefault(press, (x, y))
            x += segment.cell_length
    return places


@pytest.mark.parametrize("count", [2, 12])
async def test_whatever_can_be_clicked_can_be_clicked(count: int) -> None:
    app = make_app(FakeHost(station([available(n) for n in range(1, count + 1)])))
    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        places = pressable(app)
        assert {"plug", "help", "follow"} <= set(places)
        assert any(press.startswith("row ") for press in places)
        for press in places:
            if press not in ("shell", "quit"):
                here = pressable(app)
                if press in here:
                    await pilot.click(offset=here[press])
                    await settled(pilot)
                while len(app.screen_stack) > 1:
                    await pilot.press("escape")
                    await settled(pilot)
        assert app.is_running
        assert "CP01" in rows(app)[0]
