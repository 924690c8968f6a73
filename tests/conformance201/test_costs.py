"""Tariffs, costs and words for the driver (block I): what he reads at the EVSE."""

from __future__ import annotations

from typing import Any

import pytest

from sim_core.commands import LinkDown, LinkUp, Plug, Start, Stop, Swipe, Unplug
from tests.conformance201.acts import TX, charge, events, set_variables
from tests.harness import Harness
from tests.versions import Payload


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


def words(content: str, language: str = "en") -> Payload:
    """A MessageContentType."""
    return {"format": "UTF8", "language": language, "content": content}


def read(h: Harness, evse_id: int = 1) -> list[str]:
    """What the driver reads at an EVSE."""
    return list(h.connector(evse_id).screen)


@pytest.mark.row(197, "I01.FR.03")
async def test_the_driver_reads_what_is_meant_for_the_card() -> None:
    async with harness() as h:
        h.csms.tags["TAG"] = {
            "status": "Accepted",
            "language1": "nl",
            "personalMessage": words("0,30 EUR per kWh", "nl"),
        }
        await h.submit(Swipe(1, "TAG"))
        assert read(h) == ["0,30 EUR per kWh"]
        assert read(h, 2) == []
        await h.submit(Plug(1))
        await h.advance(1)
        h.csms.script[TX].append({"updatedPersonalMessage": words("now 0.40 EUR per kWh")})
        await h.advance(10)
        assert read(h) == ["now 0.40 EUR per kWh"], "the newer replaces the older"
        h.csms.tags["TAG"] = {"status": "Accepted"}
        await h.submit(Stop(1))
        assert read(h) == []


@pytest.mark.row(198, "TC_I_01")
async def test_the_driver_reads_what_it_costs_so_far() -> None:
    async with harness() as h:
        transaction = await charge(h)
        assert await h.ask("CostUpdated", totalCost=1.5, transactionId=transaction) == {}
        assert read(h) == ["1.50 EUR so far"]
        h.csms.script[TX].append({"totalCost": 2.25})
        await h.advance(10)
        assert read(h) == ["2.25 EUR so far"]
        assert await h.ask("CostUpdated", totalCost=99, transactionId="nobody's") == {}
        assert read(h) == ["2.25 EUR so far"]
        await set_variables(h, **{"TariffCostCtrlr__Enabled[Cost]": "false"})
        await h.advance(1)
        assert read(h) == []


@pytest.mark.row(199, "TC_I_02")
@pytest.mark.parametrize(
    ("answer", "says"),
    [({"totalCost": 3.2}, "3.20 EUR in all"), ({"totalCost": 0}, "free of charge"), ({}, "")],
)
async def test_the_driver_reads_what_it_has_cost(answer: Payload, says: str) -> None:
    async with harness() as h:
        await charge(h)
        await h.ask("CostUpdated", totalCost=1, transactionId=transaction_id(h))
        h.csms.script[TX].append(answer)
        await h.submit(Stop(1))
        assert events(h)[-1]["eventType"] == "Ended"
        assert read(h) == ([says] if says else [])
        await h.submit(Unplug(1))
        assert read(h) == ([says] if says else []), "until somebody else comes"
        await h.submit(Plug(1))
        assert read(h) == []


@pytest.mark.row(200, "I04.FR.01")
async def test_what_is_read_where_nothing_is_known() -> None:
    async with harness() as h:
        await set_variables(
            h,
            TariffCostCtrlr__TariffFallbackMessage="0.50 EUR per kWh",
            TariffCostCtrlr__TotalCostFallbackMessage="see your bill",
        )
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(1)
        assert read(h) == ["0.50 EUR per kWh"]
        await h.submit(LinkDown())
        await h.submit(Stop(1))
        assert read(h) == ["see your bill"], "nobody is there to tell it"
        h.csms.script[TX] += [{"totalCost": 4}] * 3
        await h.submit(LinkUp())
        await h.advance(30)
        assert read(h) == ["4.00 EUR in all"], "late is better than never"


def transaction_id(h: Harness) -> str:
    transaction = h.connector().transaction
    assert transaction is not None
    return str(transaction.transaction_id)
