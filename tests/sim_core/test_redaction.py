"""What goes out of the program is harmless: no secret in it, and no text that a terminal obeys.

Any string that a CSMS may choose is tried on every way out that is not the dashboard: HTTP answers,
metrics, the stream of events, the sentences of headless in both formats, LOG_FILE, and the lines of
`chargeforge csms`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sim_core.csms import Csms, events
from sim_core.csms.__main__ import _SafeFormatter
from sim_core.csms.events import Booted
from sim_core.csms.text import printable
from sim_core.events import Event, Ring
from sim_core.http_door.answers import as_json
from sim_core.output_formats import OUTPUT_FORMATS, OneLine
from sim_core.plain_lines import Lines
from sim_core.redaction import one_line, public_frame, public_url, without_users
from sim_core.runtime.clock import SystemClock
from sim_core.settings.loading import load
from sim_core.settings.options import ConfigError
from sim_core.sidecar.read_routes import READ_ROUTES
from sim_core.station import Station
from sim_core.store.interface import MEMORY
from sim_core.wire.message_log import MessageLog
from tests.harness import Harness
from tests.harness import settings as without_files
from tests.network import free_port
from tests.patience import PATIENCE_S
from tests.scripted_csms import CallError, ScriptedCsms
from tests.sidecar.beside import beside
from tests.sim_core.test_headless import start

LINES = [form.line for form in OUTPUT_FORMATS.values()]
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))
NASTY = (
    "\x1b[2J\x1b]0;owned\x07",
    "one\r\nTwo: 2\r\n\r\ndata: three\n\n",
    "\u202eright to left\u2066",
    "\ud800 half a pair \udfff",
    "[/][red]markup[/red]",
    'quo"te\\back{brace}',
    "\x85\u2028\u2029\x00\x7f\x9b31m",
    "%s %n {0} ${HOME}",
)
"""What a terminal, a line, a stream, a formatter or a markup might obey."""
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def harmless(line: str) -> bool:
    """Whether a terminal shows it as one line."""
    return line.isprintable()


# -- pure ------------------------------------------------------------------------------------------


def each(function: Any) -> Any:
    """Arbitrary text, and the nasty ones always."""
    for text in (*NASTY, NASTY[0] * 50_000):
        function = example(text)(function)
    return given(ANYTHING)(settings(deadline=None)(function))


@each
def test_a_line_of_headless_is_one_line(text: str) -> None:
    for kind in ("link", "start", "failure"):
        for form in LINES:
            assert harmless(form(NOW, kind, text, 1))
    assert json.loads(OUTPUT_FORMATS["json"].line(NOW, text, text, None))["text"] == text


@each
def test_lines_reach_any_stream(text: str) -> None:
    out = io.StringIO()
    for form in LINES:
        Lines(out, form).say(NOW, "link", text)
    assert len(out.getvalue().split("\n")) == 3


def test_lines_in_utf_16_have_one_mark(tmp_path: Path) -> None:
    with open(tmp_path / "lines", "w", encoding="utf-16", newline="\n") as stream:
        out = Lines(stream, OUTPUT_FORMATS["plain"].line)
        for text in ("one", "two"):
            out.say(NOW, "start", text)
    assert (tmp_path / "lines").read_bytes() == "one\ntwo\n".encode("utf-16")


def written(formatter: logging.Formatter, text: str) -> list[str]:
    """The lines that a record with this text, and an error that quotes it, becomes."""
    record = logging.LogRecord("name", logging.ERROR, "path", 1, "said %s", (text,), None)
    try:
        raise ValueError(text)
    except ValueError:
        record.exc_info = sys.exc_info()
    record.stack_info = f"Stack\n{text}"
    return formatter.format(record).split("\n")


@each
def test_a_record_of_the_log_file_is_one_line_and_nobody_can_forge_one(text: str) -> None:
    first, *others = written(OneLine("%(asctime)s %(levelname)s %(name)s %(message)s"), text)
    assert harmless(first)
    assert all(harmless(line) and line.startswith("    ") for line in others)


@each
def test_the_lines_of_the_csms_are_harmless(text: str) -> None:
    assert all(harmless(line) for line in written(_SafeFormatter("%(message)s"), text))
    assert harmless(printable(text))
    assert harmless(events.Connected(NOW, text, replaced=False).text)


@each
def test_json_is_ascii_on_one_line_and_says_the_same(text: str) -> None:
    sent = as_json({text: [text]})
    assert sent.isascii()
    assert sent.isprintable()
    assert json.loads(sent) == {text: [text]}


@each
def test_nothing_is_lost_that_prints(text: str) -> None:
    assert harmless(one_line(text))
    assert one_line(text) == text or not harmless(text)


@given(ANYTHING, ANYTHING)
def test_no_url_keeps_what_stands_before_its_host(user: str, password: str) -> None:
    secret = f"s3cr{len(user)}t{len(password)}"
    for character in "/?#@[]":
        user, password = user.replace(character, ""), password.replace(character, "")
    for url in (f"ws://{user}:{secret}{password}@host/ocpp", f"{user}{secret}:{password}@host"):
        assert secret not in public_url(url)


# -- secrets that were typed as they are -----------------------------------------------------------

SECRET_KEYS = frozenset({"authorizationkey"})
AWKWARD = st.text(st.sampled_from("aZ09/?#@:%&=+.;!$'*~-"), max_size=12)
PLANTED = AWKWARD.map(lambda text: f"k3y{text}k3y")
"""A secret that is easy to find again, with whatever a URL gives a meaning to inside."""
URLS = st.one_of(
    st.builds("{}://{}:{}@host:9000/ocpp".format, st.sampled_from(["ws", "ftp"]), PLANTED, PLANTED),
    st.builds("wss://{}@[::1]:9/ocpp?a=b".format, PLANTED),
    st.builds("ws://host/ocpp?X-Amz-Signature={}&sig={}".format, PLANTED, PLANTED),
    st.builds("ws://me:{}@host/ocpp?token={}#{}".format, PLANTED, PLANTED, PLANTED),
)


def escaped(text: str) -> str:
    """A string of JSON with nothing in it but escapes."""
    return '"' + "".join(f"\\u{ord(character):04X}" for character in text) + '"'


@settings(max_examples=300, deadline=None)
@given(URLS)
@example("ws://me:k3y#k3y@host/ocpp")
@example("ws://me:k3y/k3y@host/ocpp")
@example("ws://me:k3y?k3y@host/ocpp")
@example("ws://me:12?k3y@host/ocpp")
def test_no_url_shows_what_is_planted_in_it(url: str) -> None:
    shown = public_url(url)
    assert "k3y" not in shown
    assert public_url(shown) == shown
    for text in (f"no way to {url}, try again", f"no way to '{url}'.", f'"{url}" ({url})'):
        assert "k3y" not in without_users(text)
        assert without_users(without_users(text)) == without_users(text)
    for said in (json.dumps(url), json.dumps(url).replace("/", "\\/"), escaped(url)):
        frame = f'[2,"1","UpdateFirmware",{{"location":{said},"retrieveDate":"x"}}]'
        kept = public_frame(frame)
        assert json.loads(kept)[3]["retrieveDate"] == "x"
        assert "k3y" not in json.loads(kept)[3]["location"]
        for cut in (frame[:-1], frame[:-30], said, said[:-8]):
            assert "k3y" not in public_frame(cut)


@settings(max_examples=100, deadline=None)
@given(URLS)
def test_neither_a_line_nor_a_record_nor_a_traceback_shows_it(url: str) -> None:
    text = f"no way to {url}"
    for form in LINES:
        assert "k3y" not in form(NOW, "link", text, None)
    assert "k3y" not in "".join(written(OneLine("%(message)s"), text))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://me:a#b@host/ocpp", "ws://(hidden)@host/ocpp"),
        ("ws://me:a/b@host/ocpp", "ws://(hidden)@host/ocpp"),
        ("ws://me:a?b@host/ocpp?c=d", "ws://(hidden)@host/ocpp?(hidden)"),
        ("ws://me:a@b#c?d/e@host:9/ocpp", "ws://(hidden)"),
        ("ws://host/ocpp?token=a@b", "ws://(hidden)"),
        ("ws://host:9000/ocpp?a=b#c", "ws://host:9000/ocpp?(hidden)"),
        ("ws://[::1]:9000/ocpp", "ws://[::1]:9000/ocpp"),
    ],
)
def test_what_is_no_secret_stays_as_far_as_that_is_certain(url: str, shown: str) -> None:
    assert public_url(url) == shown


NAMES = st.sampled_from(
    ("AuthorizationKey", "authorizationkey", " AUTHORIZATION_KEY ", "\\u0041uthorizationKe\\u0079")
)


@settings(max_examples=300, deadline=None)
@given(PLANTED, NAMES, st.integers(0, 5), st.integers(0, 40))
def test_no_frame_shows_the_value_of_a_secret_key(
    secret: str, name: str, form: int, cut: int
) -> None:
    key, value = f'"{name}"', json.dumps(secret)
    frame = (
        f'[2,"1","ChangeConfiguration",{{"key":{key},"value":{value}}}]',
        f'[2, "1", "ChangeConfiguration", {{"value" : {escaped(secret)} , "key" : {key}}}]',
        f'[2,"1","ChangeConfiguration",[{key},{value}]]',
        f'[2,"1","ChangeConfiguration",{{{key}:{{"value":[{value}]}}}}]',
        f'[2,"1","DataTransfer",{{"vendorId":"v","data":{json.dumps(f"{key}={secret}")}}}]',
        f'{{"action":"ChangeConfiguration","{name}":{value}}}',
    )[form]
    for text in (frame, frame[: len(frame) - cut], "x" + frame, frame * 2):
        shown = public_frame(text, SECRET_KEYS)
        named = name in text.replace('\\"', '"')
        assert not named or "k3y" not in shown.replace("\\u006B\\u0033\\u0079", "k3y"), shown


def test_of_a_report_only_the_entry_of_a_secret_variable_is_hidden() -> None:
    def entry(name: str, value: str) -> dict[str, object]:
        of = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": name}}
        return {**of, "variableAttribute": [{"value": value, "mutability": "ReadOnly"}]}

    data = [
        entry("OrganizationName", "Acme"),
        entry("BasicAuthPassword", "s3cret"),
        entry("A", "b"),
    ]
    report = {"requestId": 1, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "reportData": data}
    keys = frozenset({"basicauthpassword"})
    shown = json.loads(public_frame(json.dumps([2, "1", "NotifyReport", report]), keys))
    assert shown[3] == {**report, "reportData": [data[0], shown[3]["reportData"][1], data[2]]}
    assert "BasicAuthPassword" in str(shown)
    for frame in (
        [2, "1", "NotifyReport", report],
        [2, "1", "NotifyReport", {**report, "customData": "s3cret"}],
        [2, "1", "NotifyReport", {**report, "reportData": [*data, {"variable": "s3cret"}]}],
        [2, "1", "SetVariables", {"setVariableData": [*data, "s3cret"]}],
    ):
        assert "s3cret" not in public_frame(json.dumps(frame), keys)


def test_to_ask_for_a_secret_key_is_shown_as_it_is() -> None:
    frame = '[2, "1", "GetConfiguration", {"key": ["AuthorizationKey", "HeartbeatInterval"]}]'
    assert public_frame(frame, SECRET_KEYS) == frame
    tricky = '[2, "1", "GetConfiguration", {"key": ["AuthorizationKey"], "value": "k3y"}]'
    assert "k3y" not in public_frame(tricky, SECRET_KEYS)


@pytest.mark.parametrize("piece", ["://a", '"://a', "a", "\\", "?sig", '"\\u0041"', "[", '"://@'])
def test_a_frame_of_any_size_is_read_in_one_go(piece: str) -> None:
    text = piece * (2_000_000 // len(piece))
    assert len(public_frame(text, SECRET_KEYS, limit=1_000)) <= 1_000
    assert len(public_frame(text + '"AuthorizationKey"', SECRET_KEYS)) < 100


# -- through a whole charge point ------------------------------------------------------------------


class NastyCsms(ScriptedCsms):
    """It puts a text wherever a CSMS may choose one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.script["Authorize"].append(CallError(text, text))
        self.script["DataTransfer"].append({"status": text, "data": text})

    async def say_everything(self) -> None:
        text = self.text
        for action, payload in (
            (text, {text: text}),
            ("DataTransfer", {"vendorId": text, "messageId": text, "data": text}),
            ("ChangeConfiguration", {"key": text, "value": text}),
            ("ChangeConfiguration", {"key": "ConnectorPhaseRotation", "value": text}),
            ("GetConfiguration", {"key": [text]}),
            ("RemoteStartTransaction", {"connectorId": 1, "idTag": text}),
            ("GetDiagnostics", {"location": text}),
            ("UpdateFirmware", {"location": text, "retrieveDate": text}),
            ("ReserveNow", {"connectorId": 1, "expiryDate": text, "idTag": text}),
            ("TriggerMessage", {"requestedMessage": text}),
            ("Reset", {"type": text}),
        ):
            await self.ask_raw(action, payload)
        for frame in ([9, text], [3, text, {text: text}], [4, text, text, text, {text: text}]):
            await self.send_text(json.dumps(frame))
        if text.isprintable():
            await self.send_text(text)


