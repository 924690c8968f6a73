"""The messages: one row per exchange, in columns, on the charge point's own clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fake_host import NOW, FakeHost, Story, available, station
from screen_text import make_app, rows, settled, text_of, until

from sim_core.wire.message_log import Direction, Exchange
from tui.look import Look
from tui.message_pane import row_line
from tui.painted import Line, line_width

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
    host = FakeHost(station([available(n) for n in range(1, 13)]), story=())
    for number in (2, 12):
        status = {"connectorId": number, "status": "Faulted", "errorCode": "NoError"}
        host.tell(5, Direction.SENT, "StatusNotification", status, {}, 0.01, number)
    app = make_app(host)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        here = [row for row in rows(app) if "StatusNotification" in row]
        assert len(here) == 2
        assert " 2  Faulted" in here[0]
        assert len({row.index("Faulted") for row in here}) == 1


# -- one clock -------------------------------------------------------------------------------------

AHEAD = timedelta(hours=5, minutes=17)
OPEN: Story = (3, Direction.SENT, "Heartbeat", {}, None, 0.0, None)


async def test_rows_header_and_inspector_go_by_the_clock_of_the_charge_point() -> None:
    host = FakeHost(station([available(1)], clock_ahead_s=AHEAD.total_seconds()), story=(OPEN,))
    host.moment = NOW + AHEAD  # what the charge point takes for now; the log keeps NOW - 3 s
    app = make_app(host)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        assert "19:50:06" in rows(app)[0]
        row = next(row for row in rows(app) if "Heartbeat" in row and "waiting" in row)
        assert "19:50:03" in row
        assert "3.0s" in row  # and not five hours
        app.press("inspect")
        await until(pilot, lambda: "waiting for 3 s" in text_of(app))
        assert "19:50:03.000" in text_of(app)


async def test_the_age_of_a_waiting_row_counts_up() -> None:
    app = make_app(host := FakeHost(station([available(1)]), story=(OPEN,)))
    async with app.run_test(size=(80, 24)) as pilot:
        for seconds, age in ((0, "3.0s"), (1.5, "4.5s"), (20, "23s")):
            host.moment = NOW + timedelta(seconds=seconds)
            await settled(pilot)
            assert age in next(row for row in rows(app) if "waiting" in row)
