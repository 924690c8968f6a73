"""Somebody at the charge point sets a configuration key: by the rules of the CSMS, in its words.

Who has changed what since the start is to be seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim_core.commands import Accepted, Configure, PowerOff, Refused
from sim_core.hardware.model import KeyText
from sim_core.ocpp16.configuration_keys import LONGEST_NAME, standard_keys
from sim_core.ocpp16.setting_rows import MEANINGS
from sim_core.settings.model_file import load_model
from sim_core.snapshot import ChangedBy, SettingSnapshot
from tests.harness import Harness


def setting(harness: Harness, name: str) -> SettingSnapshot:
    return next(one for one in harness.station.snapshot.settings if one.name == name)


async def test_what_is_set_counts_at_once_and_says_who_and_since_when() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        assert setting(harness, "MeterValueSampleInterval").change is None
        await harness.advance(7)
        asked_at = harness.station.now()
        assert await harness.submit(Configure("metervaluesampleinterval", "20")) == Accepted()
        seen = setting(harness, "MeterValueSampleInterval")
        assert (seen.value, seen.default) == ("20", "10")
        assert seen.change is not None
        assert (seen.change.before, seen.change.by) == ("10", ChangedBy.OPERATOR)
        assert seen.change.at == asked_at
        told = await harness.ask("GetConfiguration", key=["MeterValueSampleInterval"])
        assert told["configurationKey"][0]["value"] == "20"


async def test_the_csms_and_the_operator_change_one_after_the_other() -> None:
    name = "ConnectionTimeOut"
    async with Harness(keys={name: "60"}) as harness:
        await harness.ask("ChangeConfiguration", key=name, value="70")
        change = setting(harness, name).change
        assert change is not None
        assert (change.before, change.by) == ("60", ChangedBy.CSMS)
        await harness.submit(Configure(name, "80"))
        change = setting(harness, name).change
        assert change is not None
        assert (change.before, change.by) == ("60", ChangedBy.OPERATOR)
        await harness.ask("ChangeConfiguration", key=name, value="60")
        assert setting(harness, name).change is None  # it is as it was at the start


async def test_the_interval_that_a_boot_brings_is_the_csms_s() -> None:
    async with Harness(keys={"HeartbeatInterval": "17"}) as harness:
        change = setting(harness, "HeartbeatInterval").change
        assert change is not None
        assert (change.before, change.by) == ("17", ChangedBy.CSMS)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("NumberOfConnectors", "3", "NumberOfConnectors: a CSMS may only read it"),
        (
            "HeartbeatInterval",
            "soon",
            "HeartbeatInterval: it is a whole number from 1 to 2147483647, not 'soon'",
        ),
        ("SecurityProfile", "0", "SecurityProfile: the security profile is 0 already"),
        (
            "Nonsense\x1b[2J",
            "1",
            "there is no configuration key 'Nonsense\\\\x1b[2J' here: take one that "
            "GetConfiguration tells",
        ),
    ],
)
async def test_a_refusal_is_the_sentence_that_a_csms_s_request_leaves_in_the_log(
    name: str, value: str, sentence: str
) -> None:
    async with Harness() as harness:
        before = harness.station.snapshot.settings
        assert await harness.submit(Configure(name, value)) == Refused(sentence)
        assert harness.station.snapshot.settings == before


async def test_a_name_of_any_length_is_refused_in_a_sentence_of_some() -> None:
    async with Harness() as harness:
        outcome = await harness.submit(Configure("N" * 10_000, "1"))
        assert isinstance(outcome, Refused)
        assert len(outcome.reason) < LONGEST_NAME + 100


async def test_without_power_nothing_is_set() -> None:
    async with Harness() as harness:
        await harness.submit(PowerOff())
        refused = await harness.submit(Configure("HeartbeatInterval", "60"))
        assert refused == Refused("the charge point has no power: power it on first")
        assert harness.station.snapshot.refusals["configure"] == refused.reason


async def test_what_is_set_survives_the_end(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await harness.submit(Configure("ConnectionTimeOut", "99"))
        await harness.power_off()
        await harness.power_on()
        await harness.settle()
        assert setting(harness, "ConnectionTimeOut").value == "99"
        assert setting(harness, "ConnectionTimeOut").change is None


async def test_a_secret_can_be_set_and_is_never_seen() -> None:
    secret = "a secret of twenty"
    async with Harness() as harness:
        assert await harness.submit(Configure("AuthorizationKey", secret)) == Accepted()
        seen = setting(harness, "AuthorizationKey")
        assert (seen.value, seen.default) == (None, None)
        assert seen.change is not None
        assert secret not in repr(harness.station.snapshot)
        assert all(secret not in event.text for event in harness.events.since(0)[1])


async def test_a_value_that_waits_for_a_reboot_says_so_and_counts_after_it() -> None:
    plain = load_model("generic")
    async with Harness(model=plain) as harness:
        keys = harness.station.charge_point.configuration
        key = replace(keys._keys["ResetRetries"], reboot=True)
        keys._keys = {**keys._keys, "ResetRetries": key}
        outcome = await harness.submit(Configure("ResetRetries", "9"))
        assert outcome == Accepted("it counts after the next reboot")
        seen = setting(harness, "ResetRetries")
        assert (seen.value, seen.after_reboot) == ("3", "9")
        await harness.ask("Reset", type="Soft")
        await harness.advance(60)
        seen = setting(harness, "ResetRetries")
        assert (seen.value, seen.after_reboot) == ("9", None)


def test_every_standard_key_is_explained_in_one_line() -> None:
    names = {key.name for key in standard_keys(2)}
    assert names <= set(MEANINGS)
    assert all(0 < len(words) <= 72 for words in MEANINGS.values())


async def test_a_key_of_the_maker_is_shown_without_a_meaning() -> None:
    plain = load_model("generic")
    made = replace(plain, keys={**plain.keys, "VendorFlag": KeyText("true")})
    async with Harness(model=made) as harness:
        seen = setting(harness, "VendorFlag")
        assert (seen.value, seen.meaning, seen.choices) == ("true", "", ("true", "false"))
        assert await harness.submit(Configure("VendorFlag", "false")) == Accepted()


async def test_a_variable_of_2_0_1_is_set_by_its_name_or_by_the_key_that_means_the_same() -> None:
    async with Harness(version="2.0.1") as harness:
        name = "OCPPCommCtrlr.WebSocketPingInterval"
        assert await harness.submit(Configure("ocppcommctrlr.websocketpinginterval", "44")) == (
            Accepted()
        )
        seen = setting(harness, name)
        assert (seen.value, seen.group) == ("44", "OCPPCommCtrlr")
        assert seen.change is not None
        assert seen.change.by is ChangedBy.OPERATOR
        await harness.submit(Configure("WebSocketPingInterval", "45"))
        assert setting(harness, name).value == "45"
        assert all(one.meaning for one in harness.station.snapshot.settings)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "OCPPCommCtrlr.FileTransferProtocols",
            "FTP",
            "OCPPCommCtrlr.FileTransferProtocols can only be read",
        ),
        (
            "OCPPCommCtrlr.HeartbeatInterval",
            "soon",
            "OCPPCommCtrlr.HeartbeatInterval is a whole number",
        ),
        ("Nothing", "1", "there is no variable 'Nothing' here: say it as Component.Variable"),
    ],
)
async def test_what_2_0_1_refuses(name: str, value: str, sentence: str) -> None:
    async with Harness(version="2.0.1") as harness:
        assert await harness.submit(Configure(name, value)) == Refused(sentence)


async def test_a_variable_that_waits_for_a_boot_says_so() -> None:
    async with Harness(version="2.0.1") as harness:
        name = "OCPPCommCtrlr.NetworkConfigurationPriority"
        profile = {
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": "ws://csms.example/ocpp",
            "messageTimeout": 30,
            "securityProfile": 0,
            "ocppInterface": "Wired0",
        }
        await harness.ask("SetNetworkProfile", configurationSlot=2, connectionData=profile)
        outcome = await harness.submit(Configure(name, "1,2"))
        assert outcome == Accepted("it counts after the next reboot")
        seen = setting(harness, name)
        assert (seen.value, seen.after_reboot) == ("1", "1,2")
