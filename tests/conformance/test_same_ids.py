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
from tests.pair import Pair

ONE = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
REFUSED = {"transactionId": 0, "idTagInfo": {"status": "Invalid"}}


def told(pair: Pair, about: str) -> list[str]:
    return [one for one in pair.station.snapshot.warnings if about in one]


async def both(pair: Pair, first: int = 1, second: int = 2) -> None:
    pair.csms.script["StartTransaction"].extend([ONE, ONE])
    await charge(pair, first)
    await charge(pair, second)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
async def test_one_transaction_id_for_two_is_told_and_a_stop_ends_the_newest(
    first: int, second: int
) -> None:
    async with Pair() as pair:
        await both(pair, first, second)
        (warning,) = told(pair, "transactionId, 7")
        assert "connectors 1 and 2" in warning
        assert f"(connector {second})" in warning
        for connector_id in (second, first):
            stop = {"transactionId": 7}
            assert await pair.ask("RemoteStopTransaction", **stop) == {"status": "Accepted"}
            await pair.advance(pair.timing.stop_s + 1)
            assert pair.connector(connector_id).transaction is None
            assert not told(pair, "transactionId, 7"), "one is left, and it has the id alone"
        assert [stop["transactionId"] for stop in payloads(pair, "StopTransaction")] == [7, 7]
        assert await pair.ask("RemoteStopTransaction", transactionId=7) == {"status": "Rejected"}


async def test_three_are_named() -> None:
    async with Pair(connectors=3) as pair:
        pair.csms.script["StartTransaction"].extend([ONE, ONE, ONE])
        for number in (1, 2, 3):
            await charge(pair, number)
        (warning,) = told(pair, "transactionId, 7")
        assert "connectors 1, 2 and 3" in warning


async def test_ids_of_refused_transactions_are_no_trouble() -> None:
    """Where the CSMS says Invalid, many give 0 or −1 to all."""
    async with Pair(keys={"StopTransactionOnInvalidId": "false"}) as pair:
        pair.csms.script["StartTransaction"].extend([REFUSED, REFUSED])
        for number in (1, 2):
            await pair.submit(Plug(number))
            await pair.submit(Start(number))
        await pair.advance(5)
        assert pair.connector(1).transaction is not None
        assert pair.connector(2).transaction is not None
        assert not told(pair, "transactionId")


async def test_an_id_may_come_back_once_its_transaction_has_ended() -> None:
    async with Pair() as pair:
        pair.csms.script["StartTransaction"].extend([ONE, ONE])
        await charge(pair, 1)
        await pair.submit(Stop(1))
        await charge(pair, 2)
        assert not told(pair, "transactionId")


async def test_what_goes_on_after_a_power_cut_still_has_its_id_twice(tmp_path: Path) -> None:
    async with Pair(state=tmp_path, behaviour={"resume_after_power_loss": True}) as pair:
        await both(pair)
        await pair.submit(PowerOff())
        assert not told(pair, "transactionId, 7")
        await pair.submit(PowerOn())
        await pair.advance(10)
        assert pair.connector(1).transaction is not None
        assert told(pair, "transactionId, 7")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from("+-"), st.integers(1, 3), st.integers(1, 2)), max_size=8))
async def test_the_warning_stands_as_long_as_two_share_an_id(acts: list[Any]) -> None:
    async with Pair(connectors=3) as pair:
        shared: dict[int, int] = {}
        for act, connector_id, transaction_id in acts:
            if act == "-" and connector_id in shared:
                await pair.submit(Stop(connector_id))
                del shared[connector_id]
            elif act == "+" and connector_id not in shared:
                pair.csms.script["StartTransaction"].append(
                    {**ONE, "transactionId": transaction_id}
                )
                await pair.submit(Plug(connector_id))
                await pair.submit(Start(connector_id))
                await pair.advance(pair.timing.cable_check_s + pair.timing.energize_s + 1)
                if pair.connector(connector_id).transaction is None:
                    pair.csms.script["StartTransaction"].clear()
                else:
                    shared[connector_id] = transaction_id
            twice = any(a == b for a, b in itertools.combinations(shared.values(), 2))
            assert bool(told(pair, "one transactionId")) == twice


# -- charging profiles -----------------------------------------------


async def test_an_id_that_takes_another_connectors_limit_away_is_told() -> None:
    async with Pair(keys=ROOM) as pair:
        await accepted(pair, 1, profile((0, 7_000.0)))
        assert not told(pair, "chargingProfileId")
        await accepted(pair, 2, profile((0, 9_000.0)))
        (warning,) = told(pair, "chargingProfileId 1")
        assert "the TxDefaultProfile of connector 1" in warning
        assert "the TxDefaultProfile of connector 2 now" in warning
        assert "the limit of connector 1 is gone" in warning
        assert (await composite(pair, 60, 1))[0][1] > 9_000
        await accepted(pair, 1, profile((0, 7_000.0), chargingProfileId=2))
        assert not told(pair, "chargingProfileId"), "connector 1 has a limit again"


async def test_an_id_that_takes_another_purposes_limit_away_is_told() -> None:
    async with Pair(keys=ROOM) as pair:
        await accepted(pair, 0, profile((0, 7_000.0)))
        most = {"chargingProfilePurpose": "ChargePointMaxProfile", "startSchedule": at(pair, 0)}
        await accepted(pair, 0, profile((0, 9_000.0), chargingProfileKind="Absolute", **most))
        (warning,) = told(pair, "chargingProfileId 1")
        assert "the TxDefaultProfile of the whole charge point" in warning
        await pair.ask("ClearChargingProfile")
        assert not told(pair, "chargingProfileId")


async def test_a_profile_that_is_sent_again_takes_nothing_away() -> None:
    async with Pair(keys=ROOM) as pair:
        for limit, level in ((7_000.0, 0), (8_000.0, 0), (9_000.0, 3)):
            await accepted(pair, 1, profile((0, limit), stackLevel=level))
        await accepted(pair, 2, profile((0, 5_000.0), chargingProfileId=2))
        assert not told(pair, "chargingProfileId")
