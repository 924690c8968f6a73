"""GetConfiguration and ChangeConfiguration (OCPP 1.6 §5.3, §5.8, §9).

Row 60 lists keys of LocalAuthListManagement and SmartCharging too: they are expected where
SupportedFeatureProfiles names these profiles, and of a make that has no keys but its own, those
that it names. Row 66: every standard key counts at once, so the test adds a key of a vendor that
does not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sim_core.commands import Stop
from sim_core.hardware.measurands import USUAL_MEASURANDS
from sim_core.ocpp16 import charge_point
from sim_core.ocpp16.configuration_keys import Key, Kind, standard_keys
from tests.conformance.acts import charge, configure, payloads, read_key, rebooted, said
from tests.harness import Harness

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}

READ_WRITE = [
    "AuthorizeRemoteTxRequests",
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "ConnectorPhaseRotation",
    "HeartbeatInterval",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
    "ResetRetries",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect",
]
PROFILE_KEYS = {
    "LocalAuthListManagement": {
        "LocalAuthListEnabled": False,
        "LocalAuthListMaxLength": True,
        "SendLocalListMaxLength": True,
    },
    "SmartCharging": {
        "ChargeProfileMaxStackLevel": True,
        "ChargingScheduleAllowedChargingRateUnit": True,
        "ChargingScheduleMaxPeriods": True,
        "MaxChargingProfilesInstalled": True,
    },
}
"""Feature profile -> its required keys, and whether they are only to be read."""
READ_ONLY = ["GetConfigurationMaxKeys", "NumberOfConnectors", "SupportedFeatureProfiles"]
INTEGERS = [
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "HeartbeatInterval",
    "MeterValueSampleInterval",
    "ResetRetries",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "MinimumStatusDuration",
    "MaxEnergyOnInvalidId",
    "WebSocketPingInterval",
]
BOOLEANS = [
    "AuthorizeRemoteTxRequests",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "AllowOfflineTxForUnknownId",
    "AuthorizationCacheEnabled",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "UnlockConnectorOnEVSideDisconnect",
]
LISTS = [
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "StopTxnAlignedData",
    "StopTxnSampledData",
]


@pytest.mark.row(59, "TC_019_CS")
async def test_one_key() -> None:
    async with Harness() as harness:
        answer = await harness.ask("GetConfiguration", key=["SupportedFeatureProfiles"])
        (found,) = answer["configurationKey"]
        assert found["readonly"] is True
        assert "Core" in found["value"].split(",")
        assert "unknownKey" not in answer


@pytest.mark.row(59, "TC_019_CS")
@pytest.mark.parametrize("request_", [{}, {"key": []}])
async def test_no_key_means_every_key(request_: dict[str, list[str]]) -> None:
    async with Harness() as harness:
        answer = await harness.ask("GetConfiguration", **request_)
        names = [found["key"] for found in answer["configurationKey"]]
        assert set(names) >= {*READ_WRITE, *READ_ONLY}
        assert len(names) == len(set(names))
        assert "unknownKey" not in answer


@pytest.mark.row(59, "TC_019_CS")
async def test_known_and_unknown_keys() -> None:
    async with Harness() as harness:
        asked = ["HeartbeatInterval", "Testing", "NumberOfConnectors", "Testing"]
        answer = await harness.ask("GetConfiguration", key=asked)
        assert {found["key"]: found["readonly"] for found in answer["configurationKey"]} == {
            "HeartbeatInterval": False,
            "NumberOfConnectors": True,
        }
        assert answer["unknownKey"] == ["Testing"]
        answer = await harness.ask("GetConfiguration", key=["Testing"])
        assert answer["unknownKey"] == ["Testing"]
        assert not answer.get("configurationKey")


@pytest.mark.row(59, "TC_019_CS")
async def test_keys_are_compared_without_case() -> None:
    """A key is a CiString50 (§6.23, §7.18): it is known in any case."""
    async with Harness() as harness:
        answer = await harness.ask("GetConfiguration", key=["heartbeatINTERVAL"])
        (found,) = answer["configurationKey"]
        assert found["key"] == "HeartbeatInterval"
        answer = await harness.ask("ChangeConfiguration", key="heartbeatinterval", value="77")
        assert answer == ACCEPTED
        assert (await read_key(harness, "HeartbeatInterval"))["value"] == "77"


@pytest.mark.row(60, "TC_019_CS")
async def test_the_required_keys_and_their_access() -> None:
    async with Harness(connectors=3) as harness:
        answer = await harness.ask("GetConfiguration")
        readonly = {found["key"]: found["readonly"] for found in answer["configurationKey"]}
        as_built = {key for key, text in harness.model.keys.items() if text.readonly}
        for key in READ_WRITE:
            assert readonly[key] is (key in as_built), key
        for key in READ_ONLY:
            assert readonly[key] is True, key
        assert (await read_key(harness, "NumberOfConnectors"))["value"] == "3"
        profiles = (await read_key(harness, "SupportedFeatureProfiles"))["value"].split(",")
        assert {"Core", "LocalAuthListManagement", "Reservation"} <= set(profiles)
        for profile, keys in PROFILE_KEYS.items():
            for key, access in keys.items() if profile in profiles else ():
                if key in harness.model.keys or not harness.model.behaviour.only_named_keys:
                    assert readonly[key] is access, key


@pytest.mark.row(60, "TC_019_CS")
async def test_the_keys_of_a_profile_that_is_not_supported_are_unknown() -> None:
    async with Harness(keys={"SupportedFeatureProfiles": "Core"}) as harness:
        names = [key for keys in PROFILE_KEYS.values() for key in keys]
        answer = await harness.ask("GetConfiguration", key=names)
        assert answer["unknownKey"] == names
        answer = await harness.ask("ChangeConfiguration", key="LocalAuthListEnabled", value="true")
        assert answer == {"status": "NotSupported"}


@pytest.mark.row(60, "TC_019_CS")
async def test_what_says_read_write_can_be_written() -> None:
    async with Harness() as harness:
        answer = await harness.ask("GetConfiguration")
        for found in answer["configurationKey"]:
            if "value" not in found or found["key"] == "SecurityProfile":
                continue  # the security keys have tests of their own
            told = await harness.ask("ChangeConfiguration", key=found["key"], value=found["value"])
            assert told == (REJECTED if found["readonly"] else ACCEPTED), found["key"]


@pytest.mark.row(61, "S§5.8")
async def test_more_keys_than_may_be_asked_for() -> None:
    async with Harness() as harness:
        most = int((await read_key(harness, "GetConfigurationMaxKeys"))["value"])
        names = [f"Key{number}" for number in range(most + 1)]
        answer = await harness.csms.ask_raw("GetConfiguration", {"key": names})
        assert answer[0] == 4
        assert answer[2] == "OccurenceConstraintViolation"
        answer = await harness.csms.ask_raw("GetConfiguration", {"key": names[:most]})
        assert answer[2]["unknownKey"] == names[:most]


@pytest.mark.row(62, "TC_021_CS")
async def test_a_new_sample_interval_counts_at_once_and_lastingly(tmp_path: Path) -> None:
    async with Harness(state=tmp_path, keys={"MeterValueSampleInterval": "60"}) as harness:
        await charge(harness)
        await harness.advance(30)
        assert not payloads(harness, "MeterValues")
        await configure(harness, MeterValueSampleInterval="5")
        assert (await read_key(harness, "MeterValueSampleInterval"))["value"] == "5"
        await harness.advance(10)
        assert len(payloads(harness, "MeterValues")) == 2
        await configure(harness, MeterValueSampleInterval="0")
        harness.csms.clear()
        await harness.advance(600)
        assert not payloads(harness, "MeterValues")
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert (await read_key(harness, "MeterValueSampleInterval"))["value"] == "0"


@pytest.mark.row(62, "TC_021_CS")
async def test_a_new_heartbeat_interval_counts_at_once() -> None:
    async with Harness() as harness:
        await configure(harness, HeartbeatInterval="20")
        harness.csms.clear()
        await harness.advance(60)
        assert said(harness) == ["Heartbeat"] * 3


@pytest.mark.row(63, "TC_040_1_CS")
async def test_a_key_that_there_is_not() -> None:
    async with Harness() as harness:
        answer = await harness.ask("ChangeConfiguration", key="Testing", value="1")
        assert answer == {"status": "NotSupported"}


@pytest.mark.row(64, "TC_040_2_CS")
@pytest.mark.parametrize(
    "value",
    ["-1", "", " ", "ten", "1.5", "1e3", "0x10", "+5", "٣", "86401", "9" * 400, "true", "5 5"],
)
async def test_an_interval_that_makes_no_sense(value: str) -> None:
    async with Harness(keys={"MeterValueSampleInterval": "30"}) as harness:
        answer = await harness.ask(
            "ChangeConfiguration", key="MeterValueSampleInterval", value=value
        )
        assert answer == REJECTED
        assert (await read_key(harness, "MeterValueSampleInterval"))["value"] == "30"


@pytest.mark.row(64, "TC_040_2_CS")
async def test_values_of_the_wrong_kind() -> None:
    async with Harness() as harness:
        wrong = [
            *((key, value) for key in INTEGERS for value in ("-1", "", "many", "99999999999")),
            *((key, value) for key in BOOLEANS for value in ("1", "", "yes", "truefalse")),
            *((key, value) for key in LISTS for value in ("Sunshine", ",", "SoC,,SoC", "SoC SoC")),
            ("HeartbeatInterval", "0"),
            ("TransactionMessageAttempts", "0"),
        ]
        for key, value in wrong:
            before = (await read_key(harness, key))["value"]
            answer = await harness.ask("ChangeConfiguration", key=key, value=value)
            assert answer == REJECTED, (key, value)
            assert (await read_key(harness, key))["value"] == before, (key, value)


@pytest.mark.row(67, "S§5.3 / §9.1")
@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("MeterValuesSampledData", "SoC,Frequency,Power.Factor", "'Frequency', 'Power.Factor'; it"),
        ("MeterValuesSampledData", "Frequency", "it knows Energy.Active.Import.Register, Current"),
        ("metervaluessampleddata", "A,B,C,D,E,F,G", "'A', 'B', 'C', 'D', 'E' and 2 more; it"),
        ("StopTxnSampledData", "x\x1b[2J\ny", "it does not know 'x\\x1b[2J\\ny'"),
        ("StopTxnAlignedData", "SoC, Voltage", "a list with commas and without spaces"),
        ("StopTxnAlignedData", "SoC,SoC", "an item is in the list twice"),
        ("HeartbeatInterval", "0", "it is a whole number from 1 to 2147483647, not '0'"),
        ("HeartbeatInterval", "9" * 400, "not '999999999999999999999999999999999999999…'"),
        ("LocalPreAuthorize", "yes", "it is true or false, not 'yes'"),
        ("NumberOfConnectors", "3", "a CSMS may only read it"),
    ],
)
async def test_the_log_says_what_is_wrong_with_a_value(key: str, value: str, sentence: str) -> None:
    async with Harness() as harness:
        answer = await harness.ask("ChangeConfiguration", key=key, value=value)
        assert answer == REJECTED
        (note,) = [e.text for e in harness.events.since(0)[1] if e.kind == "configuration"]
        assert sentence in note
        assert note.isprintable()


@pytest.mark.row(122, "TC_073_CS")
async def test_the_log_says_nothing_of_a_key_that_is_refused() -> None:
    async with Harness() as harness:
        secret = "not-a-key"
        answer = await harness.ask("ChangeConfiguration", key="AuthorizationKey", value=secret)
        assert answer["status"] in ("Rejected", "NotSupported")
        assert secret not in " ".join(event.text for event in harness.events.since(0)[1])


@pytest.mark.row(64, "TC_040_2_CS")
async def test_booleans_in_any_case() -> None:
    async with Harness() as harness:
        await configure(harness, LocalPreAuthorize="TRUE")
        assert (await read_key(harness, "LocalPreAuthorize"))["value"] == "true"


@pytest.mark.row(65, "S§5.3")
async def test_a_read_only_key_stays_as_it_is() -> None:
    async with Harness() as harness:
        for key in READ_ONLY:
            before = await read_key(harness, key)
            answer = await harness.ask("ChangeConfiguration", key=key, value="1")
            assert answer == REJECTED, key
            assert await read_key(harness, key) == before


@pytest.mark.row(66, "S§5.3")
@pytest.mark.parametrize("how", ["reset", "power cut"])
async def test_a_key_that_needs_a_reboot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    vendors = Key("VendorDepth", Kind.INTEGER, "1", high=9, reboot=True)
    monkeypatch.setattr(charge_point, "standard_keys", lambda n: (*standard_keys(n), vendors))
    async with Harness(state=tmp_path, keys={"VendorDepth": "1"}) as harness:
        answer = await harness.ask("ChangeConfiguration", key="VendorDepth", value="10")
        assert answer == REJECTED
        answer = await harness.ask("ChangeConfiguration", key="VendorDepth", value="5")
        assert answer == {"status": "RebootRequired"}
        assert (await read_key(harness, "VendorDepth"))["value"] == "1"
        if how == "reset":
            await harness.ask("Reset", type="Hard")
            await rebooted(harness)
        else:
            await harness.power_cut()
            await harness.power_on()
            await harness.settle()
        assert (await read_key(harness, "VendorDepth"))["value"] == "5"


@pytest.mark.row(66, "S§5.3")
async def test_what_waits_for_a_reboot_has_its_effect_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def keys(connectors: int) -> tuple[Key, ...]:
        ordinary = [k for k in standard_keys(connectors) if k.name != "ClockAlignedDataInterval"]
        return (*ordinary, Key("ClockAlignedDataInterval", Kind.INTEGER, "0", reboot=True))

    monkeypatch.setattr(charge_point, "standard_keys", keys)
    async with Harness() as harness:
        answer = await harness.ask(
            "ChangeConfiguration", key="ClockAlignedDataInterval", value="20"
        )
        assert answer == {"status": "RebootRequired"}
        await harness.advance(40)
        assert not payloads(harness, "MeterValues")
        await harness.ask("Reset", type="Hard")
        await rebooted(harness)
        harness.csms.clear()
        await harness.advance(20)
        assert len(payloads(harness, "MeterValues")) == 2, "one a connector"


@pytest.mark.row(67, "S§5.3 / §9.1")
@pytest.mark.parametrize(
    "value",
    [
        "Energy.Active.Import.Register,Sunshine",
        "Energy.Active.Import.Register, Voltage",
        "Voltage,Voltage",
        "Voltage,",
        "Energy.Active.Import.Register,Current.Import,Current.Offered,Voltage,Power.Active.Import,"
        "Power.Offered,SoC,Temperature,Frequency,Power.Factor",
    ],
)
async def test_measurands_that_cannot_be(value: str) -> None:
    async with Harness() as harness:
        before = await read_key(harness, "MeterValuesSampledData")
        answer = await harness.ask("ChangeConfiguration", key="MeterValuesSampledData", value=value)
        assert answer == REJECTED
        assert await read_key(harness, "MeterValuesSampledData") == before


LISTS = (
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "StopTxnAlignedData",
    "StopTxnSampledData",
)


@pytest.mark.row(67, "S§5.3 / §9.1")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("most", [0, 1, 3, 7])
async def test_more_measurands_than_the_list_may_have(name: str, most: int) -> None:
    """Different ones, each of them measured: nothing but their number is wrong."""
    keys = {**dict.fromkeys(LISTS, ""), f"{name}MaxLength": str(most)}
    async with Harness(keys=keys) as harness:
        assert (await read_key(harness, f"{name}MaxLength"))["value"] == str(most)
        for count, answer in ((most, ACCEPTED), (most + 1, REJECTED)):
            value = ",".join(USUAL_MEASURANDS[:count])
            assert await harness.ask("ChangeConfiguration", key=name, value=value) == answer
        assert (await read_key(harness, name))["value"] == ",".join(USUAL_MEASURANDS[:most])


@pytest.mark.row(67, "S§5.3 / §9.1")
async def test_a_list_that_was_wished_longer_has_a_longer_maximum() -> None:
    """What an operator asks for at the start is there, and the charge point says so."""
    keys = dict.fromkeys(LISTS, ",".join(USUAL_MEASURANDS))
    async with Harness(keys=keys) as harness:
        for name in LISTS:
            assert (await read_key(harness, name))["value"] == ",".join(USUAL_MEASURANDS)
            assert (await read_key(harness, f"{name}MaxLength"))["value"] == str(
                len(USUAL_MEASURANDS)
            )


@pytest.mark.row(67, "S§5.3 / §9.1")
async def test_a_list_that_a_csms_has_set_before_the_maximum_fell_is_left_out(
    tmp_path: Path,
) -> None:
    async with Harness(state=tmp_path) as harness:
        value = ",".join(USUAL_MEASURANDS[:3])
        name = "StopTxnSampledData"
        assert await harness.ask("ChangeConfiguration", key=name, value=value) == ACCEPTED
    async with Harness(state=tmp_path, keys={f"{name}MaxLength": "2"}) as harness:
        assert (await read_key(harness, name))["value"] == ""


@pytest.mark.row(67, "S§5.3 / §9.1")
@pytest.mark.parametrize("length", [500, 501])
async def test_the_longest_text_of_a_key(length: int) -> None:
    async with Harness(keys={"VendorText": "short"}) as harness:
        ask = {"key": "VendorText", "value": "x" * length}
        kind, _, *said = await harness.csms.ask_raw("ChangeConfiguration", ask)
        if length == 500:
            assert (kind, said) == (3, [ACCEPTED])
        else:
            assert (kind, said[0]) == (4, "PropertyConstraintViolation")
            configuration = harness.station.charge_point.configuration
            assert configuration.change("VendorText", "x" * length) == "Rejected"
        wanted = "x" * 500 if length == 500 else "short"
        assert (await read_key(harness, "VendorText"))["value"] == wanted


@pytest.mark.row(67, "S§5.3 / §9.1")
@pytest.mark.parametrize("value", ["\ud800", "\x00", "a\nb", "\u202e", "\x1b[2J"])
async def test_a_text_that_cannot_be_printed_is_refused(value: str, tmp_path: Path) -> None:
    async with Harness(keys={"VendorText": "short"}, state=tmp_path) as harness:
        answer = await harness.ask("ChangeConfiguration", key="VendorText", value=value)
        assert answer == {"status": "Rejected"}
        assert (await read_key(harness, "VendorText"))["value"] == "short"
        assert not harness.station.snapshot.warnings
        (why,) = [e.text for e in harness.events.since(0)[1] if "VendorText" in e.text]
        assert "has a character that cannot be printed" in why
        assert why.isprintable()


@pytest.mark.row(67, "S§5.3 / §9.1")
async def test_new_measurands_count_from_the_next_sample() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        await charge(harness)
        await harness.advance(10)
        await configure(harness, MeterValuesSampledData="Voltage,SoC")
        await harness.advance(10)
        await configure(harness, MeterValuesSampledData="")
        await harness.advance(10)
        assert [
            [sampled["measurand"] for sampled in sample["meterValue"][0]["sampledValue"]]
            for sample in payloads(harness, "MeterValues")
        ] == [
            ["Energy.Active.Import.Register"],
            ["Voltage", "SoC"],
            ["Energy.Active.Import.Register"],
        ]
        await harness.submit(Stop(1))
        assert "transactionData" not in payloads(harness, "StopTransaction")[0]
