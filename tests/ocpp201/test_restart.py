"""The process restarts by itself, in the words of 2.0.1."""

from __future__ import annotations

from pathlib import Path

from sim_core.commands import EVStop, Plug, Restart, Start, Swipe
from tests.harness import Harness


async def test_the_transaction_goes_on_over_a_boot_for_the_watchdog() -> None:
    async with Harness(version="2.0.1") as harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(30)
        before = {_id(call.payload) for call in harness.csms.of("TransactionEvent")}
        harness.csms.clear()
        await harness.submit(Restart())
        await harness.advance(30)
        (boot,) = harness.csms.of("BootNotification")
        assert boot.payload["reason"] == "Watchdog"
        await harness.submit(EVStop(1))
        told = [call.payload for call in harness.csms.of("TransactionEvent")]
        assert {_id(payload) for payload in told} == before
        assert [payload["eventType"] for payload in told][-1] == "Ended"
        assert told[-1]["transactionInfo"]["stoppedReason"] == "StoppedByEV"
        assert {payload["eventType"] for payload in told[:-1]} == {"Updated"}


async def test_the_type_of_a_token_outlives_the_process(tmp_path: Path) -> None:
    charged, listed = (
        {"idToken": "DE8AAC1", "type": "eMAID"},
        {"idToken": "DE8AAC2", "type": "Local"},
    )
    async with Harness(version="2.0.1", state=tmp_path) as harness:
        await harness.advance(5)
        one = {"idToken": listed, "idTokenInfo": {"status": "Accepted"}}
        answer = await harness.ask(
            "SendLocalList", versionNumber=1, updateType="Full", localAuthorizationList=[one]
        )
        assert answer["status"] == "Accepted"
        await harness.submit(Plug(1))
        await harness.ask("RequestStartTransaction", evseId=1, remoteStartId=1, idToken=charged)
        await harness.advance(5)
    async with Harness(version="2.0.1", state=tmp_path) as harness:
        await harness.advance(5)
        await harness.submit(Plug(1))
        for token in (charged, listed):
            await harness.submit(Start(1, token["idToken"]))
            await harness.advance(5)
            await harness.submit(Swipe(1, token["idToken"]))
            await harness.advance(5)
            told = [call.payload for call in harness.csms.of("TransactionEvent")]
            assert [one["idToken"] for one in told if "idToken" in one][-1] == token


def _id(payload: dict[str, object]) -> object:
    info = payload["transactionInfo"]
    assert isinstance(info, dict)
    return info["transactionId"]
