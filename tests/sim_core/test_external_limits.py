"""Limits of others than the CSMS, whatever is spoken; OCPP 1.6 has no message of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim_core.commands import (
    Accepted,
    ClearExternalLimit,
    Command,
    LinkDown,
    PowerOff,
    PowerOn,
    Refused,
    SetExternalLimit,
)
from tests.conformance.acts import charge
from tests.harness import Harness


async def done(h: Harness, *commands: Command) -> None:
    for command in commands:
        assert await h.submit(command) == Accepted()


async def test_in_ocpp_16_it_is_obeyed_and_no_message_tells_of_it() -> None:
    async with Harness() as h:
        await charge(h)
        await h.advance(60)
        h.csms.clear()
        await done(h, SetExternalLimit(7_000, "SO"))
        assert h.connector().power_w == pytest.approx(7_000)
        assert (h.connector().limited_by, h.connector().limit_w) == ("grid operator", 7_000)
        assert h.csms.calls == []
        answer = await h.ask("GetCompositeSchedule", connectorId=1, duration=60)
        (period,) = answer["chargingSchedule"]["chargingSchedulePeriod"]
        assert period == {"startPeriod": 0, "limit": 7_000}
        await done(h, SetExternalLimit(0, "SO"))
        await h.advance(1)
        assert h.connector().status == "SuspendedEVSE"
        await done(h, ClearExternalLimit())
        await h.advance(60)
        assert h.connector().power_w > 7_000
        assert h.connector().status == "Charging"
        notes = [event.text for event in h.events.since(0)[1] if event.kind == "limit"]
        assert notes == [
            "grid operator allows 7 kW",
            "grid operator allows 0 kW",
            "grid operator limits the power no longer",
        ]


async def test_the_lower_of_profile_and_others_counts_and_is_named() -> None:
    async with Harness() as h:
        await charge(h)
        await h.advance(60)
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "ChargePointMaxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "W",
                "startSchedule": h.csms.stamp(),
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9_000.0}],
            },
        }
        await h.ask("SetChargingProfile", connectorId=0, csChargingProfiles=profile)
        await done(h, SetExternalLimit(12_000))
        assert (h.connector().limited_by, h.connector().limit_w) == ("profile", 9_000)
        await done(h, SetExternalLimit(8_000))
        assert (h.connector().limited_by, h.connector().limit_w) == ("energy manager", 8_000)
        await done(h, SetExternalLimit(5_000, "Other", 1))
        assert (h.connector().limited_by, h.connector().limit_w) == ("another system", 5_000)
        seen = h.connector().external
        assert seen is not None
        assert (seen.source, seen.limit_w) == ("Other", 5_000)


async def test_too_little_for_all_serves_the_first() -> None:
    async with Harness() as h:
        await charge(h, 1)
        await charge(h, 2)
        await h.advance(60)
        least_w = h.station.charger.config.model.ratings.minimum_power_w
        assert least_w > 0
        await done(h, SetExternalLimit(round(least_w * 1.5)))
        await h.advance(1)
        first, second = h.station.snapshot.connectors
        assert (first.status, second.status) == ("Charging", "SuspendedEVSE")
        assert (second.limited_by, second.limit_w) == ("energy manager", 0)
        assert second.refusals["resume"] == (
            "connector 2 gets 0 W (energy manager): that limit has to end first"
        )


async def test_it_stands_over_power_cuts_and_starts(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as h:
        await done(h, SetExternalLimit(7_000, "SO", grid_critical=True), PowerOff())
        dark = "the charge point has no power: power it on first"
        assert await h.submit(SetExternalLimit(8_000)) == Refused(dark)
        assert await h.submit(ClearExternalLimit()) == Refused(dark)
        await done(h, PowerOn())
        (before,) = h.station.snapshot.external_limits
    async with Harness(state=tmp_path) as h:
        assert h.station.snapshot.external_limits == (before,)
        await charge(h)
        await h.advance(60)
        assert h.connector().power_w == pytest.approx(7_000)
        await done(h, LinkDown(), ClearExternalLimit())
    async with Harness(state=tmp_path) as h:
        assert h.station.snapshot.external_limits == ()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (SetExternalLimit(-1), "a limit is from 0 to 1000000000 W"),
        (SetExternalLimit(10**12), "a limit is from 0 to 1000000000 W"),
        (SetExternalLimit(1, connector=3), "there is no connector 3: 0 is all together"),
        (SetExternalLimit(1, connector=-1), "there is no connector -1: 0 is all together"),
        (
            SetExternalLimit(1, "CSO"),
            "'CSO' limits nothing here; there are: EMS (energy manager), SO (grid operator), "
            "Other (another system)",
        ),
        (ClearExternalLimit("EMS"), "no such limit stands; there is: SO for connector 2"),
        (ClearExternalLimit("SO", 0), "no such limit stands; there is: SO for connector 2"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    command: Command, reason: str
) -> None:
    async with Harness() as h:
        nobody = "nobody but the CSMS limits the power: there is nothing to lift"
        assert await h.submit(ClearExternalLimit()) == Refused(nobody)
        assert h.station.snapshot.refusals["clear_external_limit"] == nobody
        await done(h, SetExternalLimit(7_000, "SO", 2))
        before = h.station.snapshot.external_limits
        assert await h.submit(command) == Refused(reason)
        assert h.station.snapshot.external_limits == before
