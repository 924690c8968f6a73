"""Copy as the HTTP call: what the sidecar would understand is what was done."""

from __future__ import annotations

import json
import re
import shlex
from urllib.parse import urlsplit

import pytest
from fake_host import NOW, FakeHost, available, station
from screen_text import make_app, settled, until
from starlette.datastructures import QueryParams

from sim_core.commands import (
    ACTIONS,
    AddRule,
    AnswerHeld,
    Command,
    Configure,
    EndRule,
    EVStop,
    InjectFault,
    Play,
    Plug,
    PowerOff,
    Send,
    SendFrame,
    Start,
    Stop,
    SuspendEV,
    Swipe,
    TypeCode,
    Unlock,
    Unplug,
)
from sim_core.ocpp16.text_limits import TEXT_LIMITS
from sim_core.sidecar.command_routes import command as read_command
from sim_core.sidecar.command_routes import parse_body, parse_query, queries
from sim_core.wire.message_log import Direction, Exchange
from tui.http_call import (
    SidecarAddress,
    command_behind,
    command_call,
    exchange_call,
    sidecar_address,
)

HERE = SidecarAddress("http://127.0.0.1:7071")
AWKWARD = "50 % [red] & 'x'=1? ü"


def understood(call: str) -> Command:
    """The command that the sidecar makes of a call."""
    words = shlex.split(call)
    assert words[:2] == ["curl", "-X"]
    url = urlsplit(words[-1])
    body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
    for action in ACTIONS:
        found = re.fullmatch(action.path.replace("{cid}", r"(\d+)"), url.path)
        if found and action.method == words[2]:
            known = queries(action, TEXT_LIMITS)
            parsed = parse_query(known, QueryParams(url.query)) if body is None else None
            parsed = parsed or parse_body(known, body)
            assert not parsed.trouble
            return read_command(action, int(found[1]) if found.groups() else 0, parsed.said)
    raise AssertionError(f"the sidecar has no {url.path}")


GIVEN: dict[type[Command], tuple[str, ...]] = {Swipe: ("TAG",), TypeCode: ("1234",)}
"""What a command at a connector cannot do without."""


@pytest.mark.parametrize(
    "command",
    [
        *(
            action.command(3, *GIVEN.get(action.command, ()))  # type: ignore[call-arg,arg-type]
            for action in ACTIONS
            if action.on_connector
        ),
        *(
            action.command()  # type: ignore[call-arg]
            for action in ACTIONS
            if not action.on_connector and not queries(action, TEXT_LIMITS)
        ),
        Configure("HeartbeatInterval", AWKWARD),
        Send("DataTransfer", json.dumps({"vendorId": AWKWARD})),
        Send("Heartbeat", "[1, 2]", anyway=True),
        SendFrame(AWKWARD),
        AddRule("Reset", "answer", 0, 2.5, "C", AWKWARD, '{"status": "x"}', anyway=True),
        EndRule(3),
        Play("- {do: link_down}", 2.0),
        AnswerHeld("answer", 17, payload="[1]"),
        Configure("StopTxnSampledData", ""),
        Start(2, AWKWARD),
        Plug(1, AWKWARD),
        InjectFault(2, "OverVoltage", AWKWARD, AWKWARD),
    ],
    ids=lambda command: type(command).__name__,
)
def test_the_sidecar_reads_the_same_command(command: Command) -> None:
    assert understood(command_call(command, HERE)) == command


def test_the_key_is_named_and_never_copied() -> None:
    call = command_call(Stop(1), SidecarAddress("http://127.0.0.1:7071", wants_key=True))
    assert call == 'curl -X POST -H "X-API-Key: $HTTP_API_KEY" http://127.0.0.1:7071/local_stop/1'


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("charger.example", "http://charger.example:80"),
    ],
)
def test_where_the_sidecar_is_reached(host: str, url: str) -> None:
    assert sidecar_address(host, 80, False).url == url


def sent(action: str, payload: str, direction: Direction = Direction.SENT) -> Exchange:
    return Exchange(7, direction, action, "m", f'[2,"m","{action}",{payload}]', NOW, 2)


@pytest.mark.parametrize(
    ("exchange", "command"),
    [
        (sent("StartTransaction", '{"idTag":"A B"}'), Start(2, "A B")),
        (sent("StopTransaction", "{}"), Stop(2)),
        (sent("StopTransaction", '{"reason":"Local","idTag":"T"}'), Swipe(2, "T")),
        (sent("StopTransaction", '{"reason":"EVDisconnected"}'), Unplug(2)),
        (sent("StopTransaction", '{"reason":"Other"}'), EVStop(2)),
        (sent("StopTransaction", '{"reason":"UnlockCommand"}'), Unlock(2)),
        (sent("StopTransaction", '{"reason":"PowerLoss"}'), PowerOff()),
        (sent("StopTransaction", '{"reason":"Remote"}'), None),
        (sent("StatusNotification", '{"status":"Preparing"}'), Plug(2)),
        (sent("StatusNotification", '{"status":"SuspendedEV"}'), SuspendEV(2)),
        (
            sent("StatusNotification", '{"status":"Faulted","errorCode":"OverVoltage","info":"i"}'),
            InjectFault(2, "OverVoltage", None, "i"),
        ),
        (sent("StatusNotification", '{"status":"Faulted","errorCode":"Nope"}'), None),
        (sent("StatusNotification", '{"status":["x"]}'), None),
        (sent("StartTransaction", '{"idTag":"T"}', Direction.RECEIVED), None),
        (sent("Heartbeat", "{}"), None),
        (sent("StartTransaction", "[not json"), None),
    ],
)
def test_the_command_behind_an_exchange(exchange: Exchange, command: Command | None) -> None:
    assert command_behind(exchange) == command
    if command is None:
        read_it = "curl 'http://127.0.0.1:7071/messages?after=6&limit=1'"
        assert exchange_call(exchange, HERE) == read_it
    else:
        assert understood(exchange_call(exchange, HERE)) == command


async def test_the_key_copies_what_was_done_or_what_is_read() -> None:
    host = FakeHost(station([available(1, refusals={})]))
    app = make_app(host, http=HERE)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        await pilot.press("c")
        await until(pilot, lambda: bool(app._notifications))
        assert app.clipboard == ""
        await pilot.press("p", "c")
        await until(pilot, lambda: app.clipboard == command_call(Plug(1), HERE))
        app.dashboard.messages.focus()
        await pilot.pause()
        await pilot.press("g", "down", "down", "down", "c")
        await until(
            pilot, lambda: app.clipboard == command_call(Start(1, "VID:000000000001"), HERE)
        )
