"""Every form that is read: the frames of a log, whose they are and when they were."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from sim_core.traces.formats.form import CannotRead
from sim_core.traces.formats.table import FORM, FORMS
from sim_core.traces.frames import Side, TraceFrame
from sim_core.traces.reading import Reading, read
from sim_core.traces.report import sentences, summary
from sim_core.traces.stamps import zone_of
from tests.traces.made_logs import (
    CP,
    DOWN,
    LOGS,
    TALK,
    UP,
    WRAPPERS,
    MadeLog,
    alfen,
    evcc,
    got_and_res,
    home_assistant,
    of_lines,
    steve,
    texts,
)

LINE_LOGS = [
    name for name, made in LOGS.items() if made.form in ("evcc", "home-assistant", "steve")
]


def of(text: str, **how: str) -> Reading:
    return read(text.encode(), "a.log", **how)  # type: ignore[arg-type]


def messages(reading: Reading) -> list[tuple[Side, tuple[object, ...]]]:
    return [(frame.sent_by, frame.message) for frame in reading.trace.frames]


@pytest.mark.parametrize("made", LOGS.values(), ids=LOGS)
def test_the_frames_of_a_log_are_read(made: MadeLog) -> None:
    reading = of(made.log(TALK))
    assert messages(reading) == texts(TALK)
    assert reading.form.name == made.form
    assert not reading.left_out
    for frame, said in zip(reading.trace.frames, TALK, strict=True):
        assert frame.charge_point == (CP if made.named else "")
        assert json.loads(frame.text) == list(said.message)
        if made.times is None:
            assert frame.at is None
        else:
            assert frame.at is not None
            assert abs(frame.at - said.at) <= made.times


@pytest.mark.parametrize("made", LOGS.values(), ids=LOGS)
def test_a_form_that_is_named_is_read_as_that(made: MadeLog) -> None:
    assert messages(of(made.log(TALK), form=made.form)) == texts(TALK)


@pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.parametrize("name", LINE_LOGS)
def test_what_is_put_before_each_line_does_not_matter(name: str, wrapper: object) -> None:
    assert callable(wrapper)
    assert messages(of(wrapper(LOGS[name].log(TALK)))) == texts(TALK)


@pytest.mark.parametrize("wrapper", [None, *WRAPPERS.values()], ids=["bare", *WRAPPERS])
@pytest.mark.parametrize("line", [evcc, home_assistant, steve], ids=lambda one: one.__name__)
def test_a_frame_may_go_on_in_the_next_lines(line: object, wrapper: object) -> None:
    assert callable(line)
    wide = [
        type(one)(one.side, json.dumps(one.message, indent=2, ensure_ascii=False), one.at)
        for one in TALK
    ]
    text = of_lines(line)(wide)
    text = wrapper(text) if callable(wrapper) else text
    reading = of(text)
    assert messages(reading) == texts(TALK)
    assert "\n" in reading.trace.frames[0].text


def test_a_frame_may_be_wrapped_within_a_string() -> None:
    line = evcc(TALK[2])
    cut = line.index("NoError") + 3
    assert messages(of(f"{line[:cut]}\n{line[cut:]}\n")) == texts(TALK[2:3])


def test_lines_of_others_may_stand_between_those_of_a_frame() -> None:
    wide = json.dumps(TALK[0].message, indent=1).split("\n")
    lines = [
        evcc(type(TALK[0])(UP, "\n".join(wide[:4]), TALK[0].at)),
        "[lp-1  ] DEBUG 2026/05/04 12:00:00 charge power: 0W",
        *wide[4:],
        evcc(TALK[1]),
    ]
    assert messages(of("\n".join(lines))) == texts(TALK[:2])


def test_a_frame_that_is_cut_off_harms_no_other() -> None:
    line = evcc(TALK[0])
    reading = of("\n".join([line[:-30], evcc(TALK[1]), "[site  ] DEBUG 2026/05/04 12:00:00 ----"]))
    assert messages(reading) == texts(TALK[1:2])
    assert reading.left_out["a frame is cut off"].lines == [1]


def test_two_frames_may_stand_on_one_line() -> None:
    line = f"[MO] Send: {TALK[0].text}11:52:55.587 > [MO] Recv: {TALK[1].text}"
    assert messages(of(line)) == texts(TALK[:2])


def test_a_log_may_begin_with_the_newest() -> None:
    for line in (evcc, steve):
        reading = of("\n".join(map(line, reversed(TALK))))
        assert messages(reading) == texts(TALK)
        assert reading.reversed
    plain = of("\n".join(one.text for one in reversed(TALK)))
    assert messages(plain) == texts(TALK)


def test_what_is_logged_twice_is_there_once() -> None:
    twice = [line for one in TALK for line in 2 * [evcc(one)]]
    reading = of("\n".join(twice))
    assert messages(reading) == texts(TALK)
    assert reading.duplicates == len(TALK)


def test_what_is_sent_twice_is_there_twice() -> None:
    again = type(TALK[0])(UP, TALK[0].text, TALK[0].at + timedelta(seconds=30))
    reading = of("\n".join(map(evcc, [TALK[0], again])))
    assert len(reading.trace.frames) == 2


def test_the_same_frame_of_another_logger_is_there_once() -> None:
    text = TALK[3].text
    lines = [
        home_assistant(TALK[2]),
        home_assistant(TALK[3]),
        f"2026-05-04 12:00:11.121 DEBUG (MainThread) [websockets.server] > TEXT '{text}' "
        f"[{len(text)} bytes]",
        "2026-05-04 12:00:11.121 DEBUG (MainThread) [websockets.protocol] server > "
        f"Frame(fin=True, opcode=<Opcode.TEXT: 1>, data=b'{text}', rsv1=False)",
    ]
    reading = of("\n".join(lines))
    assert messages(reading) == texts(TALK[2:4])
    assert reading.duplicates == 2
    first_without_a_name = of("\n".join([lines[2], lines[1]]))
    assert first_without_a_name.trace.charge_points == (CP,)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "2026-05-04 12:00:11.121 DEBUG (MainThread) [websockets.server] < TEXT "
            '\'[2,"a2","StatusNotification",{"info":"ab...xyz"}]\' [200 bytes]',
            "a frame is abridged (...)",
        ),
        ('[2,"a2","StatusNotification",{"connectorId":1,...}]', "a frame is abridged (...)"),
        ('[2,"a2","StatusNotification",{"connectorId":1,…}]', "a frame is abridged (...)"),
        ("[2, a2, Heartbeat]", "what looks like a frame is no JSON"),
        ('[2,"a2","Heartbeat"]', "a CALL is not [2, id, action, payload]"),
        ('[3,"a2","HeartbeatResponse",{}]', "a CALLRESULT is not [3, id, payload]"),
        ('[4,"a2",7]', "a CALLERROR is not [4, id, code, description, details]"),
        ('[2,true,"Heartbeat",{}]', "a frame has no message id"),
        (
            '[2,"a2","Heartbeat",' + '{"a":' * 200 + "1" + "}" * 200 + "]",
            "a frame is nested too deep",
        ),
        ('[2,"a2","Heartbeat",{"a":' + "[" * 50_000, "a frame is nested too deep"),
        ('[2,"a2","Heartbeat",{"a":' + "9" * 5000 + "}]", "what looks like a frame is no JSON"),
        ('[2,"a2","Heartbeat",{"a":NaN}]', "what looks like a frame is no JSON"),
    ],
)
def test_what_only_looks_like_a_frame_is_left_out_and_said(line: str, why: str) -> None:
    reading = of(f"{evcc(TALK[0])}\n{line}\n")
    assert messages(reading) == texts(TALK[:1])
    assert reading.left_out[why].lines[0] == 2


def test_a_python_dict_is_no_frame_but_an_array_of_python_is() -> None:
    lines = [
        "DEBUG [custom_components.ocpp] got {'connector_id': 1, 'status': 'Available'}",
        "receive: [2, 'b1', 'Authorize', {'idTag': 'it\\'s', 'more': None}]",
        "send: [3, 'b1', 'AuthorizeResponse', {'idTagInfo': {'status': 'Accepted'}}]",
        "send: [3, 'b1', {'idTagInfo': {'status': 'Accepted'}}]",
    ]
    reading = of("\n".join(lines))
    assert messages(reading) == [
        (UP, (2, "b1", "Authorize", {"idTag": "it's", "more": None})),
        (DOWN, (3, "b1", {"idTagInfo": {"status": "Accepted"}})),
    ]
    assert reading.mended.lines == [2, 4]


def test_the_words_before_a_frame_mean_what_sure_frames_say_they_mean() -> None:
    """Here a charger writes the log: what it sends goes up."""
    lines = [
        'TX [2,"1","Heartbeat",{}]',
        'RX [3,"1",{"currentTime":"2026-05-04T09:59:57Z"}]',
        'TX [3,"zz-7",{"status":"Accepted"}]',
        'RX [3,"yy-8",{"status":"Accepted"}]',
        'RX [2,"xx-9","DataTransfer",{"vendorId":"Acme"}]',
    ]
    sides = [side for side, _ in messages(of("\n".join(lines)))]
    assert sides == [UP, DOWN, UP, DOWN, DOWN]


def test_what_cannot_be_told_is_a_guess_and_said() -> None:
    lines = ['[2,"1001","Heartbeat",{}]', '[3,"1002",{"status":"Accepted"}]']
    reading = of("\n".join(lines))
    assert messages(reading)[1] == (DOWN, (3, "1002", {"status": "Accepted"}))
    assert reading.unsure == 1
    assert any("is a guess" in sentence for sentence in sentences(reading))


def test_an_answer_needs_no_request() -> None:
    reading = of(evcc(TALK[5]))
    assert messages(reading) == texts(TALK[5:6])


def test_a_refused_boot_is_seen_in_the_error_of_evcc() -> None:
    line = (
        "[ocpp  ] ERROR 2026/05/04 12:00:00 ocpp message (a9): FormationViolation - Field x (y) "
        'is wrong ([2,"a9","BootNotification",{"chargePointModel":"Two"}])'
    )
    assert messages(of(line)) == [(UP, (2, "a9", "BootNotification", {"chargePointModel": "Two"}))]


def test_several_charge_points_in_one_log() -> None:
    lines = [evcc(TALK[0]), evcc(TALK[1]), evcc(TALK[2]).replace(CP, "CP-2"), "nothing"]
    text = "\n".join(lines)
    reading = of(text)
    assert reading.trace.charge_points == (CP, "CP-2")
    assert "4 lines: 3 frames of 2 charge points, 1 line that is no frame" in summary(reading)
    assert [one.line for one in of(text, charge_point="CP-2").trace.frames] == [3]
    with pytest.raises(CannotRead, match=r"no frames of charge point 'CP-3'; there are: CP-0815,"):
        of(text, charge_point="CP-3")


def test_the_zone_is_told_by_the_csms_else_by_the_charger_else_by_nobody() -> None:
    by_csms = of("\n".join(map(evcc, TALK)))
    assert by_csms.zones[0] == timedelta(hours=2)
    assert by_csms.trace.timezone == "+02:00"
    by_charger = of(evcc(TALK[2]))
    assert by_charger.trace.frames[0].at == TALK[2].at.replace(microsecond=0)
    by_nobody = of(evcc(TALK[4]))
    assert by_nobody.zone_unknown
    assert any("--timezone" in sentence for sentence in sentences(by_nobody))
    zone = zone_of("+02:00")
    told = read(evcc(TALK[4]).encode(), timezone=zone)
    assert told.trace.frames[0].at == TALK[4].at.replace(microsecond=0)


def test_the_summer_may_begin_within_a_log() -> None:
    lines = [
        '[ocpp  ] TRACE 2026/01/10 10:00:00 send X: [3,"1",{"currentTime":"2026-01-10T09:00:00Z"}]',
        '[ocpp  ] TRACE 2026/07/10 10:00:00 send X: [3,"2",{"currentTime":"2026-07-10T08:00:00Z"}]',
    ]
    hours = [frame.at.hour for frame in of("\n".join(lines)).trace.frames if frame.at]
    assert hours == [9, 8]


def test_utf_16_and_what_is_no_text_are_read() -> None:
    text = "\r\n".join(map(evcc, TALK))
    assert messages(read(b"\xff\xfe" + text.encode("utf-16-le"))) == texts(TALK)
    assert messages(read(b"\xef\xbb\xbf" + text.encode())) == texts(TALK)
    coloured = text.replace("TRACE", "\x1b[36mTRACE\x1b[0m")
    assert messages(of(coloured)) == texts(TALK)
    assert messages(of(text.replace('"', "&quot;"))) == texts(TALK)
    assert messages(read(b"\x00\xff\xfe\n" + text.encode())) == texts(TALK)


def test_a_log_of_alfen_may_be_put_together_out_of_blocks() -> None:
    blocks = [alfen(TALK[at : at + 4], newest_first=True) for at in range(0, len(TALK), 4)]
    assert messages(of("\n\n".join(blocks).replace("\n", "\n\n"))) == texts(TALK)


def test_requests_and_answers_without_ids_get_some() -> None:
    talk = [one for one in TALK if one.message[0] != 4]
    frames = of(got_and_res(talk)).trace.frames
    assert [frame.sent_by for frame in frames] == [one.side for one in talk]
    assert [frame.message[2:] for frame in frames] == [one.message[2:] for one in talk]
    assert frames[0].message[1] == frames[1].message[1] != frames[2].message[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "*core.StatusNotificationRequest: &{ConnectorId:1 ErrorCode:NoError}",
            "evcc's log of 2022",
        ),
        ('2022-01-18 20:00:50.625 debug {"connectorId":1,"status":"Available"}', "ioBroker's log"),
        ("<soap:Envelope><soap:Body>heartbeat</soap:Body></soap:Envelope>", "SOAP"),
        ("1234:9:websocket;", "flow file of mitmproxy"),
        ('[{"_source":{"layers":{"frame":{}}}}]', "tshark's JSON"),
        ("It says StatusNotification and then Heartbeat.", "has no OCPP-J frame"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(text: str, told: str) -> None:
    with pytest.raises(CannotRead, match=told):
        of(text)


def test_a_file_of_one_message_has_its_head_in_its_name() -> None:
    reading = read(b'[3,"7",{}]', "2026-05-04_11-59-50-1200_ocpp16-out.txt")
    (frame,) = reading.trace.frames
    assert frame.sent_by is DOWN
    assert frame.at == datetime(2026, 5, 4, 11, 59, 50, 120_000, timezone.utc)


def test_every_form_has_a_name_of_its_own_and_its_example_begins_as_it_does() -> None:
    assert len(FORM) == len(FORMS)
    assert {made.form for made in LOGS.values()} | {"jsonl", "got-res"} == set(FORM) - {"pcap"}


def test_a_frame_of_a_trace_knows_its_line() -> None:
    frames: tuple[TraceFrame, ...] = of("\n\n" + evcc(TALK[0])).trace.frames
    assert frames[0].line == 3
