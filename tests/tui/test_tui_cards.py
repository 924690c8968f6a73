"""What a card says in every state of a connector, and what the demo's caption bar says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fake_host import NOW, RAMP, FakeHost, available, charging, faulted, station
from hypothesis import given
from hypothesis import strategies as st
from screen_text import make_app, rows, settled, text_of, until

from sim_core.snapshot import (
    ConnectorSnapshot,
    ConnectorState,
    ExternalLimit,
    FaultSnapshot,
    FirmwareSnapshot,
    ProfileSnapshot,
    ReservationSnapshot,
    SessionSnapshot,
    UploadSnapshot,
)
from sim_core.story import Caption
from tui.look import ASCII_DIGITS, DIGITS, Look
from tui.widgets.caption_bar import caption_lines, caption_rows
from tui.widgets.connector_card import CardView, card_lines
from tui.widgets.connector_table import table_line
from tui.widgets.line_widget import Line, line_width
from tui.widgets.progress import progress_lines

COMPACT, TALL = (40, 7), (70, 12)
RESERVED = ReservationSnapshot(7, "A" * 20, None, NOW + timedelta(minutes=12))
PROFILE = ProfileSnapshot(11_000.0, "TxProfile", 5, 2, 16.0, "A", NOW + timedelta(minutes=27))
BROKEN = FaultSnapshot("GroundFailure", "E-41", "leak", NOW - timedelta(seconds=46))
PAUSED = charging(state=ConnectorState.PAUSED_BY_VEHICLE, power_w=0.0, limited_by="", refusals={})


def words(line: Line) -> str:
    return "".join(span.text for span in line)


def card(connector: ConnectorSnapshot, size: tuple[int, int] = COMPACT, ascii: bool = False) -> str:
    lines = card_lines(CardView(connector, NOW), *size, Look(ascii))
    return "\n".join(words(line) for line in lines)


@pytest.mark.parametrize("size", [COMPACT, TALL])
@pytest.mark.parametrize(
    ("connector", "said"),
    [
        (available(), ("p plugs in a vehicle",)),
        (
            available(state=ConnectorState.PREPARING, plugged=True, refusals={}),
            ("s starts charging",),
        ),
        (
            available(
                state=ConnectorState.PREPARING,
                plugged=True,
                vehicle="Saloon 82",
                identifying=True,
                refusals={},
            ),
            ("reads who it is, starts by itself",),
        ),
        (
            available(
                state=ConnectorState.PREPARING, token="T1", plug_by=NOW + timedelta(seconds=44)
            ),
            ("T1 waits for plug 44 s", "p plugs its vehicle in"),
        ),
        (
            available(state=ConnectorState.PREPARING, plugged=True, authorizing=True, token="T1"),
            ("asking about card T1",),
        ),
        (charging(limited_by="cabinet", limit_w=30_000.0), ("limited by cabinet 30 kW",)),
        (charging(limited_by="profile", limit_w=11_000.0), ("limited by profile 11 kW",)),
        (charging(limited_by="grid operator", limit_w=0.0), ("limited by grid operator 0 kW",)),
        (PAUSED, ("r resumes, x stops", "VID:000000000001", "SoC")),
        (
            replace(PAUSED, refusals={"resume": "it takes nothing by itself"}),
            ("it takes nothing now, x stops",),
        ),
        (available(state=ConnectorState.ENDED, plugged=True), ("p unplugs the vehicle",)),
        (
            available(state=ConnectorState.RESERVED, reservation=RESERVED),
            (f"for {'A' * 20} until 14:45", "p plugs in, S starts with the card"),
        ),
        (
            available(state=ConnectorState.OUT_OF_SERVICE, operative=False),
            ("taken out of service",),
        ),
        (
            faulted(fault=BROKEN),
            ("GroundFailure since 14:32:20", "E-41 · leak"),
        ),
        (charging(scheduled_availability="Inoperative"), ("Unavailable",)),
    ],
)
def test_a_card_says_what_is_and_what_to_do_next(
    connector: ConnectorSnapshot, said: tuple[str, ...], size: tuple[int, int]
) -> None:
    shown = card(connector, size)
    for sentence in said:
        assert sentence in shown


def test_what_waits_for_the_end_of_the_session_stands_beside_the_limit() -> None:
    foot = card(
        charging(scheduled_availability="Inoperative", limited_by="cabinet", limit_w=30_000.0)
    ).split("\n")[-1]
    assert "then Unavailable" in foot
    assert "cabinet 30 kW" in foot


def test_a_tall_card_names_the_profile_the_fault_and_the_scale() -> None:
    assert "TxProfile 5 allows 11 kW (16 A) until 15:00:06" in card(
        charging(limited_by="profile", limit_w=11_000.0, profile=PROFILE), TALL
    )
    limit = ExternalLimit("SO", 20_000.0, 0, True, NOW)
    limited = charging(limited_by=limit.whose, limit_w=5_000.0, external=limit)
    assert "grid operator allows 20 kW in all, critical for the grid" in card(limited, TALL)
    shown = card(faulted(fault=BROKEN), TALL)
    assert "the ground-fault protection tripped" in shown
    assert "F clears the fault" in shown
    assert "60 kW" in card(charging(), TALL)
    assert "0 kW" in card(charging(), TALL)


def test_none_is_told_from_steady_and_from_nothing_yet() -> None:
    trace = card(replace(charging(), trace_w=(0.0,) * 40 + (5.0,) * 40), TALL).split("\n")[10]
    assert "________▁▁▁▁▁▁▁▁" in trace
    assert "_" not in card(replace(charging(), trace_w=()), TALL)


@pytest.mark.parametrize(
    ("known", "words"),
    [(0, ""), (4, ""), (94, "last 1:30 min"), (10_000, "last 5 min")],
)
def test_a_trace_says_how_much_it_shows(known: int, words: str) -> None:
    foot = card(charging(trace_w=(9.0,) * known), TALL).split("\n")[-1]
    assert (words in foot) if words else ("last" not in foot)
    slow = card(charging(trace_w=(9.0,) * 94, trace_step_s=60), TALL).split("\n")[-1]
    assert "last 90 min" in slow


def test_a_limit_that_moves_with_the_power_has_no_figure() -> None:
    foot = card(charging(limited_by="ramp", limit_w=12_345.0)).split("\n")[-1]
    assert "ramping up ─" in foot


UNIT = re.compile(r" (kWh|kW|V|A)\b|SoC|in \d\d:|meter")


def places(shown: str) -> list[list[int]]:
    """Where the units are, row by row, but for that of the figure with which a row begins."""
    return [[found.start() for found in UNIT.finditer(row)][1:] for row in shown.split("\n")]


@given(
    st.floats(0, 360_000),
    st.floats(0, 99_999),
    st.floats(0, 1_000),
    st.floats(0, 500),
    st.sampled_from([COMPACT, TALL, (58, 7), (100, 30)]),
)
def test_numbers_never_move_their_neighbours(
    power: float, energy: float, volts: float, amperes: float, size: tuple[int, int]
) -> None:
    session = charging().transaction
    assert session is not None
    other = charging(
        power_w=power,
        voltage_v=volts,
        current_a=amperes,
        transaction=replace(session, energy_wh=energy),
    )
    assert places(card(charging(), size)) == places(card(other, size))


@pytest.mark.parametrize("figures", [DIGITS, ASCII_DIGITS])
def test_large_figures_differ_and_are_of_one_size(figures: dict[str, tuple[str, ...]]) -> None:
    assert len(set(figures.values())) == len(figures)
    for char, shape in figures.items():
        assert {len(row) for row in shape} == {1 if char == "." else 3}


def test_a_narrow_row_of_the_table_keeps_the_fault_readable() -> None:
    for cells in (60, 79, 100, 140):
        line = table_line(CardView(faulted(), NOW), cells, Look())
        assert line_width(line) == cells
        assert "GroundFailure" in words(line)


# -- another OCPP ----------------------------------------------------------------------------------

OCCUPIED = {
    ConnectorState.PREPARING: ("◔", "s starts charging"),
    ConnectorState.CHARGING: ("▶", "x stops, E by the EV"),
    ConnectorState.PAUSED_BY_VEHICLE: ("‖", "r resumes, x stops"),
    ConnectorState.PAUSED_BY_CHARGER: ("‖", "r resumes, x stops"),
    ConnectorState.ENDED: ("◕", "p unplugs the vehicle"),
}


@pytest.mark.parametrize("state", OCCUPIED)
def test_a_card_goes_by_the_state_whatever_the_protocol_calls_it(state: ConnectorState) -> None:
    glyph, hint = OCCUPIED[state]
    occupied = charging(state=state, status="Occupied", refusals={}, limited_by="")
    shown = card(occupied, (70, 7))
    assert shown.startswith(("╭─", "┏━"))
    assert f"1 {glyph} Occupied " in shown
    assert hint in shown
    assert ("Resume" in shown) is state.paused
    row = words(table_line(CardView(occupied, NOW), 80, Look()))
    assert f"1 {glyph} Occupied " in row


def test_a_transaction_is_named_by_the_beginning_of_its_text() -> None:
    running = charging().transaction
    assert running is not None
    named = replace(running, transaction_id="5f0c8a1e-77b2-4a5b-9f63-0d7c9be3a001")
    for size in (COMPACT, TALL):
        assert " transaction 5f0c8a1 " in card(charging(transaction=named), size)
    hostile = replace(running, transaction_id="\x1b[31m")
    assert " transaction \\x1b[31 " in card(charging(transaction=hostile))


def test_who_is_not_known_yet_has_a_question_mark_and_no_advice() -> None:
    shown = card(available(state=ConnectorState.UNKNOWN, status=""), (70, 7))
    assert "1 ? " in shown
    assert "plugs" not in shown


# -- progress --------------------------------------------------------------------------------------

UPDATE = FirmwareSnapshot(
    "Downloading", True, "2.1", 45, NOW, NOW + timedelta(seconds=9), "the server is slow"
)


def progress(**changes: object) -> list[str]:
    return [words(line) for line in progress_lines(station(**changes), NOW, 100, Look())]  # type: ignore[arg-type]


def test_an_update_shows_how_far_it_is_and_lingers_at_its_end() -> None:
    assert progress() == []
    (row,) = progress(firmware=UPDATE)
    for said in ("firmware 2.1 Downloading ", " 45 %", "goes on in 9 s", "the server is slow"):
        assert said in row
    assert row.count("━") == 9
    ended = replace(UPDATE, status="Installed", active=False, since=NOW - timedelta(seconds=30))
    assert "✓ firmware 2.1 Installed" in progress(firmware=ended)[0]
    assert progress(firmware=replace(ended, since=NOW - timedelta(seconds=61))) == []


def test_a_failed_upload_says_why() -> None:
    lost = UploadSnapshot("UploadFailed", since=NOW, trouble="no such host", failed=True)
    assert "! diagnostics UploadFailed  no such host" in progress(upload=lost)[0]


async def test_progress_takes_a_row_of_its_own_and_gives_it_back() -> None:
    host = FakeHost(station(firmware=UPDATE))
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Downloading" in text_of(app))
        await until(pilot, lambda: "1 ▶ Charging" in rows(app)[2])
        host.snapshot = station()
        await until(pilot, lambda: "1 ▶ Charging" in rows(app)[1])


# -- the demo's caption ----------------------------------------------------------------------------

LONG = "A driver shows a card at connector 2 before the cable is in. It waits for the plug."


@pytest.mark.parametrize("cells", [60, 80, 120, 140, 200])
@pytest.mark.parametrize("free", [False, True])
def test_a_caption_fits_and_says_how_to_go_on(cells: int, free: bool) -> None:
    lines = caption_lines(
        Caption(2, 5, LONG, free), cells, caption_rows(cells), Look(ascii=cells == 60)
    )
    assert {line_width(line) for line in lines} == {cells}
    shown = " ".join(" ".join(words(line).split()) for line in lines)
    assert shown.endswith(". back to the story" if free else ". next")
    assert ("cuts the link." if free else "It waits for the plug.") in shown


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=200))
def test_no_caption_breaks_the_bar(said: str) -> None:
    for cells in (60, 80):
        for line in caption_lines(Caption(1, 5, said), cells, 2, Look()):
            assert line_width(line) == cells


class Storyteller:
    def __init__(self) -> None:
        self.caption: Caption | None = Caption(1, 5, LONG)
        self.asked: list[str] = []

    def skip(self) -> None:
        self.asked.append("skip")

    def stand_aside(self) -> None:
        self.asked.append("stand aside")


async def test_a_story_is_skipped_by_key_and_click_and_stands_aside_for_whoever_acts() -> None:
    storyteller = Storyteller()
    app = make_app(FakeHost(station([available(refusals={})])), storyteller=storyteller)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "1/5 A driver shows a card" in text_of(app))
        assert rows(app)[-1].startswith(" 1-9 select")
        await pilot.press(".", "t", "z", "z")
        await pilot.click("#caption")
        await until(pilot, lambda: storyteller.asked == ["skip", "skip"])
        await pilot.press("p")
        await until(pilot, lambda: storyteller.asked[2:] == ["stand aside"])
        storyteller.caption = None
        await settled(pilot)
        await until(pilot, lambda: "1/5" not in text_of(app))


async def test_without_a_story_the_key_says_so() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press(".")
        await until(pilot, lambda: "chargeforge demo tells one" in text_of(app))


def test_what_was_charged_last_stands_in_the_place_of_a_session() -> None:
    last = SessionSnapshot(
        1, 7, "T", NOW - timedelta(minutes=20), NOW, 0, 3_214.0, "EVDisconnected"
    )
    for state in (ConnectorState.FREE, ConnectorState.ENDED):
        shown = card(available(state=state, last_session=last, trace_w=RAMP))
        assert "last 3.214 kWh in 00:20:00" in shown
    roomy = card(available(last_session=last), TALL)
    assert "in 00:20:00, reason EVDisconnected" in roomy
    assert "meter 98.120 kWh" in roomy


def test_a_long_trace_keeps_its_scale_label() -> None:
    assert "60 kW" in card(charging(trace_w=RAMP * 3), (120, 7)).split("\n")[5]
