"""While the disk refuses, a CSMS is promised nothing that a restart would forget."""

from __future__ import annotations

from pathlib import Path

from tests.conformance201.acts import get_variable, set_variables, variable
from tests.harness import Harness
from tests.sim_core.test_storage_trouble import locked

INTERVAL = "OCPPCommCtrlr.HeartbeatInterval"


async def test_a_variable_that_cannot_be_kept_is_not_set(tmp_path: Path) -> None:
    async with Harness(version="2.0.1", state=tmp_path) as h:
        before = await get_variable(h, INTERVAL)
        with locked(tmp_path):
            data = [variable(INTERVAL, "77"), variable("Nobody.Here", "1")]
            answer = await h.ask("SetVariables", setVariableData=data)
            one, other = answer["setVariableResult"]
            assert (one["attributeStatus"], other["attributeStatus"]) == (
                "Rejected",
                "UnknownComponent",
            )
            assert one["attributeStatusInfo"]["reasonCode"] == "OutOfStorage"
            assert await get_variable(h, INTERVAL) == before
            assert "77" not in str(h.station.charge_point.setting_changes)
        await h.advance(2)
        assert await set_variables(h, OCPPCommCtrlr__HeartbeatInterval="77") == ["Accepted"]


async def test_a_monitor_that_cannot_be_kept_is_not_there(tmp_path: Path) -> None:
    monitor = {
        "type": "Periodic",
        "value": 5,
        "severity": 4,
        "component": {"name": "EVSE", "evse": {"id": 1}},
        "variable": {"name": "Power"},
    }
    async with Harness(version="2.0.1", state=tmp_path) as h:
        with locked(tmp_path):
            answer = await h.ask("SetVariableMonitoring", setMonitoringData=[monitor])
            (result,) = answer["setMonitoringResult"]
            assert result["status"] == "Rejected"
            assert result["statusInfo"]["reasonCode"] == "OutOfStorage"
        await h.advance(12)
        assert h.csms.of("NotifyEvent") == []
        answer = await h.ask("SetVariableMonitoring", setMonitoringData=[monitor])
        assert answer["setMonitoringResult"][0]["status"] == "Accepted"
        await h.advance(6)
        assert len(h.csms.of("NotifyEvent")) == 1
