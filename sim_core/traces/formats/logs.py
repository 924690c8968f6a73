"""The programs that write a frame into a line of their log: what stands before it, and who it is.

Whoever knows one more adds its heads here and its row to the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.formats.form import Form
from sim_core.traces.formats.lines import FROM_CSMS, Head, LineReader, head
from sim_core.traces.frames import Side

UP, DOWN = Side.CHARGER, Side.CSMS

HEADS: tuple[Head, ...] = (
    head(
        "evcc",
        r"\b(?P<way>received|sent) JSON message (?:from|to) (?P<cp>.{0,100}?):",
        {"received": UP, "sent": DOWN},
    ),
    head("evcc", r"\b(?P<way>recv|sent|send) (?P<cp>[^\s:]{0,100}):", FROM_CSMS),
    head("evcc", r"\bocpp message \([^)]{0,99}\): .{0,300}(?P<way>\()", {"(": UP}),
    head(
        "home-assistant",
        r"\[ocpp\] (?P<cp>[^\s:]?.{0,99}?)\s?: (?P<way>receive message|send)",
        {"receive message": UP, "send": DOWN},
    ),
    head(
        "home-assistant",
        r"\[websockets\.server\] (?P<way>[<>]) (?:TEXT|BINARY|CONT) b?['\"]",
        {"<": UP, ">": DOWN},
        abridges=True,
    ),
    head(
        "home-assistant",
        r"\[websockets\.client\] (?P<way>[<>]) (?:TEXT|BINARY|CONT) b?['\"]",
        {"<": DOWN, ">": UP},
        abridges=True,
    ),
    head(
        "home-assistant",
        r"\bserver (?P<way>[<>]) Frame\(.{0,200}\bdata=b?['\"]",
        {"<": UP, ">": DOWN},
        abridges=True,
    ),
    head(
        "home-assistant",
        r"\bclient (?P<way>[<>]) Frame\(.{0,200}\bdata=b?['\"]",
        {"<": DOWN, ">": UP},
        abridges=True,
    ),
    head(
        "mobilityhouse",
        r"(?:^|[\s:\]])(?P<cp>[^\s:\[\]]{0,100}): (?P<way>receive message|send)",
        {"receive message": UP, "send": DOWN},
    ),
    head(
        "steve",
        r"\[\s*chargeBoxId=(?P<cp>[^,\]\t]{0,100}?)[,\s]\s*sessionId=[^\]]*\]\s+"
        r"(?P<way>Received|Sending)(?: message)?:",
        {"received": UP, "sending": DOWN},
    ),
    head(
        "ocpp.core",
        r"_ocpp(?:16|20|201|21)-(?P<way>in|out)\.txt:?",
        {"in": UP, "out": DOWN},
    ),
    head("ocpp.pl", r"- \[(?P<way>RX|TX)\] (?:<=|=>)", {"rx": UP, "tx": DOWN}),
    head("microocpp", r"\[(?:MO|AO)\] (?P<way>Send|Recv):", {"send": UP, "recv": DOWN}),
    head("microocpp", r"\[(?P<way>sendTXT|operator\(\))\]", {"sendtxt": UP, "operator()": DOWN}),
    head(
        "sap",
        r"(?:(?P<cp>\S+) \| )?(?:[\w.]+: )?(?P<way><<|>>) Command '\w*' "
        r"(?:received|sent) (?:request|response|error) payload:",
        {"<<": DOWN, ">>": UP},
    ),
    head("tcp-text", r"^\s*\d{10}\.\d{1,9} (?P<way>M|-)", {"m": UP, "-": DOWN}),
    head("csv", r"\b(?:Charger-CMS|CMS-Charger)\b[\s,|\"]*", {}, time_behind=True),
    head("csv", r"^[\s\"]*[,|][\s,|\"]*", {}, time_behind=True),
    head("csv", r"\bWSPROXY\b.{0,60}", {}),
)
"""In this order; the first that fits tells a frame."""


def _of(name: str) -> Callable[[Source, Notes], Iterator[Entry]]:
    """The reader of one form: its own heads, and frames without any."""
    heads: Sequence[Head] = [one for one in HEADS if one.form == name]
    return lambda source, notes: _read(source, notes, heads)


def _read(source: Source, notes: Notes, heads: Sequence[Head] = HEADS) -> Iterator[Entry]:
    if BLOCKS.search(source.text):
        notes.sorts = True
    charge_point = ""
    if found := PATH.search(source.text):
        charge_point = found["cp"]
    for entry in LineReader(source, notes, heads).entries():
        yield entry if entry.charge_point or not charge_point else _named(entry, charge_point)


def _named(entry: Entry, charge_point: str) -> Entry:
    return replace(entry, charge_point=charge_point)


BLOCKS = re.compile(r"^## \d+ -> \d+ ", re.MULTILINE)
"""Where the two directions of a connection were written one after the other."""
PATH = re.compile(r"^## \d+ -> \d+ GET \S*?/(?P<cp>[^/\s?]+)(?:\?\S*)? HTTP", re.MULTILINE)


def _never(source: Source) -> bool:
    """These are told by their heads, frame by frame: see `reading._most`."""
    return False


def _form(name: str, title: str, example: str, remarks: str = "") -> Form:
    return Form(name, title, example, _never, _of(name), remarks)


LOGS: tuple[Form, ...] = (
    _form(
        "evcc",
        "evcc, log level trace, old and new",
        '[ocpp  ] TRACE 2026/01/02 03:04:05 recv CP1: [2,"1","Heartbeat",{}]',
        "Also `received JSON message from`, and the frame in an error. Local time.",
    ),
    _form(
        "home-assistant",
        "Home Assistant, the OCPP integration",
        "2026-01-02 03:04:05.678 INFO (MainThread) [ocpp] CP1: receive message "
        '[2,"1","Heartbeat",{}]',
        "What `websockets` has abridged is left out; the payload as a Python dict is no frame.",
    ),
    _form(
        "mobilityhouse",
        "the Python package `ocpp`",
        'INFO:ocpp:CP1: receive message [2,"1","Heartbeat",{}]',
        "With whatever the log puts before it.",
    ),
    _form(
        "steve",
        "SteVe",
        "[INFO ] 2026-01-02 03:04:05,678 …WebSocketLogger - [chargeBoxId=CP1, sessionId=…] "
        'Received: [2,"1","Heartbeat",{}]',
        "Also after a spreadsheet: tabs, and commas that are lost.",
    ),
    _form(
        "microocpp",
        "the serial log of MicroOcpp, and of ArduinoOcpp before it",
        '[MO] Send: [2,"1","Heartbeat",{}]',
        "Written by the charger: Send goes to the CSMS.",
    ),
    _form(
        "ocpp.core",
        "OCPP.Core's folder of messages, put together with `grep . *.txt`",
        '2026-01-02_03-04-05-6780_ocpp16-in.txt:[2,"1","Heartbeat",{}]',
    ),
    _form("ocpp.pl", "ocpp.pl", '2026-01-02 03:04:05.678901 - [RX] <= [2,"1","Heartbeat",{}]'),
    _form(
        "sap",
        "SAP's charging station simulator, log level debug",
        "debug: 1/2/2026, 3:04:05 AM CP1 | << Command 'Reset' received request payload: "
        '[2,"1","Reset",{"type":"Soft"}]',
    ),
    _form(
        "tcp-text",
        "frames out of a packet capture, as text",
        '1767323045.678 M [2,"1","Heartbeat",{}]',
        "Seconds since 1970; M: masked, so it comes from the charger.",
    ),
    _form(
        "csv",
        "a table of a CSMS or of a proxy: CSV, tabs, or with | between",
        'Heartbeat,Charger-CMS,"[2,""1"",""Heartbeat"",{}]","[3,""1"",{…}]",1/2/2026 3:04:05 AM',
        "Newest first or last; two frames in a row; who asks is told by the action.",
    ),
)

PLAIN = Form(
    "plain",
    "frames anywhere in lines, whatever stands around them",
    'send: [2,"1","Heartbeat",{}]',
    _never,
    _read,
    "Who has said one is told by its action, its id, and what the words before it mean elsewhere.",
)
