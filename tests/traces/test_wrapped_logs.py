"""Logs as they are passed on: packed, carried in JSON or CSV, numbered, typeset, as pages print."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable

import pytest

from sim_core.traces.formats.form import CannotRead
from sim_core.traces.packed import unpacked
from sim_core.traces.reading import read
from tests.traces.made_logs import LOGS, TALK

EVCC = """\
[ocpp  ] TRACE 2024/08/28 15:19:25 recv CP01: [2,"a1","StatusNotification",{"connectorId":1,
  "errorCode":"NoError",
  "status":"Available"}]
[ocpp  ] TRACE 2024/08/28 15:19:26 send CP01: [3,"a1",{}]
"""
WHOLE = EVCC.replace(",\n  ", ",").splitlines()
Message = tuple[object, ...]


def messages(text: str) -> list[Message]:
    return [frame.message for frame in read(text.encode(), "x.log").trace.frames]


def zipped(data: bytes, *names: str) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name in names:
            archive.writestr(name, data)
    return into.getvalue()


def in_csv(lines: list[str]) -> str:
    into = io.StringIO()
    csv.writer(into, delimiter=";").writerows(enumerate(lines))
    return into.getvalue()


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: zipped(data, "a.log")]
)
def test_a_packed_log_is_read_as_it_was(pack: Callable[[bytes], bytes]) -> None:
    for name in ("evcc", "alfen", "har"):
        data = LOGS[name].log(TALK).encode()
        plain = read(data, name)
        assert read(pack(data), name).trace.frames == plain.trace.frames, name


def test_what_is_packed_is_bounded_and_may_be_cut_off() -> None:
    bomb = gzip.compress(b"0" * 100_000)
    assert len(unpacked(bomb, most=1_000)) <= 100_000
    assert unpacked(bomb[:-8], most=1_000_000) == b"0" * 100_000
    with pytest.raises(CannotRead, match=r"x\.gz is packed, and broken"):
        unpacked(bomb[:12], 1_000, "x.gz")
    with pytest.raises(CannotRead, match="The zip has 2 files"):
        unpacked(zipped(b"", "a", "b"), 1_000)


WRAPPED: dict[str, Callable[[list[str]], str]] = {
    "docker": lambda lines: "\n".join(
        json.dumps({"log": f"{line}\n", "stream": "stdout", "time": "2024-08-28T15:19:25.1Z"})
        for line in lines
    ),
    "journalctl -o json": lambda lines: "\n".join(json.dumps({"MESSAGE": one}) for one in lines),
    "docker logs -t": lambda lines: "\n".join(
        f"2024-08-28T15:19:25.123456789Z {line}" for line in lines
    ),
    "kubernetes": lambda lines: "\n".join(f"2024-08-28T15:19:25.1Z stdout F {o}" for o in lines),
    "syslog": lambda lines: "\n".join(f"<34>1 2024-08-28T15:19:25Z h a 1 I - {o}" for o in lines),
    "grep -n": lambda lines: "\n".join(f"{n}:{line}" for n, line in enumerate(lines, 9)),
    "grep -n of several": lambda lines: "\n".join(
        f"a.log:{n}:{line}" for n, line in enumerate(lines, 9)
    ),
    "cat -n": lambda lines: "\n".join(f"{n:6}\t{line}" for n, line in enumerate(lines, 1)),
    "a list": lambda lines: "\n".join(f"- {line}" for line in lines),
    "colours": lambda lines: "\n".join(f"\x1b[32m{line}\x1b[0m" for line in lines),
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED.keys())
def test_what_stands_before_each_line_is_no_part_of_a_frame(
    wrap: Callable[[list[str]], str],
) -> None:
    assert messages(wrap(EVCC.splitlines())) == messages(EVCC)


def test_a_cell_of_csv_has_its_quotes_twice() -> None:
    assert messages(in_csv(WHOLE)) == messages(EVCC)


def test_what_a_page_or_a_word_processor_made_of_it_is_put_right() -> None:
    spaced = EVCC.replace(" ", "\u00a0").replace("Available", "Avail\u00a0able")
    status = messages(spaced)[0][3]
    assert isinstance(status, dict)
    assert status["status"] == "Avail\u00a0able", "a text keeps what is in it"
    typeset = read("\n".join(WHOLE).replace('"', "\u201d").encode(), "x.log")
    assert [frame.message for frame in typeset.trace.frames] == messages(EVCC)
    assert typeset.mended.count == 2


def test_a_file_without_times_that_begins_with_the_newest_is_turned_round() -> None:
    calls = [
        json.dumps([2, f"a{n}", "StatusNotification", {"timestamp": f"2024-08-28T15:00:0{n}Z"}])
        for n in range(5)
    ]
    assert messages("\n".join(reversed(calls))) == messages("\n".join(calls))
