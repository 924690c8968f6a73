"""The pure parts: layout, trace, filter, link bar, card lines, footer, key table."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fake_host import NOW, ONLINE, FakeHost, available, charging, faulted, station
from hypothesis import given
from hypothesis import strategies as st
from screen_text import make_app, rows, settled, until

from sim_core.commands import (
    ACTIONS,
    AddRule,
    AnswerHeld,
    Configure,
    EndRule,
    EVGiveUp,
    EVStop,
    InjectFault,
    LinkDown,
    Plug,
    Restart,
    Send,
    SendFrame,
    Start,
    Swipe,
)
from sim_core.hardware.faults import ERROR_CODES
from sim_core.snapshot import (
    ConnectorSnapshot,
    ConnectorState,
    FaultSnapshot,
    LinkSnapshot,
    LinkState,
    RecordingSnapshot,
    Registration,
    TransactionSnapshot,
)
from sim_core.wire.message_log import Direction, Exchange, ExchangeState
from tui.dialogs.palette import Choice, ranked
from tui.keymap import FOOTER, PANE_FOOTERS, ROWS, buttons_of, command_for
from tui.look import FACES, NEXT_STEP, SYMBOLS, Look
from tui.protocols.ocpp16 import OCPP_16_WORDING
from tui.typed_commands import typed_command
from tui.widgets.connector_card import CardView, card_lines
from tui.widgets.connector_table import table_line
from tui.widgets.inspector import body_lines, facts
from tui.widgets.key_bar import footer_line
from tui.widgets.layout import Want, arrange
from tui.widgets.line_widget import Line, differences, fitted, line_width
from tui.widgets.link_bar import bar_line, state_words
from tui.widgets.log_filter import FilterError, parse
from tui.widgets.message_row import row_line
from tui.widgets.power_chart import SampleCount, chart_rows, columns

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
OCPP_STATUS = """
Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved Unavailable Faulted
""".split()  # noqa: SIM905


def shown(line: Line) -> str:
    return "".join(span.text for span in line)


# -- layout ----------------------------------------------------------------------------------------


WANTS = st.lists(st.sampled_from(list(Want)), min_size=1, max_size=64)


@given(st.integers(60, 250), st.integers(16, 90), WANTS)
def test_every_size_leaves_room_for_messages(width: int, height: int, wants: list[Want]) -> None:
    plan = arrange(width, height, wants)
    assert height - 2 - plan.height >= 4
    assert (width - plan.table_cells) // plan.columns >= 38
    if len(wants) > 8:
        assert plan.table_rows
    if not plan.table_rows:
        assert len(plan.card_rows) == -(-len(wants) // plan.columns)


IDLE, STILL, LIVELY = Want.IDLE, Want.STILL, Want.LIVELY


@pytest.mark.parametrize(
    ("size", "wants", "columns", "card_rows", "table"),
    [
        ((80, 24), [IDLE] * 2, 2, (7,), (0, 0)),
        ((80, 24), [IDLE] * 4, 2, (3, 3), (0, 0)),
        ((80, 24), [IDLE, LIVELY, IDLE, IDLE], 2, (7, 3), (0, 0)),
        ((80, 24), [STILL] * 4, 2, (7, 7), (0, 0)),
        ((60, 20), [IDLE] * 2, 1, (7,), (3, 0)),
        ((60, 40), [LIVELY, IDLE], 1, (14, 8), (0, 0)),
        ((140, 40), [IDLE] * 2, 2, (8,), (0, 0)),
        ((140, 40), [IDLE, LIVELY], 2, (20,), (0, 0)),
        ((200, 60), [LIVELY] * 2, 2, (33,), (0, 0)),
        ((120, 24), [LIVELY] * 3, 3, (7,), (0, 0)),
        ((200, 60), [LIVELY] * 6, 3, (18, 18), (0, 0)),
        ((100, 30), [LIVELY] * 16, 1, (17,), (17, 60)),
        ((80, 24), [LIVELY] * 64, 1, (14,), (14, 40)),
    ],
)
def test_layout_table(
    size: tuple[int, int],
    wants: list[Want],
    columns: int,
    card_rows: tuple[int, ...],
    table: tuple[int, int],
) -> None:
    plan = arrange(*size, wants)
    assert (plan.columns, plan.card_rows) == (columns, card_rows)
    assert (plan.table_rows, plan.table_cells) == table


def test_below_the_smallest_size_nothing_fits() -> None:
    assert not arrange(59, 30, [IDLE] * 2).fits
    assert not arrange(100, 15, [IDLE] * 2).fits


# -- trace -----------------------------------------------------------------------------------------


def test_steady_power_is_not_drawn_like_none() -> None:
    bars = Look().bars
    steady = chart_rows((7_400.0,) * 60, 60_000, 60, 12, 1, bars)[0]
    nothing = chart_rows((0.0,) * 60, 60_000, 60, 12, 1, bars, Look().symbol("zero"))[0]
    assert set(steady) == {"▁"}
    assert set(nothing) == {"_"}
    assert not set(nothing) & set(steady)


def test_the_newest_is_at_the_right_and_the_scale_is_fixed() -> None:
    row = chart_rows((60_000.0,) * 5, 60_000, 5, 10, 1, Look().bars)[0]
    assert row == " " * 9 + "█"


def test_columns_stand_still_between_two_fifth_values() -> None:
    trace = tuple(float(n) for n in range(23))
    assert columns(trace[:22], 22, 9)[:-1] == columns(trace, 23, 9)[:-1]


def test_the_count_goes_on_when_the_old_end_is_cut() -> None:
    count = SampleCount()
    full = tuple(float(n) for n in range(600))
    assert count.see(full) == 600
    assert count.see(full) == 600
    assert count.see((*full[2:], 1.0, 2.0)) == 602


def test_three_rows_stack() -> None:
    top, middle, low = chart_rows((30_000.0,) * 5, 60_000, 5, 1, 3, Look().bars)
    assert (top, middle, low) == (" ", "▄", "█")


# -- filter ----------------------------------------------------------------------------------------


def but(exchange: Exchange, **other: Any) -> Exchange:
    """The same, but for what is named."""
    return Exchange(**{**exchange.as_dict(), **other})


METER = Exchange(
    1,
    Direction.SENT,
    "MeterValues",
    "m1",
    '[2,"m1","MeterValues",{"connectorId":1}]',
    NOW,
    1,
    1042,
    "[3]",
    0.6,
    ExchangeState.ANSWERED,
)
HEART = but(METER, action="Heartbeat", connector_id=None, transaction_id=None, latency_s=0.01)
BROKEN = but(HEART, state=ExchangeState.ERROR, trouble="InternalError")


@pytest.mark.parametrize(
    ("text", "meter", "heart", "broken"),
    [
        ("", True, True, True),
        ("meter", True, True, True),
        ("action:Meter*", True, False, False),
        ("c:1", True, False, False),
        ("tx:1042", True, False, False),
        ("err", False, False, True),
        ("!err", True, True, False),
        ("slow>500", True, False, False),
        ("slow>1s", False, False, False),
        ("action:heartbeat !err", False, True, False),
        ('"connectorId\\":1"', False, False, False),
        ("sent", True, True, True),
        ("recv", False, False, False),
    ],
)
def test_filter_language(text: str, meter: bool, heart: bool, broken: bool) -> None:
    chosen = parse(text)
    assert [chosen.matches(one) for one in (METER, HEART, BROKEN)] == [meter, heart, broken]


def test_noise_was_neither_sent_nor_asked_for() -> None:
    noise = but(HEART, direction=Direction.NOISE, state=ExchangeState.ERROR, action="not JSON")
    asked = but(HEART, direction=Direction.RECEIVED)
    told = {word: parse(word) for word in ("sent", "recv", "err")}
    assert {word for word, chosen in told.items() if chosen.matches(noise)} == {"err"}
    assert {word for word, chosen in told.items() if chosen.matches(asked)} == {"recv"}


@pytest.mark.parametrize(
    "text",
    [
        *("c:x", "tx:", "action:", "slow>fast", "slow>", "slow>=5", "slow<500", "slow=500"),
        *("slow:500", "connector:1", "connectorId:1", "transaction:7", "type:Boot", "!conn:2"),
        "meter slow>x",
    ],
)
def test_a_filter_that_makes_no_sense_says_so(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


@given(ANYTHING)
def test_any_filter_text_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(FilterError):
        parse(text).matches(METER)


# -- link bar --------------------------------------------------------------------------------------


def link(**changes: object) -> LinkSnapshot:
    return replace(ONLINE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (ONLINE, "online, Accepted"),
        (link(state=LinkState.CONNECTING, attempt=3), "connecting, attempt 3"),
        (
            link(
                state=LinkState.WAITING,
                trouble="connection refused",
                retry_at=NOW + timedelta(seconds=8),
                queued=4,
            ),
            "offline: connection refused, retry in 8 s, 4 unsent",
        ),
        (
            link(registration=Registration.PENDING, boot_retry_at=NOW + timedelta(seconds=60)),
            "boot Pending, asks again in 60 s",
        ),
        (link(registration=Registration.REJECTED), "boot Rejected"),
        (link(state=LinkState.DOWN), "offline by you"),
        (link(online=False), "online but silenced by you"),
        (
            link(waiting_since=NOW - timedelta(seconds=31)),
            "online but silent: no answer for 31 s",
        ),
    ],
)
def test_the_link_bar_is_true(picture: LinkSnapshot, words: str) -> None:
    assert state_words(picture, NOW)[2] == words
    line = bar_line(station(link=picture), "", NOW, 100, Look())
    assert words in shown(line)


def test_the_bar_as_sketched() -> None:
    line = shown(bar_line(station(), "", NOW, 80, Look()))
    assert line == (
        " ● CP01 online, Accepted  ws://10.0.0.5:9…  heartbeat 42s  all sent  14:33:06   "
    )


AWAY = "connection refused: check that the CSMS runs, and host and port in CSMS_URL"


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (
            link(state=LinkState.WAITING, trouble=AWAY, retry_at=NOW + timedelta(seconds=26)),
            (
                "offline: connection refused, retry in 26 s",
                "D another CSMS, d dial now: ws://10.0.0.5:9000/ocpp",
                "check that the CSMS runs, and host and port in CSMS_URL",
            ),
        ),
        (link(state=LinkState.DOWN), ("offline by you", "o plugs it back in")),
        (link(online=False), ("silenced by you", "O lets them pass again")),
    ],
)
async def test_without_a_csms_url_reason_and_keys_are_readable(
    picture: LinkSnapshot, told: tuple[str, ...]
) -> None:
    app = make_app(FakeHost(station(link=picture)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        for words, row in zip(told, rows(app), strict=False):
            assert words in row


def test_a_dead_engine_and_a_starting_one_have_words() -> None:
    assert "engine stopped: RuntimeError: [/x]" in shown(
        bar_line(station(), "RuntimeError: [/x]", NOW, 80, Look())
    )
    assert "starting" in shown(bar_line(None, "", NOW, 80, Look()))


# -- cards -----------------------------------------------------------------------------------------

SKETCH = """\
┏━▸1 ▶ Charging ━━━━ transaction 1042 ━┓
┃ VID:000000000001            SoC 35 % ┃
┃ 59.46 kW    436.8 V  136.1 A         ┃
┃ 1.363 kWh  in 00:13:05  meter 12.553 ┃
┃ p Unplug x Stop  e Suspend f Fault   ┃
┃ ▁▂▃▃▄▄▅▆▆▇▇███████████████████ 60 kW ┃
┗━ last 2:30 min ━ limited by vehicle ━┛"""


def test_the_card_as_sketched() -> None:
    view = CardView(charging(), NOW, selected=True, focused=True)
    lines = card_lines(view, 40, 7, Look())
    got = [shown(line) for line in lines]
    want = SKETCH.split("\n")
    assert got == want


def test_a_fault_says_what_and_since_when_and_of_the_vendor() -> None:
    fault = FaultSnapshot("GroundFailure", "E-41", "leak [/] here", NOW - timedelta(seconds=46))
    text = "\n".join(
        shown(line) for line in card_lines(CardView(faulted(fault=fault), NOW), 40, 7, Look())
    )
    assert "GroundFailure since 14:32:20" in text
    assert "E-41 · leak [/] here" in text
    assert text.startswith("╔")


@pytest.mark.parametrize("cells", [38, 40, 58, 70, 100])
@pytest.mark.parametrize("height", [3, 7, 12, 30])
@pytest.mark.parametrize("connector", [charging(), faulted(), available(3)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_cards_are_exact(
    cells: int, height: int, connector: ConnectorSnapshot, ascii_only: bool
) -> None:
    lines = card_lines(CardView(connector, NOW), cells, height, Look(ascii_only))
    assert [line_width(line) for line in lines] == [cells] * height
    if ascii_only:
        assert all(shown(line).isascii() for line in lines)


def test_all_statuses_differ_without_colour() -> None:
    for look in (Look(), Look(ascii=True)):
        heads = set()
        for state in OCPP_16_WORDING.statuses:
            view = CardView(available(state=state), NOW)
            heads.add("\n".join(shown(line) for line in card_lines(view, 40, 7, look)))
        assert len(heads) == len(OCPP_16_WORDING.statuses)


def test_the_tables_know_every_status() -> None:
    assert set(FACES) == set(NEXT_STEP) == set(ConnectorState)
    assert set(OCPP_16_WORDING.statuses.values()) == set(OCPP_STATUS)
    assert all(len(twin) == 2 and twin[1].isascii() for twin in SYMBOLS.values())


WIRE_TEXT = st.builds(lambda word, tag, vendor: (word, tag, vendor), ANYTHING, ANYTHING, ANYTHING)


@given(WIRE_TEXT, st.sampled_from([40, 70]), st.sampled_from([7, 12]))
def test_no_wire_text_breaks_a_card(words: tuple[str, str, str], cells: int, height: int) -> None:
    status, tag, vendor = words
    connector = charging(
        status=status,
        token=tag,
        limited_by=vendor,
        transaction=TransactionSnapshot(1, tag, NOW, 0, 1.0),
        fault=FaultSnapshot(status, vendor, tag, NOW),
    )
    view = CardView(connector, NOW)
    lines = [*card_lines(view, cells, height, Look()), table_line(view, cells, Look())]
    for line in lines:
        assert line_width(line) == cells
        assert "\x1b" not in shown(line)


@given(WIRE_TEXT, st.sampled_from(list(Direction)), st.sampled_from(list(ExchangeState)))
def test_no_wire_text_breaks_a_row(
    words: tuple[str, str, str], direction: Direction, state: ExchangeState
) -> None:
    action, request, trouble = words
    exchange = Exchange(
        1, direction, action, trouble, request, NOW, answer=request, state=state, trouble=trouble
    )
    for cells in (58, 78, 138):
        line = row_line(exchange, NOW, cells, Look())
        assert line_width(line) == cells
        assert "\x1b" not in shown(line)
    for body in body_lines(exchange, NOW, 40):
        assert "\x1b" not in shown(body)


def test_the_row_as_sketched() -> None:
    exchanges = FakeHost(station()).messages.since(0)[1]
    row = shown(row_line(exchanges[2], NOW, 78, Look()))
    assert row == (" 14:31:58 → Authorize                VID:000000000001        Accepted    18 ms")
    pending = shown(row_line(exchanges[-1], NOW, 78, Look()))
    assert pending.endswith("waiting     1.0 s")


def test_a_message_is_about_an_evse_where_2_0_1_is_spoken() -> None:
    (one,) = FakeHost(station()).messages.since(0)[1][3:4]
    told = {sub: dict(facts(one, NOW, subprotocol=sub)) for sub in ("ocpp1.6", "ocpp2.0.1")}
    assert told["ocpp1.6"]["connector"] == told["ocpp2.0.1"]["EVSE"] == str(one.connector_id)
    assert "connector" not in told["ocpp2.0.1"]


def test_an_error_stands_out_by_glyph_and_word() -> None:
    exchanges = FakeHost(station()).messages.since(0)[1]
    row = shown(row_line(exchanges[7], NOW, 78, Look()))
    assert "! NotImplemented" in row
    assert "acme [red]x[/]" in row


def test_a_temperature_is_readable_in_ascii() -> None:
    sampled = '{"value":"25.1","measurand":"Temperature","unit":"Celsius"}'
    values = f'{{"connectorId":1,"meterValue":[{{"timestamp":"","sampledValue":[{sampled}]}}]}}'
    read = but(METER, request=f'[2,"m1","MeterValues",{values}]')
    ascii_only = Look(ascii=True)
    assert "25.1 C" in shown(row_line(read, NOW, 140, ascii_only))
    inside = [shown(line) for line in body_lines(read, NOW, 60, ascii_only)]
    assert any(line.startswith("25.1 C ") for line in inside)


# -- keys ------------------------------------------------------------------------------------------


def test_no_key_twice() -> None:
    keys = [key for row in ROWS for key in row.keys]
    assert len(keys) == len(set(keys))


DARK_AND_DOWN = station([available(1)], link(state=LinkState.DOWN, online=False), powered=False)


def test_every_command_of_the_core_can_be_asked() -> None:
    asked = {kind for row in ROWS for kind in row.sheet}
    recording = station(recording=RecordingSnapshot(NOW, 1))
    in_the_bay = station([replace(available(1), refusals={"drive_in": "a car stands there"})])
    for picture in (station(), DARK_AND_DOWN, recording, in_the_bay):
        for row in ROWS:
            command = command_for(row, picture, 1)
            if command:
                asked.add(type(command))
    assert asked == {action.command for action in ACTIONS}


def test_the_footer_as_sketched() -> None:
    line = shown(footer_line(80, ()))
    assert line == (
        " 1-9 select  p plug  s start  x stop  r resume  f fault   / filter  ^p find  ? q"
    )


def test_the_footer_follows_the_focus() -> None:
    line = shown(footer_line(80, (), pane="messages"))
    assert line.startswith(" enter inspect  y copy  w save  J unsent  n next  h hide ")
    assert "esc close" in shown(footer_line(80, (), pane="inspector"))


@given(st.integers(1, 220), st.sampled_from(["connector", *PANE_FOOTERS]))
def test_the_footer_fits_any_width(cells: int, pane: str) -> None:
    assert line_width(footer_line(cells, (), pane=pane)) == cells


def test_footer_rows_exist() -> None:
    known = {row.id for row in ROWS}
    footers = (FOOTER, *PANE_FOOTERS.values())
    assert all(row in known for footer in footers for item in footer for row in item.rows)
    assert all(button.row in known for button in buttons_of(charging()))


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("start 2 MY_TAG", Start(2, "MY_TAG")),
        ("start 2", Start(2)),
        ("plug 1 Saloon", Plug(1, "Saloon")),
        ("plug 1 Sleeper 50", Plug(1, "Sleeper 50")),
        ("ev_stop 2", EVStop(2)),
        ("ev_give_up 2", EVGiveUp(2)),
        ("restart", Restart()),
        ("swipe 1 T", Swipe(1, "T")),
        ("offline", LinkDown()),
        ("fault 1 groundfailure E4 hot cable", InjectFault(1, "GroundFailure", "E4", "hot cable")),
        ("configure HeartbeatInterval 60", Configure("HeartbeatInterval", "60")),
        ("configure VendorText two words", Configure("VendorText", "two words")),
        ("rule Reset refuse", AddRule("Reset", "refuse")),
        (
            "rule * callerror 0 1.5 NotSupported go away",
            AddRule("*", "callerror", 0, 1.5, "NotSupported", "go away"),
        ),
        ("rule Reset explode", None),
        ("rule Reset delay many", None),
        ("end_rule 3", EndRule(3)),
        ("end_rule", EndRule()),
        ("answer usual 17", AnswerHeld("usual", 17)),
        ("message Heartbeat", Send("Heartbeat")),
        ('message Authorize {"idTag": "A B"}', Send("Authorize", '{"idTag": "A B"}')),
        ("frame [2,]", SendFrame("[2,]")),
        ("configure HeartbeatInterval", None),
        ("swipe 1", None),
        ("start", None),
        ("start two", None),
        ("nonsense 1", None),
        ("", None),
    ],
)
def test_typed_commands(typed: str, command: object) -> None:
    found = typed_command(typed)
    assert (found[0] if found else None) == command


def test_a_connector_is_called_as_its_ocpp_calls_it() -> None:
    for typed, said in (
        ("start 2 T1", "Start: EVSE 2 with T1"),
        ("external_limit 11000 SO 2", "External limit, 11000 W by SO, EVSE 2"),
    ):
        found = typed_command(typed, "EVSE")
        assert found is not None
        assert found[1] == said


@given(ANYTHING)
def test_anything_may_be_typed(typed: str) -> None:
    typed_command(typed)
    ranked(typed, [Choice("a", "stop", "End it"), Choice("b", "start")])


def test_the_best_answer_comes_first() -> None:
    choices = [Choice(code, code) for code in ERROR_CODES]
    assert ranked("ground", choices)[0].value == "GroundFailure"
    assert ranked("volt", choices)[0].value == "OverVoltage"
    assert ranked("pwsw", choices)[0].value == "PowerSwitchFailure"


# -- painting --------------------------------------------------------------------------------------


def test_only_what_differs_is_repainted() -> None:
    view = CardView(charging(), NOW)
    later = CardView(charging(power_w=60_000.0), NOW)
    old, new = (card_lines(one, 40, 7, Look()) for one in (view, later))
    changed = [n for n, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    assert changed == [2]
    assert differences(old[2], new[2]) == [(1, 7)]


@given(ANYTHING, ANYTHING)
def test_differences_cover_every_change(before: str, after: str) -> None:
    from tui.text import plain
    from tui.widgets.line_widget import Span

    old = fitted([Span("a"), Span(plain(before), "muted"), Span("z")], 30)
    new = fitted([Span("a"), Span(plain(after), "muted"), Span("z")], 30)
    covered = {cell for start, end in differences(old, new) for cell in range(start, end)}
    if shown(old).isascii() and shown(new).isascii():
        for cell, (x, y) in enumerate(zip(shown(old), shown(new), strict=True)):
            assert x == y or cell in covered
