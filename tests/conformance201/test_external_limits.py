"""Limits of others than the CSMS (block K: K11, K12, K13)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import (
    Accepted,
    ClearExternalLimit,
    Configure,
    GoOnline,
    GoSilent,
    LinkDown,
    LinkUp,
    Refused,
    SetExternalLimit,
)
from sim_core.wire.timestamps import stamp
from tests.conformance201.acts import charge, events, get_variable, said, set_variables, told
from tests.conformance201.test_smart_charging import composite, install, power, profile, reported
from tests.harness import Harness
from tests.versions import Payload

PURPOSE = "ChargingStationExternalConstraints"
RATE = "Updated ChargingRateChanged Charging"
NOTIFY, CLEARED = "NotifyChargingLimit", "ClearedChargingLimit"


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


async def limit(h: Harness, limit_w: int, source: str = "SO", **more: Any) -> None:
    assert await h.submit(SetExternalLimit(limit_w, source, **more)) == Accepted()
    await h.advance(0.5)


async def lift(h: Harness, source: str | None = None, connector: int | None = None) -> None:
    assert await h.submit(ClearExternalLimit(source, connector)) == Accepted()
    await h.advance(0.5)


def notices(h: Harness) -> list[Payload]:
    return [call.payload for call in h.csms.of(NOTIFY)]


def cleared(h: Harness) -> list[Payload]:
    return [call.payload for call in h.csms.of(CLEARED)]


@pytest.mark.row(239, "K11.FR.04")
@pytest.mark.row(242, "K13.FR.03")
async def test_a_rate_that_changes_enough_is_told() -> None:
    async with harness() as h:
        await charge(h)
        await power(h)
        h.csms.clear()
        await limit(h, 20_000)
        assert said(h) == [NOTIFY, RATE]
        await limit(h, 19_900)
        assert events(h)[1:] == [], "that is half a percent"
        await lift(h)
        assert said(h)[2:] == [CLEARED, RATE]


@pytest.mark.row(239, "SC.03")
async def test_a_profile_that_changes_the_rate_is_told_after_its_answer() -> None:
    async with harness() as h:
        await charge(h)
        await power(h)
        h.csms.clear()
        await install(h, 1)
        await h.ask("ClearChargingProfile", chargingProfileId=1)
        await h.advance(0.5)
        assert said(h) == [RATE, RATE]
        await set_variables(h, SmartChargingCtrlr__LimitChangeSignificance="100")
        await install(h, 1, limit=1000.0)
        assert said(h) == [RATE, RATE], "it takes more than all of it"


@pytest.mark.row(239, "K11.FR.04")
async def test_a_limit_over_what_the_vehicle_takes_changes_no_rate() -> None:
    async with harness() as h:
        await charge(h)
        taken = await power(h)
        h.csms.clear()
        await limit(h, round(taken * 2))
        await limit(h, round(taken * 3))
        assert said(h) == [NOTIFY, NOTIFY]


@pytest.mark.row(240, "K11.FR.01 .02 .05")
async def test_it_is_obeyed_at_once_and_told() -> None:
    async with harness() as h:
        await charge(h, 1)
        await charge(h, 2)
        assert await power(h, 1) + h.connector(2).power_w > 12_000
        assert await h.submit(SetExternalLimit(12_000, "EMS")) == Accepted()
        assert 0 < h.connector(1).power_w + h.connector(2).power_w <= 12_000.001
        assert h.connector(1).limited_by == "energy manager"
        await h.advance(60)
        assert 11_999 < h.connector(1).power_w + h.connector(2).power_w <= 12_000.001
        await limit(h, 4_000, "SO", connector=2, grid_critical=True)
        assert await power(h, 2) == pytest.approx(4_000)
        assert h.connector(2).limited_by == "grid operator"
        assert h.connector(1).power_w == pytest.approx(8_000)
        assert notices(h) == [
            {"chargingLimit": {"chargingLimitSource": "EMS"}},
            {"chargingLimit": {"chargingLimitSource": "SO", "isGridCritical": True}, "evseId": 2},
        ]


@pytest.mark.row(240, "K12.FR.01 .02")
async def test_it_bounds_whoever_charges_later() -> None:
    async with harness() as h:
        await limit(h, 5_000, "Other")
        assert notices(h) == [{"chargingLimit": {"chargingLimitSource": "Other"}}]
        await charge(h)
        assert await power(h) == pytest.approx(5_000)
        assert h.connector().limited_by == "another system"


@pytest.mark.row(240, "K11.FR.03")
async def test_its_schedule_is_told_where_that_is_wanted() -> None:
    async with harness() as h:
        begins = stamp(h.clock.now())
        name = "SmartChargingCtrlr__NotifyChargingLimitWithSchedules"
        assert await set_variables(h, **{name: "true"}) == ["Accepted"]
        await limit(h, 20_000)
        (notice,) = notices(h)
        (schedule,) = notice["chargingSchedule"]
        assert schedule == {
            "id": -2,
            "startSchedule": begins,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 20_000.0}],
        }


@pytest.mark.row(240, "K11.FR.02")
async def test_small_changes_are_not_told_one_by_one_and_not_swallowed_either() -> None:
    async with harness() as h:
        for limit_w in (20_000, 19_900, 19_810, 19_790):
            await limit(h, limit_w)
        assert len(notices(h)) == 2, "against what was told the last one is more than a percent"
        await limit(h, 19_790, grid_critical=True)
        assert notices(h)[2:] == [
            {"chargingLimit": {"chargingLimitSource": "SO", "isGridCritical": True}}
        ]


@pytest.mark.row(241, "TC_K_52")
async def test_it_is_reported_as_a_profile_and_the_composite_counts_it() -> None:
    async with harness() as h:
        await install(h, 1, limit=50_000.0)
        await limit(h, 20_000, "SO")
        await limit(h, 7_000, "EMS", connector=2)
        reports = await reported(h, chargingProfilePurpose=PURPOSE)
        assert [(one["chargingLimitSource"], one["evseId"]) for one in reports] == [
            ("SO", 0),
            ("EMS", 2),
        ]
        assert [one["tbc"] for one in reports] == [True, False]
        (first,) = reports[0]["chargingProfile"]
        assert first["id"] < 0
        assert first["chargingProfilePurpose"] == PURPOSE
        assert first["chargingSchedule"][0]["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 20_000.0}
        ]
        assert [one["evseId"] for one in await reported(h, chargingLimitSource=["EMS"])] == [2]
        assert [one["evseId"] for one in await reported(h, chargingLimitSource=["CSO"])] == [1]
        assert [one["evseId"] for one in await reported(h, evse_id=0)] == [0]
        assert [one["evseId"] for one in await reported(h, chargingProfileId=[first["id"]])] == [0]
        assert len(await reported(h)) == 3
        for evse_id, limit_w in ((0, 20_000), (1, 20_000), (2, 7_000)):
            (period,) = (await composite(h, evse_id))["schedule"]["chargingSchedulePeriod"]
            assert period["limit"] == limit_w


@pytest.mark.row(241, "K11.FR.06")
async def test_what_others_want_no_csms_may_set_replace_or_clear() -> None:
    async with harness() as h:
        await limit(h, 20_000)
        wrong = profile(chargingProfilePurpose=PURPOSE)
        answer = await h.ask("SetChargingProfile", evseId=0, chargingProfile=wrong)
        assert answer["status"] == "Rejected"
        answer = await install(h, 1, number=-2)
        assert answer["status"] == "Rejected", "that id is the limit's"
        answer = await h.ask("ClearChargingProfile", chargingProfileId=-2)
        assert answer["status"] == "Unknown"
        criteria = {"chargingProfilePurpose": PURPOSE}
        answer = await h.ask("ClearChargingProfile", chargingProfileCriteria=criteria)
        assert answer["status"] == "Unknown"
        assert len(await reported(h)) == 1


@pytest.mark.row(242, "K13.FR.01 .02")
async def test_a_limit_that_is_lifted_holds_nobody_down() -> None:
    async with harness() as h:
        await charge(h)
        free = await power(h)
        await limit(h, 9_000, "SO")
        await limit(h, 6_000, "EMS", connector=1)
        assert await power(h) == pytest.approx(6_000)
        await lift(h, "EMS")
        assert await power(h) == pytest.approx(9_000)
        await lift(h)
        assert await power(h) == pytest.approx(free, rel=0.1)
        assert cleared(h) == [
            {"chargingLimitSource": "EMS", "evseId": 1},
            {"chargingLimitSource": "SO"},
        ]


@pytest.mark.row(240, "K11.FR.01")
@pytest.mark.row(242, "K13.FR.01")
async def test_nothing_allowed_is_a_pause() -> None:
    async with harness() as h:
        await charge(h)
        await power(h)
        await limit(h, 0)
        assert told(events(h)[-1]) == "Updated ChargingStateChanged SuspendedEVSE"
        assert h.connector().power_w == 0
        assert (h.connector().limited_by, h.connector().limit_w) == ("grid operator", 0)
        assert h.connector().refusals["resume"] == (
            "EVSE 1 gets 0 W (grid operator): that limit has to end first"
        )
        await lift(h)
        assert [told(event) for event in events(h)][-1] == ("Updated ChargingStateChanged Charging")


@pytest.mark.row(240, "K11.FR.02")
@pytest.mark.row(242, "K13.FR.02")
async def test_what_stands_is_told_once_the_csms_is_there_again() -> None:
    async with harness() as h:
        await limit(h, 20_000, "SO")
        await h.submit(LinkDown())
        await limit(h, 9_000, "EMS")
        await lift(h, "EMS")
        await limit(h, 5_000, "Other")
        await lift(h, "SO")
        h.csms.clear()
        await h.submit(LinkUp())
        await h.advance(30)
        assert cleared(h) == [{"chargingLimitSource": "SO"}]
        assert notices(h) == [{"chargingLimit": {"chargingLimitSource": "Other"}}]
        h.csms.clear()
        await h.submit(GoSilent())
        await lift(h)
        await h.submit(GoOnline())
        await h.advance(1)
        assert cleared(h) == [{"chargingLimitSource": "Other"}]


@pytest.mark.row(240, "K11.FR.02")
async def test_it_stands_over_a_reboot_and_is_told_again(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        await limit(h, 5_000)
        h.csms.clear()
        await limit(h, 9_000, "EMS", connector=2)
        h.csms.clear()
        await h.ask("Reset", type="Immediate")
        await lift(h, "EMS")
        await h.advance(120)
        assert len(notices(h)) == 1
        assert cleared(h) == [{"chargingLimitSource": "EMS", "evseId": 2}], "while it booted"
    async with harness(state=tmp_path) as h:
        assert len(notices(h)) == 1
        await charge(h)
        assert await power(h) == pytest.approx(5_000)
    ignores = {"SmartChargingCtrlr.ExternalControlSignalsEnabled": "false"}
    async with harness(state=tmp_path, keys=ignores) as h:
        assert (notices(h), h.station.snapshot.external_limits) == ([], ())


@pytest.mark.row(240, "K11.FR.01")
@pytest.mark.row(242, "K13.FR.02")
async def test_a_csms_may_have_it_ignore_them() -> None:
    name = "SmartChargingCtrlr.ExternalControlSignalsEnabled"
    async with harness() as h:
        assert (await get_variable(h, name))["attributeValue"] == "true"
        await charge(h)
        await limit(h, 5_000)
        assert await set_variables(h, **{name.replace(".", "__"): "false"}) == ["Accepted"]
        assert await power(h) > 5_000
        assert cleared(h) == [{"chargingLimitSource": "SO"}]
        h.csms.clear()
        refused = Refused(
            f"the charge point ignores others than the CSMS: set {name} to true first"
        )
        assert await h.submit(SetExternalLimit(5_000)) == refused
        assert h.station.snapshot.refusals["external_limit"] == refused.reason
        assert await power(h) > 5_000
        assert h.csms.of(NOTIFY, CLEARED) == []
        assert isinstance(await h.submit(Configure(name, "true")), Accepted)
        await limit(h, 5_000)
        assert len(notices(h)) == 1
