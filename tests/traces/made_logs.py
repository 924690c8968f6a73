"""A conversation of our own making, and how each program would have logged it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sim_core.traces.frames import Side

UP, DOWN = Side.CHARGER, Side.CSMS
CP = "CP-0815"
ZONE = timedelta(hours=2)
"""Of the machine that writes a log without a zone."""


@dataclass(frozen=True)
class Said:
    """A frame, and when."""

    side: Side
    text: str
    at: datetime

    @property
    def message(self) -> tuple[Any, ...]:
        return tuple(json.loads(self.text))

    @property
    def local(self) -> datetime:
        return self.at + ZONE


def said(*frames: tuple[Side, str], every_s: float = 7.0) -> list[Said]:
    begin = datetime(2026, 5, 4, 9, 59, 50, 120_000, timezone.utc)
    return [
        Said(side, text, begin + timedelta(seconds=every_s * place))
        for place, (side, text) in enumerate(frames)
    ]


TALK = said(
    (
        UP,
        '[2,"a1","BootNotification",{"chargePointVendor":"Acme","chargePointModel":"Two",'
        '"chargePointSerialNumber":"SN55667788","firmwareVersion":"1.2.3"}]',
    ),
    (DOWN, '[3,"a1",{"currentTime":"2026-05-04T09:59:57Z","interval":300,"status":"Accepted"}]'),
    (
        UP,
        '[2,"a2","StatusNotification",{"connectorId":1,"errorCode":"NoError","info":"it says '
        '[2,3] and \\"so\\"","status":"Available","timestamp":"2026-05-04T10:00:04Z"}]',
    ),
    (DOWN, '[3,"a2",{}]'),
    (DOWN, '[2,"f7e1","RemoteStartTransaction",{"connectorId":1,"idTag":"ABCD1234"}]'),
    (UP, '[3,"f7e1",{"status":"Accepted"}]'),
    (UP, '[2,"a3","DataTransfer",{"vendorId":"Acme","data":"{\\"x\\":1,\\"y\\":[2,3]}"}]'),
    (DOWN, '[3,"a3",{"status":"Rejected"}]'),
    (
        UP,
        '[2,"a4","MeterValues",{"connectorId":1,"transactionId":9223372036854775807,"meterValue":'
        '[{"timestamp":"2026-05-04T10:00:46Z","sampledValue":[{"value":"12.50","unit":"kWh"}]}]}]',
    ),
    (DOWN, '[4,"a4","GenericError","not today",{"why":"ßü"}]'),
    (DOWN, '[2,"f7e2","GetConfiguration",{}]'),
    (UP, '[3,"f7e2",{"configurationKey":[{"key":"K","readonly":false,"value":"1"}]}]'),
)

Log = Callable[[Sequence[Said]], str]


def of_lines(line: Callable[[Said], str]) -> Log:
    return lambda talk: "\n".join(map(line, talk)) + "\n"


def words(up: str, down: str) -> Callable[[Said], str]:
    return lambda one: up if one.side is UP else down


def evcc(one: Said) -> str:
    way = words("recv", "send")(one)
    return f"[ocpp  ] TRACE {one.local:%Y/%m/%d %H:%M:%S} {way} {CP}: {one.text}"


def evcc_of_old(one: Said) -> str:
    way = words("received JSON message from", "sent JSON message to")(one)
    head = f"[ocpp  ] TRACE {one.local:%Y/%m/%d %H:%M:%S}"
    message = one.message
    noise = (
        f"{head} handling incoming CALL [{message[1]}, {message[2]}] from {CP}\n"
        if one.side is UP and message[0] == 2
        else f"{head} sent CALL RESULT [{message[1]}] for {CP}\n"
    )
    return f"{noise}{head} {way} {CP}: {one.text}"


def home_assistant(one: Said) -> str:
    way = words("receive message", "send")(one)
    at = f"{one.local:%Y-%m-%d %H:%M:%S}.{one.at.microsecond // 1000:03}"
    return (
        f"{at} INFO (MainThread) [ocpp] {CP}: {way} {one.text}\n"
        f"{at} DEBUG (MainThread) [custom_components.ocpp] got {list(one.message)[2:]!r}"
    )


def mobilityhouse(one: Said) -> str:
    return f"INFO:ocpp:{CP}: {words('receive message', 'send')(one)} {one.text}"


def steve(one: Said) -> str:
    at = f"{one.local:%Y-%m-%d %H:%M:%S},{one.at.microsecond // 1000:03}"
    way = words("Received", "Sending")(one)
    return (
        f"[INFO ] {at} de.rwth.idsg.steve.ocpp.ws.WebSocketLogger (qtp1-5) - "
        f"[chargeBoxId={CP}, sessionId=6f3a-77] {way}: {one.text}"
    )


def steve_in_a_spreadsheet(one: Said) -> str:
    """A spreadsheet has cut it at blanks and commas, and has lost the comma behind a number."""
    line = steve(Said(one.side, json.dumps(one.message, ensure_ascii=False), one.at))
    return line.replace(": 1, ", ":\t1\t").replace("2, ", "2,\t").replace(" ", "\t") + "\t\t\t"


def microocpp(one: Said) -> str:
    return f"[MO] {words('Send', 'Recv')(one)}: {one.text}"


def ocpp_core(one: Said) -> str:
    at = f"{one.local:%Y-%m-%d_%H-%M-%S}-{one.at.microsecond // 100:04}"
    return f"{at}_ocpp16-{words('in', 'out')(one)}.txt:{one.text}"


def ocpp_pl(one: Said) -> str:
    at = f"{one.local:%Y-%m-%d %H:%M:%S.%f}"
    return f"{at} - {words('[RX] <=', '[TX] =>')(one)} {one.text}"


def sap(one: Said) -> str:
    at = f"{one.local:%-m/%-d/%Y, %-I:%M:%S %p}"
    way = words(">> Command 'X' sent request", "<< Command 'X' received request")(one)
    return f"debug: {at} {CP} | ChargingStation.handle: {way} payload: {one.text}"


def tcp_text(one: Said) -> str:
    return f"{one.at.timestamp():.3f} {words('M', '-')(one)} {one.text}"


def table(talk: Sequence[Said]) -> str:
    """CSV of a CSMS: a request and its answer in a row, the newest first."""
    rows = ["Event Name,Event Type,Request,Response,Created On"]
    for asked, answer in zip(talk[-2::-2], talk[::-2], strict=True):
        texts = ['"{}"'.format(one.text.replace('"', '""')) for one in (asked, answer)]
        at = f"{asked.local:%m/%d/%Y %I:%M:%S %p}"
        rows.append(f"{asked.message[2]},Charger-CMS,{','.join(texts)},{at}")
    return "\n".join(rows) + "\n"


def proxy_table(talk: Sequence[Said]) -> str:
    """Tabs and doubled quotes, the newest first."""
    rows = ["Timestamp\tsender\tTitle\tDetail"]
    for one in reversed(talk):
        title = words("WSPROXY Receive", "WSPROXY Send")(one)
        text = one.text.replace('"', '""')
        rows.append(f'{one.at:%Y-%m-%dT%H:%M:%S.%f}Z\t{CP}\t{title}\t"{text}"')
    rows.append(f"2026-05-04T09:59:00.000000Z\t{CP}\tDisconnect\t")
    return "\n".join(rows) + "\n"


def alfen(talk: Sequence[Said], *, newest_first: bool = False) -> str:
    """Wrapped at 80 columns, also within words; each piece has a head."""
    lines: list[str] = []
    for place, one in enumerate(talk):
        at = f"{one.at:%Y-%m-%dT%H:%M:%S}.{one.at.microsecond // 1000:03}Z"
        of = 681 if one.side is UP else 1127
        text = one.text
        pieces = [text[i : i + 77] for i in range(0, len(text), 77)]
        for number, piece in enumerate(pieces):
            way = "" if number else words("-> ", "<- ")(one)
            lines.append(f"{at}:COM:ocpp_rpc.c:{of}:{way}{piece}")
        lines.append(f"{at}:INFO:taskMain.c:{place}:Socket #1: main state: IDLE")
    return "\n".join(lines[::-1] if newest_first else lines) + "\n"


def got_and_res(talk: Sequence[Said]) -> str:
    lines: list[str] = []
    for one in talk:
        message = one.message
        if message[0] == 2:
            lines.append(f"Web Socket Server got {message[2]} = {json.dumps(message[3])}")
        elif message[0] == 3:
            lines += [f"res = {json.dumps(message[2])}", ""]
    return "\n".join(lines) + "\n"


def shiv3(one: Said) -> str:
    message = one.message
    fields: dict[str, Any] = {
        "schemaVersion": "1.1",
        "timestamp": one.at.isoformat().replace("+00:00", "Z"),
        "ocppVersion": "1.6",
        "transport": "json",
        "chargePointId": CP,
        "direction": words("cp-to-csms", "csms-to-cp")(one),
        "messageType": {2: "CALL", 3: "CALLRESULT", 4: "CALLERROR"}[message[0]],
        "messageId": message[1],
        "mood": {"unknown": True},
    }
    if message[0] == 4:
        code, description, details = message[2:]
        fields["error"] = {"code": code, "description": description, "details": details}
    else:
        fields["payload"] = message[-1]
        fields["action"] = message[2] if message[0] == 2 else "Derived"
    return json.dumps(fields)


def har(talk: Sequence[Said]) -> str:
    messages = [
        {
            "type": words("send", "receive")(one),
            "time": one.at.timestamp(),
            "opcode": 1,
            "data": one.text,
        }
        for one in talk
    ]
    entry = {"request": {"url": f"wss://csms.example/ocpp/{CP}"}, "_webSocketMessages": messages}
    return json.dumps({"log": {"version": "1.2", "entries": [{"request": {}}, entry]}}, indent=1)


def dashboard(talk: Sequence[Said]) -> str:
    lines = []
    for asked, answer in zip(talk[::2], talk[1::2], strict=True):
        lines.append(
            json.dumps(
                {
                    "at": asked.at.isoformat(),
                    "direction": words("sent", "received")(asked),
                    "action": asked.message[2],
                    "latency_ms": (answer.at - asked.at).total_seconds() * 1000,
                    "request": asked.text,
                    "answer": answer.text,
                }
            )
        )
    return "\n".join(lines) + "\n"


def page_of_messages(talk: Sequence[Said]) -> str:
    exchanges = [
        {
            "direction": words("sent", "received")(asked),
            "requested_at": asked.at.isoformat(),
            "latency_s": (answer.at - asked.at).total_seconds(),
            "request": asked.text,
            "answer": answer.text,
        }
        for asked, answer in zip(talk[::2], talk[1::2], strict=True)
    ]
    return json.dumps({"exchanges": exchanges, "more": False, "revision": 9, "next": "/m"})


@dataclass(frozen=True)
class MadeLog:
    """How a program logs, and what of it cannot be had back."""

    form: str
    log: Log
    times: timedelta | None = timedelta()
    """How exact they are; None: it has none."""
    named: bool = True
    """Whether it says whose frames these are."""


SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
LOGS: dict[str, MadeLog] = {
    "evcc": MadeLog("evcc", of_lines(evcc), SECOND),
    "evcc of old": MadeLog("evcc", of_lines(evcc_of_old), SECOND),
    "home assistant": MadeLog("home-assistant", of_lines(home_assistant), MILLISECOND),
    "mobilityhouse": MadeLog("mobilityhouse", of_lines(mobilityhouse), None),
    "steve": MadeLog("steve", of_lines(steve), MILLISECOND),
    "steve in a spreadsheet": MadeLog("steve", of_lines(steve_in_a_spreadsheet), MILLISECOND),
    "microocpp": MadeLog("microocpp", of_lines(microocpp), None, named=False),
    "ocpp.core": MadeLog("ocpp.core", of_lines(ocpp_core), MILLISECOND, named=False),
    "ocpp.pl": MadeLog("ocpp.pl", of_lines(ocpp_pl), named=False),
    "sap": MadeLog("sap", of_lines(sap), SECOND),
    "tcp-text": MadeLog("tcp-text", of_lines(tcp_text), MILLISECOND, named=False),
    "table": MadeLog("csv", table, 8 * SECOND, named=False),
    "table of a proxy": MadeLog("csv", proxy_table, named=False),
    "alfen": MadeLog("alfen", alfen, MILLISECOND, named=False),
    "alfen, newest first": MadeLog(
        "alfen", lambda talk: alfen(talk, newest_first=True), MILLISECOND, named=False
    ),
    "shiv3": MadeLog("shiv3", of_lines(shiv3)),
    "har": MadeLog("har", har, MILLISECOND),
    "dashboard": MadeLog("messages", dashboard, MILLISECOND, named=False),
    "page of messages": MadeLog("messages", page_of_messages, MILLISECOND, named=False),
    "plain": MadeLog("plain", of_lines(lambda one: one.text), None, named=False),
    "some program": MadeLog(
        "plain",
        of_lines(
            lambda one: f"{one.at:%Y-%m-%dT%H:%M:%S.%fZ} ws {words('<<<', '>>>')(one)} {one.text}"
        ),
        named=False,
    ),
    "json logger": MadeLog(
        "plain",
        of_lines(
            lambda one: json.dumps(
                {"time": f"{one.at:%Y-%m-%dT%H:%M:%S.%fZ}", "msg": f"{one.side.name} {one.text}"}
            )
        ),
        named=False,
    ),
}


def in_docker(text: str) -> str:
    return wrapped(text, "evcc  | ")


def in_the_journal(text: str) -> str:
    return wrapped(text, "Sep  4 10:52:08 host1 evcc[29656]: ")


def quoted(text: str) -> str:
    return wrapped(text, "> ")


def wrapped(text: str, prefix: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


WRAPPERS = {"docker": in_docker, "journald": in_the_journal, "quoted": quoted}


def texts(talk: Iterable[Said]) -> list[tuple[Side, tuple[Any, ...]]]:
    return [(one.side, one.message) for one in talk]
