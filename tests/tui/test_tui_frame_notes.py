"""What the inspector says of a frame: values with units, keys, periods, the schema's verdict."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.ocpp16.dialect import OCPP_16
from tui.protocols.wording import FrameNote
from tui.widgets.frame_notes import MOST_NOTES, answer_notes, request_notes

V16 = "ocpp1.6"


def call(action: str, payload: object) -> str:
    return json.dumps([2, "m", action, payload])


def result(payload: object) -> str:
    return json.dumps([3, "m", payload])


def test_sampled_values_have_their_units_and_where_they_were_taken() -> None:
    sampled = [
        {"value": "12553", "unit": "Wh", "context": "Transaction.End", "location": "Outlet"},
        {"value": "59.46", "measurand": "Power.Active.Import", "unit": "kW"},
    ]
    stamped = [{"timestamp": "2026-01-01T14:33:05Z", "sampledValue": sampled}]
    asked = call("MeterValues", {"connectorId": 1, "meterValue": stamped})
    assert request_notes("MeterValues", asked, V16) == (
        FrameNote("12.553 kWh", "Energy.Active.Import.Register  (Transaction.End, Outlet)"),
        FrameNote("59.46 kW", "Power.Active.Import"),
    )


def test_a_profile_has_its_periods() -> None:
    periods = [{"startPeriod": 0, "limit": 16}, {"startPeriod": 60, "limit": 8, "numberPhases": 1}]
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 3,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    }
    asked = call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})
    assert [note[:2] for note in request_notes("SetChargingProfile", asked, V16)] == [
        ("profile", "TxDefaultProfile, stack level 3"),
        ("from 0 s", "16 A"),
        ("from 60 s", "8 A, 1 phases"),
    ]


def test_keys_and_unknown_ones() -> None:
    keys = [{"key": f"K{n}", "readonly": n == 0, "value": str(n)} for n in range(MOST_NOTES + 5)]
    notes = answer_notes("GetConfiguration", result({"configurationKey": keys}), V16)
    assert notes[0] == FrameNote("K0", "0  (read only)")
    assert notes[-1].words == "(5 more lines in the frame)"
    answer = result({"unknownKey": ["Nope", "No\x1b[31m"]})
    assert answer_notes("GetConfiguration", answer, V16)[0].words == "Nope, No\\x1b[31m"


@pytest.mark.parametrize(
    ("action", "payload", "said"),
    [
        ("StatusNotification", {"connectorId": 1, "status": "Nice"}, "errorCode"),
        ("BootNotification", {"chargePointVendor": "x" * 21, "chargePointModel": "y"}, "longer"),
        ("Dance", {}, "OCPP 1.6 has no such action"),
    ],
)
def test_what_does_not_fit_the_schema_is_said(action: str, payload: object, said: str) -> None:
    verdict = request_notes(action, call(action, payload), V16)[-1]
    assert verdict.name == "schema"
    assert said in verdict.words


def test_a_frame_that_fits_has_no_verdict_and_an_error_no_notes() -> None:
    fits = call("Authorize", {"idTag": "T"})
    assert request_notes("Authorize", fits, V16) == (FrameNote("says", "T"),)
    assert answer_notes("Authorize", '[4,"m","NotImplemented","",{}]', V16) == ()


NAMES = """
meterValue sampledValue csChargingProfiles chargingSchedule chargingSchedulePeriod configurationKey
unknownKey key value limit unit measurand
""".split()  # noqa: SIM905
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(sorted(OCPP_16.schemas.actions)), ANYTHING)
def test_anything_may_be_in_a_frame(action: str, payload: object) -> None:
    for notes in (
        request_notes(action, call(action, payload), V16),
        answer_notes(action, result(payload), V16),
    ):
        assert all(note.words.isprintable() and note.name.isprintable() for note in notes)
