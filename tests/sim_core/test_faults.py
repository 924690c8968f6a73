"""The table of faults against the words of both protocols."""

from __future__ import annotations

import ocpp.v201.enums as words201
import pytest
from ocpp.v16.enums import ChargePointErrorCode

from sim_core.commands import InjectFault
from sim_core.hardware.faults import ERROR_CODES, FAULT_KINDS, FaultKind


def test_the_error_codes_are_those_of_ocpp_1_6() -> None:
    codes = [code.value for code in ChargePointErrorCode if code.value != "NoError"]
    assert sorted(ERROR_CODES) == sorted(codes)
    assert len(ERROR_CODES) == len(FAULT_KINDS)


@pytest.mark.parametrize("kind", FAULT_KINDS, ids=lambda kind: kind.error_code)
def test_a_fault_is_a_variable_that_ocpp_2_0_1_knows(kind: FaultKind) -> None:
    variables = getattr(words201, f"{kind.component}VariableName")
    assert kind.variable in {variable.value for variable in variables}
    assert kind.component in {one.value for one in words201.PhysicalComponentName}


@pytest.mark.parametrize("kind", FAULT_KINDS, ids=lambda kind: kind.error_code)
def test_a_fault_is_said_in_a_few_everyday_words(kind: FaultKind) -> None:
    assert 5 < len(kind.meaning) < 45
    assert kind.meaning[0].islower()
    assert kind.meaning[-1] != "."


def test_what_breaks_where_nothing_is_named_is_one_of_them() -> None:
    assert InjectFault(1).error_code in ERROR_CODES
