"""The table of configuration keys, read by somebody else: what each is at the start, who may change
it, what it may become, with which feature profile it comes and goes (OCPP 1.6 §9)."""

from __future__ import annotations

import pytest

from sim_core.hardware.measurands import USUAL_MEASURANDS
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.configuration_keys import PROFILES, Key, Kind, keys_of, standard_keys
from tests.harness import Harness

LISTS, RESERVING = "LocalAuthListManagement", "Reservation"
FIRMWARE, SMART = "FirmwareManagement", "SmartCharging"
CONNECTORS = 2
FLAGS = {
    "AllowOfflineTxForUnknownId": "false",
    "AuthorizationCacheEnabled": "true",
    "AuthorizeRemoteTxRequests": "true",
    "LocalAuthListEnabled": "true",
    "LocalAuthorizeOffline": "true",
    "LocalPreAuthorize": "false",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
    "UnlockConnectorOnEVSideDisconnect": "true",
}
NUMBERS = {
    "ClockAlignedDataInterval": ("0", 0, 86_400),
    "ConnectionTimeOut": ("60", 0, 86_400),
    "HeartbeatInterval": ("300", 1, 2**31 - 1),
    "MaxEnergyOnInvalidId": ("0", 0, 2**31 - 1),
    "MeterValueSampleInterval": ("10", 0, 86_400),
    "MinimumStatusDuration": ("0", 0, 86_400),
    "ResetRetries": ("3", 0, 2**31 - 1),
    "SecurityProfile": ("0", 0, 3),
    "TransactionMessageAttempts": ("3", 1, 2**31 - 1),
    "TransactionMessageRetryInterval": ("10", 0, 86_400),
    "WebSocketPingInterval": ("30", 0, 86_400),
}
"""At the start, the least, and the most."""
REGISTER = "Energy.Active.Import.Register"
MEASURED = {
    "MeterValuesAlignedData": REGISTER,
    "MeterValuesSampledData": REGISTER,
    "StopTxnAlignedData": "",
    "StopTxnSampledData": "",
}
TO_READ = {
    "ChargeProfileMaxStackLevel": "10",
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": "100",
    "ConnectorPhaseRotationMaxLength": str(CONNECTORS + 1),
    "GetConfigurationMaxKeys": "100",
    "LocalAuthListMaxLength": "20000",
    "MaxChargingProfilesInstalled": "20",
    **{f"{name}MaxLength": "8" for name in MEASURED},
    "NumberOfConnectors": str(CONNECTORS),
    "ReserveConnectorZeroSupported": "true",
    "SendLocalListMaxLength": "20000",
    "SupportedFeatureProfiles": ",".join(PROFILES),
    "SupportedFeatureProfilesMaxLength": "6",
    "SupportedFileTransferProtocols": "FTP,FTPS,HTTP,HTTPS",
}
OTHERS = {"AuthorizationKey": "", "ConnectorPhaseRotation": "NotApplicable"}
OF_PROFILE = {
    "ChargeProfileMaxStackLevel": SMART,
    "ChargingScheduleAllowedChargingRateUnit": SMART,
    "ChargingScheduleMaxPeriods": SMART,
    "LocalAuthListEnabled": LISTS,
    "LocalAuthListMaxLength": LISTS,
    "MaxChargingProfilesInstalled": SMART,
    "ReserveConnectorZeroSupported": RESERVING,
    "SendLocalListMaxLength": LISTS,
    "SupportedFileTransferProtocols": FIRMWARE,
}
KEYS = {key.name: key for key in standard_keys(CONNECTORS)}


def changed(**keys: str) -> tuple[Configuration, list[str]]:
    """A configuration that starts with these, and whom it tells of changes."""
    told: list[str] = []
    made = Configuration(
        standard_keys(CONNECTORS),
        initial=keys,
        stored={},
        save=lambda name, value: told.append(f"saved {name}={value}"),
        on_change=lambda name: told.append(f"changed {name}"),
    )
    return made, told


