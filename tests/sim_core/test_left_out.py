"""What a model, a garage or a caller leaves out: it takes no time, it is off, it is unlimited.

Somebody's own TOML file is as short as they like; what they do not write must not change.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

from sim_core.charging.facts import RULES, Facts, refusals
from sim_core.hardware.cabinet import Demand, share
from sim_core.hardware.meter import Meter, Reading
from sim_core.hardware.model import (
    Behaviour,
    KeyText,
    Metering,
    Model,
    Quirks,
    QuirkText,
    VendorFault,
)
from sim_core.ocpp16.status import Status, connector_status
from sim_core.settings.garage_file import load_garage
from sim_core.settings.model_file import load_model

SMALLEST = """
[identity]
vendor = "V"
model = "M"

[ratings]
connector_power_w = 22000
connector_current_a = 32
cabinet_power_w = 22000
"""
NO_TIME = {
    "boot_s": 0.0,
    "cable_check_s": 0.0,
    "energize_s": 0.0,
    "reboot_s": 1.0,
    "precharge_s": 0.0,
    "ramp_w_per_s": 1e9,
    "hard_reset_s": None,
    "hard_reboot_s": None,
    "install_s": 2.0,
    "reset_s": 0.0,
    "mac_s": 0.0,
    "mac_retry_s": 0.0,
    "mac_retry_share": 0.0,
    "late_start_s": 0.0,
    "stop_s": 0.0,
    "second_gun_share": 1.0,
    "emergency_s": 0.0,
    "expiry_s": 0.0,
    "spread": 0.0,
}
ORDINARY = {
    "boot_on_reconnect": False,
    "remote_start_needs_vehicle": False,
    "lockable": True,
    "detachable_cable": False,
    "resume_after_power_loss": False,
    "power_backup": False,
    "vendor_fields": False,
    "status_order": "charge_point_first",
    "begin_end_samples": False,
    "samples_while_suspended": True,
    "clears_disabled_cache": False,
    "stamps_reports": False,
    "security_extension": True,
    "only_named_keys": False,
}


def test_the_smallest_model(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(SMALLEST, "utf-8")
    model = load_model(str(path))
    assert model.name == "tiny"
    for pace, timing in model.timing.items():
        told = {name: value for name, value in asdict(timing).items() if name in NO_TIME}
        assert told == NO_TIME, pace
    told = {name: value for name, value in asdict(model.behaviour).items() if name in ORDINARY}
    assert told == ORDINARY
    ratings = model.ratings
    assert (ratings.cabinet_reserve_w, ratings.minimum_power_w, ratings.mains_v) == (0, 0, 230)
    identity = model.identity
    assert (identity.serial_number, identity.firmware_version, identity.iccid) == (None,) * 3
    metering = model.metering
    assert (metering.kilowatts, metering.number_format, metering.location) == (False, "fixed", True)
    assert model == Model("tiny", identity, ratings, model.timing)
    assert (model.keys, model.quirks, model.faults) == ({}, {}, {})
    assert Model("tiny", identity, ratings, model.timing).behaviour == Behaviour()
    assert Model("tiny", identity, ratings, model.timing).metering == Metering()


def test_what_an_entry_of_a_model_leaves_out() -> None:
    assert QuirkText("it is so").keys == {}
    assert VendorFault("broken") == VendorFault(
        "broken", everywhere=False, stops=None, fails_start=False
    )
    assert KeyText("1") == KeyText("1", readonly=None, low=None, high=None)


def test_quirks_are_off() -> None:
    quirks = Quirks()
    assert [field.name for field in fields(quirks) if getattr(quirks, field.name)] == []


def test_the_smallest_vehicle(tmp_path: Path) -> None:
    path = tmp_path / "garage.toml"
    path.write_text(
        '[[vehicle]]\nname = "Tiny"\nbattery_wh = 10000\ncurve = [[0, 7000]]\nmax_current_a = 32\n'
        "empty_v = 300\nfull_v = 400\nresistance_ohm = 0\n",
        "utf-8",
    )
    (kind,) = load_garage(path)
    assert (kind.arrives_at_percent, kind.full_at_percent) == (22, 100)
    assert (kind.stops_when_full, kind.pauses, kind.handshake_late_s) == (False, (), 0)
    assert (kind.vid, kind.only_by_name) == (None, False)


def test_a_meter_and_a_cabinet_of_which_nothing_is_known() -> None:
    assert Meter().register_wh == 0
    assert Reading(5.0)._asdict() == {
        "register_wh": 5.0,
        "voltage_v": 0.0,
        "current_a": 0.0,
        "soc_percent": None,
        "offered_w": 0.0,
        "temperature_c": 25.0,
    }
    assert share([Demand(5_000)], 60_000, 10_000) == [0], "it neither charges nor connects"


def test_a_connector_of_which_nothing_is_known_is_free_and_takes_a_card_and_a_cable() -> None:
    facts = Facts(1)
    assert connector_status(facts) is Status.AVAILABLE
    allowed = {"plug", "swipe", "remote_start", "fault", "unlock", "jam_lock"}
    assert set(refusals(facts)) == set(RULES) - allowed
    assert connector_status(Facts(1, plugged=True)) is Status.PREPARING
    running = Facts(1, plugged=True, transaction=True)
    assert connector_status(running) is Status.PREPARING
    assert connector_status(running._replace(energized=True)) is Status.CHARGING
    assert set(refusals(running)) & {"unplug", "swipe", "local_stop", "suspend_ev"} == set()
    assert (facts.ev_ready, facts.evse_ready, facts.operative, facts.powered) == (True,) * 4
    assert (facts.fault, facts.reserved_for, facts.token) == (None, None, None)
