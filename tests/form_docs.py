"""The page about the logs that are read, made from the table of forms.

`python -m tests.pictures` writes it, a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable

from sim_core.traces.formats.table import FORMS, UNREAD
from sim_core.traces.formats.writers import WRITERS
from tests.documents import ROOT, head, row

PAGE = ROOT / "docs" / "logs.md"
INTRO = """\
# Logs that are read

Whatever has logged a conversation of OCPP-J, `chargeforge trace` reads it:

```sh
chargeforge trace show wallbox.log
chargeforge trace convert wallbox.log --output wallbox.jsonl
chargeforge trace redact wallbox.log --output to-give-away.jsonl
```

The form is told by what is in the file, and `--from` names it where that is wrong. What was left
out is said, with the reason and the line. Times without a zone are in that of the machine that
wrote them; the CSMS's `currentTime` tells it, else what the charger stamps, else `--timezone`. A
log that begins with the newest is turned round, and what was logged twice is taken once.
`--charge-point` takes one of several.

`chargeforge replay`, `compare` and `learn` read the same forms: a charger
[speaks again](replay.md), two logs are [compared](compare.md), a model is [learnt](learn.md).

What `journald`, `docker` and e-mail put before each line does not matter, nor do frames over
several lines, two frames on one line, colours, UTF-16, line numbers, quotes of a word processor, or
frames within JSON, CSV or Python. What is packed (gzip, bzip2, xz, or alone in a zip) is unpacked.
"""
TO_TRY = """
## A log to try with

Beside a real charger everything [is recorded](beside-a-charger.md#what-is-recorded). On the
dashboard `w` writes the messages to a file. Without a screen, and with `chargeforge csms` in
another terminal, this makes one in two minutes:

```sh
chargeforge headless --state-dir :memory: --timing real &
until curl -sf -X POST http://127.0.0.1:7071/plug/1; do sleep 0.5; done
until curl -sf -X POST http://127.0.0.1:7071/local_start/1; do sleep 0.5; done
sleep 90
curl -X POST http://127.0.0.1:7071/local_stop/1
sleep 10
curl -X POST http://127.0.0.1:7071/unplug/1
sleep 10
curl -s http://127.0.0.1:7071/messages > charger.json
kill $!
```

With `--quirks all` in the first line, and another name in the last but one, it is the log of
another charger.
"""
BETWEEN = """
## What cannot be read

These are known, and what they leave out cannot be had back.
"""
WRITTEN = """
## What is written

`convert` and `redact` write one of these (`--to`).
"""
OWN = """
## ChargeForge's own form

JSON, an object a line. The first line says what the trace is, each other is a frame:

```json
{"trace":1,"charge_point":"CP1","ocpp":"1.6","timezone":"+02:00"}
{"dir":"cp->csms","t":"2026-01-02T03:04:05.678Z","msg":[2,"1","Heartbeat",{}]}
{"dir":"csms->cp","t":null,"msg":[3,"1",{}],"text":"[3, \\"1\\", {}]","cp":"CP2"}
```

`t` is in UTC, or null. `cp` is there where the frame is not of the charge point of the first line,
`text` where the wire had another spelling than `msg` has here. `msg` is null where what passed was
no JSON; then only `text` says it. Fields that are not known are ignored, and a file without the
first line is read too.

## What `redact` takes out

Cards and groups, serial numbers, SIM cards, vehicles, hosts, users and paths of URLs, passwords and
keys, places, and the ids of charge points: in payloads, in answers, in message ids, in the names of
files and in JSON within a string. Each gives way to a stand-in of the same shape, the same one
wherever it comes up; with the next use they are others. Times, numbers, words of OCPP and the
spelling stay. A vendor may hide in its own fields what nobody can tell, so look before you give it
away. What was no frame is not in it.
"""


def page() -> str:
    """The page."""
    return "".join(
        [
            INTRO,
            "\n",
            "\n".join(_forms()),
            "\n",
            TO_TRY,
            BETWEEN,
            "\n",
            "\n".join(_unread()),
            "\n",
            WRITTEN,
            "\n",
            "\n".join(_written()),
            "\n",
            OWN,
        ]
    )


def _forms() -> Iterable[str]:
    yield from head("`--from`", "What has written it", "A line of it", "Remarks")
    for form in FORMS:
        yield row(f"`{form.name}`", form.title, f"`{form.example}`", form.remarks)


def _unread() -> Iterable[str]:
    yield from head("What", "Why, and what to do")
    for form in UNREAD:
        yield row(form.title, f"{form.why[:1].upper()}{form.why[1:]}")


def _written() -> Iterable[str]:
    yield from head("`--to`", "What it is")
    for writer in WRITERS:
        yield row(f"`{writer.name}`", writer.title)