@pytest.mark.parametrize("text", [NASTY[0], NASTY[1], NASTY[2] + NASTY[6], NASTY[3]], ids=range(4))
async def test_what_a_csms_says_is_harmless_on_every_way_out(text: str) -> None:
    csms = NastyCsms(text)
    async with csms, beside(Harness(csms=csms)) as here:
        await csms.say_everything()
        await here.http.post("/plug/1")
        await here.http.post("/local_start/1", params={"id_tag": "TAG"})
        await here.harness.settle()
        assert csms.connections == 1
        for look in READ_ROUTES:
            if look.media_type != "text/event-stream":
                answer = await here.http.get(look.path)
                assert answer.status_code == 200
                ending = "\r\n" if look.media_type == "text/csv" else "\n"
                assert all(harmless(line) for line in answer.text.split(ending)), look.path
                if look.media_type == "application/json":
                    assert answer.text.isascii()
        metrics = (await here.http.get("/metrics")).text
        assert list(text_string_to_metric_families(metrics))
        await same_events(here.http, [one.text for one in here.harness.events.since(0)[1]])


async def same_events(http: httpx.AsyncClient, texts: list[str]) -> None:
    """The stream has these texts, one an event, and nothing in it is a line of its own."""
    told: list[str] = []
    async with http.stream("GET", "/events?since=0") as answer:
        async for line in answer.aiter_lines():
            assert harmless(line)
            assert not line or line.split(": ")[0] in ("retry", "id", "event", "data"), line
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: "))["text"])
                if len(told) == len(texts):
                    break
    assert told == texts


