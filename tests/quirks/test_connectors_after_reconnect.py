"""With a transaction running, a new connection begins with connector 0, and each connector that
charges takes a second."""

from __future__ import annotations

import pytest

from sim_core.commands import LinkDown, LinkUp, Plug, Start
from tests.quirks.acts import departures, gresgying


async def reconnected(quirks: str, *charging: int) -> list[tuple[str, float]]:
    """What is said of the connectors on a new connection while these ones charge, and how long
    after connector 0."""
    async with gresgying(quirks) as harness:
        for number in charging:
            await harness.submit(Plug(number))
            await harness.submit(Start(number, "TAG"))
        await harness.advance(1)
        await harness.submit(LinkDown())
        harness.csms.clear()
        await harness.submit(LinkUp())
        await harness.advance(4)
        said = [left for left in departures(harness) if left.said.startswith("StatusNotification")]
        (zero,) = (left for left in said if left.payload["connectorId"] == 0)
        return [
            (left.said.removeprefix("StatusNotification "), round(left.at_s - zero.at_s, 3))
            for left in said
        ]


async def is_on_the_wire(quirks: str) -> bool:
    return await reconnected(quirks, 1) == [
        ("0 Available", 0),
        ("1 Charging", 1),
        ("2 Available", 1),
    ]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


@pytest.mark.parametrize(
    ("charging", "walk"),
    [
        ((2,), [("0 Available", 0), ("1 Available", 0), ("2 Charging", 1)]),
        ((1, 2), [("0 Available", 0), ("1 Charging", 1), ("2 Charging", 2)]),
    ],
)
async def test_only_where_it_charges_it_takes_a_second(
    quirk: str, charging: tuple[int, ...], walk: list[tuple[str, float]]
) -> None:
    assert await reconnected(quirk, *charging) == walk
