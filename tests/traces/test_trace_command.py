"""`chargeforge trace` as it is typed: what goes to stdout, what to stderr, and what is refused."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from sim_core.trace_command import main
from sim_core.traces.formats.table import FORMS
from sim_core.traces.formats.writers import WRITER, WRITERS
from sim_core.traces.reading import read
from tests.traces.made_logs import CP, LOGS, TALK, evcc, texts


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "wallbox.log"
    path.write_text("\n".join([*map(evcc, TALK), "the end"]), "utf-8")
    return path


def test_show_has_a_line_for_each_frame(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(log)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "wallbox.log"
    assert out[1] == (
        "Form: evcc, guessed; OCPP 1.6. 13 lines: 12 frames of 1 charge point, "
        "1 line that is no frame."
    )
    assert out[2] == "Its times are local, in +02:00: so say the CSMS and the charger."
    assert out[4].startswith(" 1  2026-05-04 09:59:50.000Z  →  BootNotification         {")
    assert out[5].startswith(" 2  2026-05-04 09:59:57.000Z  ←    BootNotification ok    {")
    assert out[13].split(maxsplit=4)[3:] == [
        "←",
        'MeterValues      error "GenericError","not today",{"why":"ßü"}',
    ]


def test_convert_writes_frames_to_stdout_and_words_to_stderr(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(log)]) == 0
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert lines[0] == {"trace": 1, "charge_point": CP, "ocpp": "1.6", "timezone": "+02:00"}
    assert [tuple(line["msg"]) for line in lines[1:]] == [one.message for one in TALK]
    assert told.err.startswith(f"{log}: Form: evcc, guessed; OCPP 1.6. 13 lines: 12 frames")


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_what_is_written_in_any_form_is_read_again(
    log: Path, tmp_path: Path, writer: object, capsys: pytest.CaptureFixture[str]
) -> None:
    name = getattr(writer, "name", "")
    out = tmp_path / "out"
    assert main(["convert", str(log), "--to", name, "--output", str(out)]) == 0
    frames = read(out.read_bytes()).trace.frames
    assert [(one.sent_by, one.message) for one in frames] == texts(TALK)
    seconds = [one.at.replace(microsecond=0) for one in frames if one.at]
    assert seconds == [one.at.replace(microsecond=0) for one in TALK]
    assert capsys.readouterr().out == ""


def test_redact_leaves_out_whose_it_is(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", str(log)]) == 0
    out = capsys.readouterr().out
    for secret in (CP, "SN55667788", "ABCD1234"):
        assert secret not in out
    assert "RemoteStartTransaction" in out


def test_files_and_stdin_become_one_trace_in_the_order_of_their_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    late = tmp_path / "late.log"
    late.write_text("\n".join(map(evcc, TALK[6:])), "utf-8")
    early = io.TextIOWrapper(io.BytesIO("\n".join(map(evcc, TALK[:6])).encode()))
    monkeypatch.setattr(sys, "stdin", early)
    assert main(["convert", str(late), "-", "--timezone", "+02:00"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()[1:]]
    assert [tuple(line["msg"]) for line in lines] == [one.message for one in TALK]


def test_only_one_charge_point_of_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.log"
    other = evcc(TALK[1]).replace(CP, "CP-2")
    path.write_text(f"{evcc(TALK[0])}\n{other}\n", "utf-8")
    assert main(["show", str(path), "--charge-point", "CP-2"]) == 0
    out = capsys.readouterr().out
    assert "BootNotification  " not in out
    assert "(no request)" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "no-such.log"], 1, "no-such.log cannot be read: No such file or directory."),
        (["show", "."], 1, "cannot be read: Is a directory."),
        (["show", "LOG", "--from", "evc"], 2, "there is no form 'evc': did you mean evcc?"),
        (["show", "LOG", "--from", "har"], 1, "is no whole HAR: save it again."),
        (["show", "LOG", "--from", "got-res"], 1, "has no OCPP-J frame that could be read"),
        (["show", "LOG", "--timezone", "Mars"], 2, "'Mars' is no time zone: Europe/Berlin is one"),
        (["show", "LOG", "--charge-point", "X"], 1, "no frames of charge point 'X'; there are: CP"),
        (["convert", "LOG", "--to", "xml"], 2, "nothing can be written as 'xml'"),
        (["convert", "LOG", "--output", "LOG"], 1, "is what is read: name another file to write."),
        (["convert", "LOG", "--output", "no/x"], 1, "no/x cannot be written: No such file"),
        (["convert"], 2, "The following arguments are required: FILE."),
        ([], 2, "The following arguments are required: COMMAND."),
        (["dance"], 2, "invalid choice: 'dance'"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    log: Path, arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = log.read_bytes()
    words = [str(log) if word == "LOG" else word for word in arguments]
    try:
        assert main(words) == code
    except SystemExit as end:
        assert end.code == code  # noqa: PT017
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert log.read_bytes() == before


def test_the_help_names_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["convert", "--help"])
    out = capsys.readouterr().out
    for form in FORMS:
        assert f"  {form.name} " in out
    for name in WRITER:
        assert f"{name}:" in out


def test_nothing_of_a_log_is_obeyed_by_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.log"
    path.write_text('x \x1b]0;t\x07 recv C\x9b1m: [2,"1\\u001b[2J","A\u202e",{"a":"\\u0007"}]\n')
    assert main(["show", str(path)]) == 0
    out = capsys.readouterr().out
    assert all(one.isprintable() or one == "\n" for one in out)


def test_made_logs_can_be_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, made in LOGS.items():
        path = tmp_path / "some.log"
        path.write_text(made.log(TALK), "utf-8")
        assert main(["show", str(path)]) == 0, name
        out = capsys.readouterr().out
        assert f"Form: {made.form}, guessed" in out
        assert out.count(" → ") + out.count(" ← ") >= len(TALK)