# -- secrets ---------------------------------------------------------------------------------------

SECRETS = {
    "CSMS_URL": "ws://me:s3cret-url@127.0.0.1:{}/ocpp?token=s3cret-query",
    "AUTHORIZATION_KEY": "s3cret-key-012345",
    "HTTP_API_KEY": "s3cret-api",
    "CLIENT_KEY_PASSPHRASE": "s3cret-phrase",
    "PROXY": "http://me:s3cret-proxy@127.0.0.1:{}",
    "OCPP_KEYS": '{"AuthorizationKey": "s3cret-ocpp-012345"}',
}


async def test_no_frame_that_is_half_understood_leaks(tmp_path: Path) -> None:
    """Places, keys and frames of every shape, against everything that can be looked at."""
    odd = (
        "ftp://me:s3cret/x@127.0.0.1:1/a",
        "ftp://me:s3cret#x@127.0.0.1:1/a",
        "ftp://me:12/s3cret@127.0.0.1:1/a",
        "http://127.0.0.1:1/up?X-Amz-Signature=s3cret",
        "gopher://me:s3cret@host/",
    )
    async with ScriptedCsms() as csms, beside(Harness(csms=csms)) as here:
        for place in odd:
            await csms.ask_raw("GetDiagnostics", {"location": place})
            await csms.ask_raw("UpdateFirmware", {"location": place, "retrieveDate": "now"})
            await csms.ask_raw("DataTransfer", {"vendorId": place, "data": f"see {place}"})
            await csms.ask_raw("ChangeConfiguration", {"key": place, "value": place})
            await csms.ask_raw(place, {place: place})
            await csms.send_text(json.dumps([2, place, place, {place: place}]))
        for value in ("s3cret", ["s3cret"], {"a": "s3cret"}, "s3cret" * 100):
            for key in ("AuthorizationKey", " authorizationkey", "AUTHORIZATION KEY"):
                await csms.ask_raw("ChangeConfiguration", {"key": key, "value": value})
                await csms.ask_raw("ChangeConfiguration", {key: value})
                await csms.send_text(json.dumps([2, "x", "ChangeConfiguration", [key, value]]))
                await csms.send_text(json.dumps([7, "x", {"key": key, "value": value}]))
                await csms.send_text(json.dumps({"key": key, "value": value})[:-1])
        await here.harness.advance(30)
        told = ""
        for look in READ_ROUTES:
            if look.media_type != "text/event-stream":
                answer = await here.http.get(
                    look.path, params={"limit": 1000} if "mess" in look.path else {}
                )
                told += answer.text
        told += "".join(one.text for one in here.harness.events.since(0)[1])
        told += str(here.harness.station.snapshot)
        assert "GetDiagnostics" in told
        assert "s3cret" not in told


