"""Samples, by the clock and in transactions (block J)."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sim_core.commands import Stop, Unplug
from tests.conformance201.acts import begin, charge, contexts, events, register, set_variables, told
from tests.harness import Harness
from tests.versions import Payload


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


@pytest.mark.row(201, "J01.FR.14")
async def test_by_the_clock_while_idle() -> None:
    async with harness() as h:
        await set_variables(h, AlignedDataCtrlr__Interval="60")
        h.csms.clear()
        await h.advance(125)
        calls = [call.payload for call in h.csms.of("MeterValues")]
        assert [one["evseId"] for one in calls] == [0, 1, 2] * 2
        assert {contexts(one)[0] for one in calls} == {"Sample.Clock"}
        stamps = {one["meterValue"][0]["timestamp"] for one in calls}
        assert stamps == {"2026-01-01T12:01:00.000Z", "2026-01-01T12:02:00.000Z"}
        assert all("transactionId" not in one for one in calls)


@pytest.mark.row(202, "J01.FR.22")
async def test_by_the_clock_in_a_transaction() -> None:
    async with harness() as h:
        await charge(h, 1)
        await set_variables(
            h, AlignedDataCtrlr__Interval="60", SampledDataCtrlr__TxUpdatedInterval="0"
        )
        h.csms.clear()
        await h.advance(65)
        assert [told(event) for event in events(h)] == ["Updated MeterValueClock Charging"]
        assert contexts(events(h)[0]) == ["Sample.Clock"]
        assert [call.payload["evseId"] for call in h.csms.of("MeterValues")] == [0, 2]


@pytest.mark.row(203, "J01.FR.19")
async def test_by_the_clock_only_while_idle() -> None:
    async with harness() as h:
        await set_variables(
            h,
            AlignedDataCtrlr__Interval="60",
            AlignedDataCtrlr__SendDuringIdle="true",
            SampledDataCtrlr__TxUpdatedInterval="0",
        )
        await charge(h, 1)
        await h.advance(65)
        assert h.csms.of("MeterValues") == []
        assert events(h) == []
        await h.submit(Stop(1))
        h.csms.clear()
        await h.advance(60)
        assert len(h.csms.of("MeterValues")) == 3


@pytest.mark.row(204, "J02.FR.11")
@pytest.mark.row(207, "J02.FR.10")
async def test_in_the_interval_of_a_transaction() -> None:
    async with harness() as h:
        await set_variables(
            h,
            SampledDataCtrlr__TxUpdatedInterval="10",
            SampledDataCtrlr__TxUpdatedMeasurands="Voltage,Current.Import",
        )
        await charge(h)
        await h.advance(35)
        assert [told(event) for event in events(h)] == ["Updated MeterValuePeriodic Charging"] * 3
        for event in events(h):
            assert len(event["meterValue"]) == 1
            sampled = event["meterValue"][0]["sampledValue"]
            assert [one["measurand"] for one in sampled] == ["Voltage", "Current.Import"]
        assert h.csms.of("MeterValues") == []


@pytest.mark.row(206, "J01.FR.14")
async def test_the_end_has_samples_by_the_clock() -> None:
    async with harness() as h:
        await set_variables(
            h,
            AlignedDataCtrlr__Interval="30",
            AlignedDataCtrlr__TxEndedMeasurands="Energy.Active.Import.Register",
            AlignedDataCtrlr__TxEndedInterval="30",
        )
        await charge(h)
        await h.advance(95)
        await h.submit(Stop(1))
        assert contexts(events(h)[-1]) == [
            "Transaction.Begin",
            *["Sample.Clock"] * 3,
            "Transaction.End",
        ]


@pytest.mark.row(208, "J02.FR.16")
async def test_registers_never_fall() -> None:
    async with harness(meter_start_wh=5000) as h:
        await charge(h)
        await h.advance(40)
        await h.submit(Stop(1))
        ended = events(h)[-1]
        assert register(ended, 0) == 5000
        last = register(ended)
        await h.submit(Unplug(1))
        await charge(h)
        await h.submit(Stop(1))
        assert register(events(h)[-1], 0) == last


@pytest.mark.row(209, "J01.FR.07")
async def test_a_value_is_a_number() -> None:
    async with harness() as h:
        await charge(h)
        await h.advance(12)
        (sample,) = events(h)[0]["meterValue"][0]["sampledValue"]
        assert isinstance(sample["value"], (int, float))
        assert sample["unitOfMeasure"] == {"unit": "Wh"}


@pytest.mark.row(210, "§2.7.8")
async def test_an_interval_of_0_means_none() -> None:
    async with harness() as h:
        await charge(h)
        await set_variables(h, SampledDataCtrlr__TxUpdatedInterval="0")
        h.csms.clear()
        await h.advance(60)
        assert events(h) == []
        await set_variables(h, SampledDataCtrlr__TxUpdatedInterval="5")
        await h.advance(11)
        assert len(events(h)) >= 1


@pytest.mark.row(211, "J01.FR.21")
async def test_readings_are_signed_by_their_meter(tmp_path: Path) -> None:
    async with harness() as h:
        assert await set_variables(h, SampledDataCtrlr__SignReadings="true") == ["UnknownVariable"]
    async with harness(equipment="signing_meter", state=tmp_path) as h:
        await charge(h)
        await h.advance(61)
        await h.submit(Stop(1))
        assert signed(events(h)) == [], "nobody has asked for it"
        await h.submit(Unplug(1))
        await set_variables(
            h, SampledDataCtrlr__SignReadings="true", AlignedDataCtrlr__SignReadings="true"
        )
        h.csms.clear()
        await charge(h)
        await h.advance(61)
        await h.submit(Stop(1))
        values = signed(events(h))
        assert values
        assert not any(key for _, key, _ in values), "it was told with the begin"
        await h.submit(Unplug(1))
        h.csms.clear()
        await begin(h)
        await h.advance(61)
        await h.power_off()
        await h.power_on()
        await h.settle()
        values = signed(events(h))
        keys = [key for _, key, _ in values if key]
        assert len(keys) == 1, "once in a transaction"
        assert [checked(text, keys[0]) for _, _, text in values] == [
            value for value, _, _ in values
        ]
        pages = [json.loads(text.split("|")[1])["PG"] for _, _, text in values]
        began, ended = texts(values, "B"), texts(values, "E")
        assert len(set(began)) == 1, "what is told again is what was signed"
        assert len(set(pages)) == len({text for _, _, text in values})
        assert json.loads(began[0].split("|")[1])["ID"] == "TAG"
        assert ended
        await h.submit(Unplug(1))
        await set_variables(
            h,
            OCPPCommCtrlr__PublicKeyWithSignedMeterValue="EveryMeterValue",
            AlignedDataCtrlr__Interval="60",
        )
        h.csms.clear()
        await h.advance(60)
        calls = [call.payload for call in h.csms.of("MeterValues")]
        (idle,) = signed([one for one in calls if one["evseId"] == 1])
        assert idle[1] == keys[0], "its meter is the same after all"
        assert checked(idle[2], idle[1]) == idle[0]
        assert signed([one for one in calls if one["evseId"] == 0]) == []


def signed(payloads: list[Payload]) -> list[tuple[float, str, str]]:
    """Of every signed value: the value, the key that was told with it, and what was signed."""
    values = [
        one for payload in payloads for value in payload.get("meterValue", ())
        for one in value["sampledValue"] if "signedMeterValue" in one
    ]  # fmt: skip
    for one in values:
        seal = one["signedMeterValue"]
        assert (seal["signingMethod"], seal["encodingMethod"]) == ("ECDSA-secp256r1-SHA256", "OCMF")
        assert len(seal["signedMeterData"]) <= 2500
    return [
        (
            one["value"],
            b64decode(one["signedMeterValue"]["publicKey"]).decode(),
            b64decode(one["signedMeterValue"]["signedMeterData"]).decode(),
        )
        for one in values
    ]


def texts(values: list[tuple[float, str, str]], moment: str) -> list[str]:
    """What was signed as a reading of this moment of a transaction."""
    return [text for _, _, text in values if f'"TX":"{moment}"' in text]


def checked(text: str, key: str) -> float:
    """What a signed reading says, as anybody can check it who has the key."""
    public = load_der_public_key(bytes.fromhex(key.removeprefix("oca:base16:asn1:")))
    assert isinstance(public, EllipticCurvePublicKey)
    head, said, seal = text.split("|")
    assert head == "OCMF"
    public.verify(bytes.fromhex(json.loads(seal)["SD"]), said.encode(), ECDSA(SHA256()))
    return float(json.loads(said)["RD"][0]["RV"])
