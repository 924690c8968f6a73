"""Ids that a CSMS gives twice: said aloud, and what is asked by them goes somewhere sensible.

OCPP 1.6 §4.8 (transactionId), §5.16 (chargingProfileId: one profile's on the charge point).
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim_core.commands import Plug, PowerOff, PowerOn, Start, Stop
from tests.conformance.acts import charge, payloads
from tests.conformance.test_smart_charging import ROOM, accepted, at, composite, profile
from tests.harness import Harness

ONE = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
REFUSED = {"transactionId": 0, "idTagInfo": {"status": "Invalid"}}


def told(harness: Harness, about: str) -> list[str]:
    return [one for one in harness.station.snapshot.warnings if about in one]


async def both(harness: Harness, first: int = 1, second: int = 2) -> None:
    harness.csms.script["StartTransaction"].extend([ONE, ONE])
    await charge(harness, first)
    await charge(harness, second)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
async def test_one_transaction_id_for_two_is_told_and_a_stop_ends_the_newest(
    first: int, second: int
) -> None:
    async with Harness() as harness:
        await both(harness, first, second)
        (warning,) = told(harness, "transactionId, 7")
        assert "connectors 1 and 2" in warning
        assert f"(connector {second})" in warning
        for connector_id in (second, first):
            stop = {"transactionId": 7}
            assert await harness.ask("RemoteStopTransaction", **stop) == {"status": "Accepted"}
            await harness.advance(harness.timing.stop_s + 1)
            assert harness.connector(connector_id).transaction is None
            assert not told(harness, "transactionId, 7"), "one is left, and it has the id alone"
        assert [stop["transactionId"] for stop in payloads(harness, "StopTransaction")] == [7, 7]
        assert await harness.ask("RemoteStopTransaction", transactionId=7) == {"status": "Rejected"}


async def test_three_are_named() -> None:
    async with Harness(connectors=3) as harness:
        harness.csms.script["StartTransaction"].extend([ONE, ONE, ONE])
        for number in (1, 2, 3):
            await charge(harness, number)
        (warning,) = told(harness, "transactionId, 7")
        assert "connectors 1, 2 and 3" in warning


async def test_ids_of_refused_transactions_are_no_trouble() -> None:
    """Where the CSMS says Invalid, many give 0 or −1 to all."""
    async with Harness(keys={"StopTransactionOnInvalidId": "false"}) as harness:
        harness.csms.script["StartTransaction"].extend([REFUSED, REFUSED])
        for number in (1, 2):
            await harness.submit(Plug(number))
            await harness.submit(Start(number))
        await harness.advance(5)
        assert harness.connector(1).transaction is not None
        assert harness.connector(2).transaction is not None
        assert not told(harness, "transactionId")


async def test_an_id_may_come_back_once_its_transaction_has_ended() -> None:
    async with Harness() as harness:
        harness.csms.script["StartTransaction"].extend([ONE, ONE])
        await charge(harness, 1)
        await harness.submit(Stop(1))
        await charge(harness, 2)
        assert not told(harness, "transactionId")


async def test_what_goes_on_after_a_power_cut_still_has_its_id_twice(tmp_path: Path) -> None:
    async with Harness(state=tmp_path, behaviour={"resume_after_power_loss": True}) as harness:
        await both(harness)
        await harness.submit(PowerOff())
        assert not told(harness, "transactionId, 7")
        await harness.submit(PowerOn())
        await harness.advance(10)
        assert harness.connector(1).transaction is not None
        assert told(harness, "transactionId, 7")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from("+-"), st.integers(1, 3), st.integers(1, 2)), max_size=8))
async def test_the_warning_stands_as_long_as_two_share_an_id(acts: list[Any]) -> None:
    async with Harness(connectors=3) as harness:
        shared: dict[int, int] = {}
        for act, connector_id, transaction_id in acts:
            if act == "-" and connector_id in shared:
                await harness.submit(Stop(connector_id))
                del shared[connector_id]
            elif act == "+" and connector_id not in shared:
                harness.csms.script["StartTransaction"].append(
                    {**ONE, "transactionId": transaction_id}
                )
                await harness.submit(Plug(connector_id))
                await harness.submit(Start(connector_id))
                await harness.advance(harness.timing.cable_check_s + harness.timing.energize_s + 1)
                if harness.connector(connector_id).transaction is None:
                    harness.csms.script["StartTransaction"].clear()
                else:
                    shared[connector_id] = transaction_id
            twice = any(a == b for a, b in itertools.combinations(shared.values(), 2))
            assert bool(told(harness, "one transactionId")) == twice


# -- charging profiles -----------------------------------------------


async def test_an_id_that_takes_another_connectors_limit_away_is_told() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 1, profile((0, 7_000.0)))
        assert not told(harness, "chargingProfileId")
        await accepted(harness, 2, profile((0, 9_000.0)))
        (warning,) = told(harness, "chargingProfileId 1")
        assert "the TxDefaultProfile of connector 1" in warning
        assert "the TxDefaultProfile of connector 2 now" in warning
        assert "the limit of connector 1 is gone" in warning
        assert (await composite(harness, 60, 1))[0][1] > 9_000
        await accepted(harness, 1, profile((0, 7_000.0), chargingProfileId=2))
        assert not told(harness, "chargingProfileId"), "connector 1 has a limit again"


async def test_an_id_that_takes_another_purposes_limit_away_is_told() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 7_000.0)))
        most = {"chargingProfilePurpose": "ChargePointMaxProfile", "startSchedule": at(harness, 0)}
        await accepted(harness, 0, profile((0, 9_000.0), chargingProfileKind="Absolute", **most))
        (warning,) = told(harness, "chargingProfileId 1")
        assert "the TxDefaultProfile of the whole charge point" in warning
        await harness.ask("ClearChargingProfile")
        assert not told(harness, "chargingProfileId")


async def test_a_profile_that_is_sent_again_takes_nothing_away() -> None:
    async with Harness(keys=ROOM) as harness:
        for limit, level in ((7_000.0, 0), (8_000.0, 0), (9_000.0, 3)):
            await accepted(harness, 1, profile((0, limit), stackLevel=level))
        await accepted(harness, 2, profile((0, 5_000.0), chargingProfileId=2))
        assert not told(harness, "chargingProfileId")