async def comes_up(http: httpx.AsyncClient) -> None:
    """Return once it listens: HTTP begins beside the charge point, not before it."""
    for _ in range(1_000):
        with contextlib.suppress(httpx.ConnectError):
            await http.get("/health")
            return
        await asyncio.sleep(0.02)  # another process needs real time
    raise AssertionError("it does not listen")


async def test_no_secret_leaves_a_running_charge_point(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    async with Csms() as csms:
        given = {name: value.replace("{}", str(csms.port)) for name, value in SECRETS.items()}
        del given["PROXY"]
        process = await start(tmp_path, **given, LOG_FILE=str(log), HTTP_PORT=str(port))
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        told = ""
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S
        ) as http:
            await comes_up(http)
            for look in READ_ROUTES:
                if look.media_type != "text/event-stream":
                    told += (await http.get(look.path)).text
            async with http.stream("GET", "/events?since=0") as answer:
                async for line in answer.aiter_lines():
                    told += line
                    if "connected to" in line:
                        break
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0, err
        told += out.decode() + err.decode() + log.read_text()
    assert "(hidden)@127.0.0.1" in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    "given",
    [
        {"CSMS_URL": "http://me:s3cret@host/"},
        {"CSMS_URL": "me:s3cret@host"},
        {"PROXY": "gopher://me:s3cret@host"},
        {"PROXY": "http://me:s3cret@host/with/a/path"},
        {"PROXY": "s3cret@host"},
        {"AUTHORIZATION_KEY": "s3cret"},
        {"HTTP_API_KEY": "s3cret" * 40},
        {"OCPP_KEYS": '{"AuthorizationKey": "s3cret"'},
        {"OCPP_KEYS": '["AuthorizationKey", "s3cret"]'},
    ],
    ids=str,
)
def test_no_error_of_the_options_shows_a_secret(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load([])
    (name,) = given
    assert str(caught.value).startswith(f"{name} (--")
    assert "s3cret" not in str(caught.value)


def test_neither_help_nor_the_settings_as_text_show_a_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value.replace("{}", "9"))
    chosen = load([])
    assert "s3cret" not in repr(chosen) + str(chosen)
    with pytest.raises(SystemExit):
        load(["--help"])
    assert "s3cret" not in capsys.readouterr().out


async def test_a_key_that_cannot_be_is_not_shown() -> None:
    keys = {"AuthorizationKey": "s3cret"}
    with pytest.raises(ConfigError) as caught:
        Station.from_settings(
            without_files(ocpp_keys=keys, state_dir=MEMORY),
            clock=SystemClock(),
            messages=MessageLog(),
            events=Ring[Event](10),
        )
    assert "the OCPP key AuthorizationKey cannot be what it is set to" in str(caught.value)
    assert "s3cret" not in str(caught.value)
