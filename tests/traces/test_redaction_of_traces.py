"""A trace that is given away: nothing of whose it is, everything of what it does."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim_core.traces.formats.own import line_of
from sim_core.traces.frames import Side, Trace, TraceFrame
from sim_core.traces.messages import is_readable
from sim_core.traces.redaction import Redactor
from sim_core.traces.stand_ins import StandIns

CP = "DEPOT-00417"
TAG = "04AABBCC112233"
SERIAL = "SN24010199"


def frame(*parts: Any, side: Side = Side.CHARGER, text: str = "", cp: str = CP) -> TraceFrame:
    text = text or json.dumps(list(parts), separators=(",", ":"))
    return TraceFrame(side, None, tuple(json.loads(text)), text, cp)


def redacted(*frames: TraceFrame, name: str = "") -> Trace:
    return Redactor().trace(Trace(name, frames))


def shape(text: str) -> str:
    return re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", text)))


def test_one_original_has_one_stand_in_wherever_it_comes_up() -> None:
    trace = redacted(
        frame(2, "1", "BootNotification", {"chargePointSerialNumber": SERIAL, "iccid": "0"}),
        frame(2, f"{CP}-7", "Authorize", {"idTag": TAG}),
        frame(3, f"{CP}-7", {"idTagInfo": {"status": "Accepted", "parentIdTag": "G1"}}),
        frame(2, "3", "DataTransfer", {"vendorId": "A", "data": json.dumps({"who": TAG.lower()})}),
        frame(3, "4", {"fileName": f"log_{CP}_20260504101112.zip"}),
        frame(2, "5", "GetDiagnostics", {"location": f"ftp://u:p@files.acme.com/x/{CP}/"}),
        frame(
            2, "6", "StatusNotification", {"info": f"card {TAG} of {SERIAL}", "status": "Faulted"}
        ),
        name=f"{CP}.log",
    )
    boot, ask, answer, data, file, location, info = trace.frames
    serial = boot.message[3]["chargePointSerialNumber"]
    tag = ask.message[3]["idTag"]
    assert boot.message[3]["iccid"] == "0"
    assert ask.message[1] == answer.message[1] == f"{boot.charge_point}-7"
    assert json.loads(data.message[3]["data"]) == {"who": tag.lower()}
    assert file.message[2]["fileName"] == f"log_{boot.charge_point}_20260504101112.zip"
    assert location.message[3]["location"].endswith(f"/{boot.charge_point}/")
    assert info.message[3] == {"info": f"card {tag} of {serial}", "status": "Faulted"}
    assert trace.name == f"{boot.charge_point}.log"
    assert shape(tag) == shape(TAG)
    assert shape(serial) == shape(SERIAL)
    told = " ".join(one.text for one in trace.frames)
    for secret in (CP, TAG, SERIAL, "files.acme.com", "u:p@"):
        assert secret.lower() not in told.lower()


KEYS = [
    ("AuthorizationKey", "0123456789abcdef"),
    ("WifiPassword", "12"),
    ("CardPin", "0000"),
    ("G_ServerURL", "wss://csms.acme.com:8443/ocpp/1.6/DEPOT"),
    ("NetIP", "10.1.2.3"),
    ("ModemAPN", "internet.acme"),
    ("ChargerID", "TAG0000001"),
    ("CpoName", "Acme Charging"),
    ("MeterSerial", "778899"),
]


@pytest.mark.parametrize(("key", "value"), KEYS)
def test_the_value_of_a_key_that_is_secret(key: str, value: str) -> None:
    trace = redacted(
        frame(2, "1", "ChangeConfiguration", {"key": key, "value": value}, side=Side.CSMS),
        frame(3, "2", {"configurationKey": [{"value": value, "readonly": False, "key": key}]}),
        frame(
            2,
            "3",
            "SetVariables",
            {
                "setVariableData": [
                    {
                        "attributeValue": value,
                        "component": {"name": "X"},
                        "variable": {"name": key},
                    }
                ]
            },
        ),
        frame(
            2,
            "4",
            "NotifyReport",
            {
                "reportData": [
                    {
                        "component": {"name": "X", "evse": {"id": 1}},
                        "variable": {"name": key},
                        "variableAttribute": [{"type": "Actual", "value": value}],
                    }
                ]
            },
        ),
    )
    set_, got, of_201, report = trace.frames
    assert set_.message[3]["key"] == key
    assert set_.message[3]["value"] != value
    assert value not in set_.text + got.text + of_201.text
    (attribute,) = report.message[3]["reportData"][0]["variableAttribute"]
    assert attribute == {"type": "Actual", "value": set_.message[3]["value"]}
    assert got.message[2]["configurationKey"][0]["value"] == set_.message[3]["value"]
    (given_,) = of_201.message[3]["setVariableData"]
    assert given_["attributeValue"] == set_.message[3]["value"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("HeartbeatInterval", "300"),
        ("AuthorizeRemoteTxRequests", "true"),
        ("StopTransactionOnInvalidId", "false"),
        ("MeterValuesSampledData", "Current.Import,Energy.Active.Import.Register"),
        ("ConnectorPhaseRotation", "1.RST"),
        ("SupportedFeatureProfiles", "Core,Reservation"),
        ("FirmwareVersion", "9.0.1.0"),
        ("WebSocketPingInterval", "54"),
    ],
)
def test_what_a_charger_does_stays(key: str, value: str) -> None:
    one = frame(3, "2", {"configurationKey": [{"key": key, "readonly": False, "value": value}]})
    assert redacted(one).frames[0].text == one.text


def test_numbers_words_times_and_spelling_stay() -> None:
    text = (
        '[2, "17", "MeterValues", {"connectorId" : 1,"transactionId":9223372036854775807,'
        '"meterValue":[{"timestamp":"2026-05-04T10:00:46Z","sampledValue":[{"value":"12.50",'
        '"context":"Sample.Periodic","location":"Outlet","unit":"kWh","phase":"L1-N"}]}],'
        '"a\\/b":1.50,"a\\/b":1e3}]'
    )
    assert redacted(frame(text=text)).frames[0].text == text
    boot = (
        '[2,"18","BootNotification",{"chargePointVendor":"Acme","chargePointModel":"F3-180",'
        '"firmwareVersion":"C2089_V2.9.0","meterType":"X 9.0.1.0"}]'
    )
    assert redacted(frame(text=boot)).frames[0].text == boot


def test_a_field_that_is_there_twice_is_redacted_twice() -> None:
    one = frame(text='[2,"1","Authorize",{"idTag":"ABCD1234","idTag":"EFAB5678"}]')
    told = redacted(one).frames[0].text
    assert "ABCD1234" not in told
    assert "EFAB5678" not in told


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        ("VID:0011223344AA", "0011223344AA"),
        ("mac 00:11:22:33:44:AA ok", "00:11:22:33:44:AA"),
        ("at 52.516275, 13.377704", "52.516275"),
        ("call me@acme.com", "me@acme.com"),
        ("from 10.20.30.40:9000", "10.20.30.40"),
        ("vin WVWZZZ1JZXW000001 seen", "WVWZZZ1JZXW000001"),
        ("contract DE-8AA-C1B2C3D4E-5", "DE-8AA-C1B2C3D4E-5"),
        ("wss://user:pa/ss@csms.acme.com/x?token=abcdef", "abcdef"),
        ("-----BEGIN CERTIFICATE-----\nMIIBszCCAVk\n-----END CERTIFICATE-----", "MIIBszCCAVk"),
        ("number 4915112345678", "4915112345678"),
        ('{"phone": 4915112345678}', "4915112345678"),
    ],
)
def test_what_looks_secret_in_a_text_of_a_vendor(data: str, secret: str) -> None:
    told = redacted(frame(2, "1", "DataTransfer", {"vendorId": "A", "data": data})).frames[0].text
    assert secret not in told
    assert "vendorId" in told


def test_a_mac_with_colons_and_without_is_one() -> None:
    one, other = (
        redacted_.message[3]["data"]
        for redacted_ in redacted(
            frame(2, "1", "DataTransfer", {"data": "VID:0011223344AA"}),
            frame(2, "2", "DataTransfer", {"data": "00:11:22:33:44:aa"}),
        ).frames
    )
    assert one.removeprefix("VID:").lower() == other.replace(":", "")


def test_ids_of_version_1_lose_the_network_card_in_them() -> None:
    ids = ["819767f0-12c7-11ef-8012-0c8611223344", "821ceba0605411f08aef0c8611223344"]
    frames = [frame(2, one, "Heartbeat", {}) for one in ids]
    answers = [frame(3, one, {}, side=Side.CSMS) for one in ids]
    trace = redacted(*frames, *answers)
    told = [one.message[1] for one in trace.frames]
    assert told[:2] == told[2:]
    assert all("0c8611223344" not in one for one in told)
    assert told[0][-12:] == told[1][-12:]
    plain = frame(2, "2e218e04-df12-4665-b782-40e9d7e0ea3b", "Heartbeat", {})
    assert redacted(plain).frames[0].text == plain.text


def test_another_use_gives_other_stand_ins_unless_the_key_is_the_same() -> None:
    one = frame(2, "1", "Authorize", {"idTag": TAG})
    told = {redacted(one).frames[0].text for _ in range(5)}
    assert len(told) > 1
    same = {Redactor(b"k").trace(Trace("", (one,))).frames[0].text for _ in range(5)}
    assert len(same) == 1


def test_a_live_trace_is_redacted_frame_by_frame() -> None:
    redactor = Redactor()
    told = []
    for one in (
        frame(2, "1", "Authorize", {"idTag": TAG}),
        frame(2, "2", "StatusNotification", {"info": f"card {TAG}"}),
    ):
        redactor.learn([one])
        told.append(redactor.frame(one))
    tag = told[0].message[3]["idTag"]
    assert told[1].message[3]["info"] == f"card {tag}"


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["idTag", "key", "value", "data", "location", "variable"])
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)
any_text = st.one_of(
    any_json.map(json.dumps),
    any_json.map(lambda value: json.dumps([2, "1", "DataTransfer", {"data": json.dumps(value)}])),
    st.text(),
    st.sampled_from(["[" * 5000, '[2,"1","A",{"a":' + "[" * 300 + "]" * 300 + "}]", "[1e999]"]),
)


@settings(deadline=None)
@given(any_text)
def test_whatever_passes_on_a_wire_is_redacted(text: str) -> None:
    redactor = Redactor()
    one = TraceFrame(Side.CHARGER, None, (), text, CP)
    redactor.learn([one])
    told = redactor.frame(one)
    assert told.charge_point != CP
    if text and "{" not in text and is_readable(text):
        assert shape_of(json.loads(told.text)) == shape_of(json.loads(text))
    line_of(Side.CHARGER, None, list(told.message), told.text)


def shape_of(value: Any) -> Any:
    """A value without its texts and numbers."""
    if isinstance(value, list):
        return [shape_of(one) for one in value]
    return type(value)


def test_a_stand_in_that_was_given_stays() -> None:
    redactor = Redactor()
    name = redactor.name("BOX-P55667788")
    boot = frame(
        2, "1", "BootNotification", {"chargeBoxSerialNumber": "55667788"}, cp="BOX-P55667788"
    )
    redactor.learn([boot])
    assert redactor.frame(boot).charge_point == name


secrets_of_people = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=6, max_size=30
).filter(lambda text: sum(one.isalnum() for one in text) >= 6 and not text.isspace())
printable = st.text("ABCDEFabcdef0123456789-_. xyzXYZ", min_size=6, max_size=20).filter(
    lambda text: sum(one.isalnum() for one in text) >= 6
)


@settings(deadline=None)
@given(
    tag=printable | secrets_of_people,
    serial=printable,
    password=printable,
    charge_point=printable,
    host=st.from_regex(r"[a-z]{3,8}\.[a-z]{3,8}\.com", fullmatch=True),
    ascii_=st.booleans(),
)
def test_no_secret_remains(
    tag: str, serial: str, password: str, charge_point: str, host: str, ascii_: bool
) -> None:
    originals = [tag, serial, password, charge_point, host]
    assume(all(one.strip("0 .-_") for one in originals))

    def spelt(*parts: Any) -> TraceFrame:
        return frame(text=json.dumps(list(parts), ensure_ascii=ascii_), cp=charge_point)

    trace = redacted(
        spelt(2, "1", "BootNotification", {"chargeBoxSerialNumber": serial}),
        spelt(2, "2", "Authorize", {"idTag": tag}),
        spelt(2, "3", "SendLocalList", {"localAuthorizationList": [{"idTag": tag}]}),
        spelt(2, "4", "Authorize", {"idToken": {"idToken": tag, "type": "ISO14443"}}),
        spelt(2, "5", "ChangeConfiguration", {"key": "AuthorizationKey", "value": password}),
        spelt(2, "6", "UpdateFirmware", {"location": f"https://{host}/fw.bin"}),
        spelt(2, "7", "StatusNotification", {"info": f"<{tag}> ({serial}) [{charge_point}]"}),
        spelt(2, "8", "DataTransfer", {"data": json.dumps({"a": [tag, {"sn": serial}]})}),
        spelt(4, "9", "InternalError", f"no {tag}, {charge_point}", {"detail": [serial]}),
    )
    kept = {"BootNotification", "chargeBoxSerialNumber"}
    for one in trace.frames:
        told = json.dumps(list(one.message), ensure_ascii=False) + one.text + one.charge_point
        for original in originals:
            if original not in kept:
                assert original not in told
    first = trace.frames[1].message[3]["idTag"]
    assert trace.frames[2].message[3]["localAuthorizationList"][0]["idTag"] == first
    assert trace.frames[3].message[3]["idToken"] == {"idToken": first, "type": "ISO14443"}


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=30, unique_by=str.casefold))
def test_two_originals_never_share_a_stand_in(originals: list[str]) -> None:
    stand_ins = StandIns()
    letters = {
        "".join(one.casefold()[:1] for one in text if one.isalnum()): text for text in originals
    }
    letters.pop("", None)
    made = [stand_ins.of(f"#{text}#") for text in letters.values()]
    found = ["".join(one.casefold() for one in text if one.isalnum()) for text in made]
    assert len(set(found)) == len(found)