@pytest.mark.parametrize(
    ("name", "value"), [*FLAGS.items(), *MEASURED.items(), *TO_READ.items(), *OTHERS.items()]
)
def test_each_key_at_the_start_and_who_may_change_it(name: str, value: str) -> None:
    key = KEYS[name]
    assert key.default == value
    assert key.readonly is (name in TO_READ)
    assert key.profile == OF_PROFILE.get(name, "Core")
    assert (key.hidden, key.reboot, key.own_low) == (False, False, None)


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_true_or_false_in_any_case(name: str) -> None:
    key = KEYS[name]
    assert [key.normal(word) for word in ("true", "FALSE", " True ", "1", "yes", "")] == [
        "true",
        "false",
        "true",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_has_a_least_and_a_most(name: str) -> None:
    key = KEYS[name]
    at_first, least, most = NUMBERS[name]
    assert (key.default, key.readonly, key.profile) == (at_first, False, "Core")
    assert key.normal(str(least)) == str(least)
    assert key.normal(str(most)) == str(most)
    assert key.normal(f" 00{most} ") in (str(most), None), "ten digits at most"
    for wrong in (str(least - 1), str(most + 1), "", "1.0", "1e3", "٣", "one", "9" * 11):
        assert key.normal(wrong) is None, wrong


@pytest.mark.parametrize("name", MEASURED)
def test_a_list_of_measurands_has_each_once_without_blanks(name: str) -> None:
    key = KEYS[name]
    assert key.normal(",".join(USUAL_MEASURANDS)) == ",".join(USUAL_MEASURANDS)
    assert key.normal("") == ""
    assert key.normal("SoC,Voltage") == "SoC,Voltage"
    for wrong in ("SoC,SoC", "SoC, Voltage", "SoC,", "Frequency", " SoC", "soc"):
        assert key.normal(wrong) is None, wrong


def test_a_list_has_no_more_than_its_length() -> None:
    rotation = KEYS["ConnectorPhaseRotation"]
    assert rotation.normal("0.RST,1.RST,2.TSR") == "0.RST,1.RST,2.TSR"
    assert rotation.normal("0.RST,1.RST,2.TSR,Unknown") is None
    assert rotation.normal("3.RST") is None, "there is no third connector"
    hundred = Key("Mine", Kind.LIST, "")
    assert hundred.normal(",".join(map(str, range(100)))) is not None
    assert hundred.normal(",".join(map(str, range(101)))) is None


def test_a_text_has_500_characters() -> None:
    assert Key("Mine", Kind.TEXT, "").normal("x" * 500) == "x" * 500
    assert Key("Mine", Kind.TEXT, "").normal("x" * 501) is None


def test_a_list_is_a_text_too() -> None:
    key = Key("Mine", Kind.LIST, "")
    assert key.normal(",".join(["x" * 250, "y" * 249])) is not None
    assert key.normal(",".join(["x" * 250, "y" * 250])) is None
    assert key.normal("x,\x1b[2J") is None


def test_zero_means_never_where_it_is_allowed_whatever_the_least_is() -> None:
    key = Key("Mine", Kind.INTEGER, "10", low=5, high=20, off=True)
    assert [key.normal(value) for value in ("0", "4", "5", "20", "21")] == [
        "0",
        None,
        "5",
        "20",
        None,
    ]
    assert Key("Mine", Kind.INTEGER, "10", low=5).normal("0") is None


@pytest.mark.parametrize("profile", [LISTS, RESERVING, FIRMWARE, SMART])
def test_keys_come_and_go_with_their_profile(profile: str) -> None:
    others = ",".join(name for name in PROFILES if name != profile)
    without, _ = changed(SupportedFeatureProfiles=others)
    gone = {name for name, of in OF_PROFILE.items() if of == profile}
    shown = {str(row["key"]) for row in without.report([])[0]}
    assert set(KEYS) - shown == gone
    for name in gone:
        assert without.report([name]) == ([], [name])
        assert without.change(name, KEYS[name].default).value == "NotSupported"
    assert not without.supports(profile)
    assert all(without.supports(name) for name in PROFILES if name != profile)


def test_what_is_accepted_is_kept_and_told_and_nothing_else_is() -> None:
    keys, told = changed()
    assert keys.change("heartbeatinterval", "0042").value == "Accepted"
    assert told == ["saved HeartbeatInterval=42", "changed HeartbeatInterval"]
    assert (keys.text("HeartbeatInterval"), keys.number("HeartbeatInterval")) == ("42", 42)
    told.clear()
    assert keys.change("HeartbeatInterval", "0").value == "Rejected"
    assert keys.change("NumberOfConnectors", "3").value == "Rejected"
    assert keys.change("Unheard", "3").value == "NotSupported"
    assert told == []
    keys.override("HeartbeatInterval", "60")
    assert told == ["saved HeartbeatInterval=60", "changed HeartbeatInterval"]
    assert keys.number("HeartbeatInterval") == 60


def test_what_waits_for_a_reboot_counts_after_it() -> None:
    told: list[str] = []
    row = Key("Mine", Kind.INTEGER, "1", reboot=True)
    keys = Configuration(
        (*standard_keys(CONNECTORS), row),
        initial={},
        stored={},
        save=lambda name, value: told.append(f"saved {name}={value}"),
        on_change=lambda name: told.append(f"changed {name}"),
    )
    assert keys.change("Mine", "2").value == "RebootRequired"
    assert (keys.number("Mine"), told) == (1, ["saved Mine=2"])
    keys.rebooted()
    assert (keys.number("Mine"), told) == (2, ["saved Mine=2", "changed Mine"])
    told.clear()
    keys.rebooted()
    assert told == []


def test_stored_values_count_where_they_still_may() -> None:
    keys = Configuration(
        standard_keys(CONNECTORS),
        initial={"HeartbeatInterval": "77", "Vendor": "x"},
        stored={
            "ConnectionTimeOut": "5",
            "ResetRetries": "never",
            "NumberOfConnectors": "9",
            "Gone": "1",
        },
        save=lambda name, value: None,
        on_change=lambda name: None,
    )
    assert keys.number("ConnectionTimeOut") == 5
    assert keys.number("ResetRetries") == 3, "it is no number any more"
    assert keys.number("NumberOfConnectors") == CONNECTORS, "nobody but us sets it"
    assert keys.number("HeartbeatInterval") == 77
    assert keys.text("Vendor") == "x"
    assert not keys.flag("Gone")
    assert keys.report(["gone", "vendor", "GONE"]) == (
        [{"key": "Vendor", "readonly": False, "value": "x"}],
        ["gone", "GONE"],
    )


@pytest.mark.parametrize(
    ("initial", "stored", "value", "default"),
    [
        ({}, {}, "of this one", "of this one"),
        ({}, {"Mine": "of a CSMS"}, "of a CSMS", "of this one"),
        ({"mine": "of people"}, {}, "of people", "of people"),
    ],
)
def test_what_one_charge_point_has_for_itself_counts_where_nobody_has_set_it(
    initial: dict[str, str], stored: dict[str, str], value: str, default: str
) -> None:
    standard = (*standard_keys(CONNECTORS), Key("Mine", Kind.TEXT, ""))

    def made(own: dict[str, str]) -> Configuration:
        return Configuration(
            standard,
            initial=initial,
            stored=stored,
            own=own,
            save=lambda name, value: None,
            on_change=lambda name: None,
        )

    keys, others = made({"Mine": "of this one"}), made({})
    mine = keys.key("MINE")
    assert mine is not None
    assert mine is others.key("Mine"), "what a key is, is the same for all"
    assert (keys.text("Mine"), keys.default(mine)) == (value, default)
    assert others.text("Mine") == (value if initial or stored else "")
    with pytest.raises(ValueError, match="the OCPP key Mine cannot be"):
        Configuration(
            standard,
            initial={},
            stored={},
            own={"Mine": "x" * 501},
            save=lambda name, value: None,
            on_change=lambda name: None,
        )


async def test_get_configuration_tells_the_whole_table_and_no_secret() -> None:
    async with Harness(model="generic", keys={"AuthorizationKey": "0123456789abcdef"}) as harness:
        answer = await harness.ask("GetConfiguration")
        told = {row["key"]: row for row in answer["configurationKey"]}
        own = {key.name: key for key in keys_of(harness.model, standard_keys(CONNECTORS))}
        assert set(told) == set(own) >= set(KEYS)
        for name, row in told.items():
            assert row["readonly"] is own[name].readonly
            if name == "AuthorizationKey":
                assert set(row) == {"key", "readonly"}
            elif name != "HeartbeatInterval":  # BootNotification has brought another
                assert row["value"] == own[name].default
