"""What several conformance tests do on the way to what they are about.

The demands are the same for every make of charger; what OCPP leaves free is not. `said` leaves out
what one make may say and another not, `all_statuses` and `back_online` know what a make says at a
boot and after a reconnect, and `checked` lets the time pass that a make takes to start.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

import tests.harness
from sim_core.commands import Accepted, LinkDown, LinkUp, Plug, Start
from tests.harness import Harness
from tests.scripted_csms import Call, Payload, describe

FREE_SAMPLES = ("Transaction.Begin", "Transaction.End")
"""MeterValues that a make may send at the ends of a transaction, or not (OCPP 1.6 §4.7)."""
REGISTER = "Energy.Active.Import.Register"
A_HAIR_S = 0.001


def only_of(model: str, why: str) -> pytest.MarkDecorator:
    """This is asked of one make of charger, and not of others."""
    return pytest.mark.skipif(model != tests.harness.MODEL, reason=f"only of {model}: {why}")


async def checked(harness: Harness) -> None:
    """Let the make check its cable and close its contactor; one that takes no time takes none."""
    timing = harness.timing
    if takes_s := timing.cable_check_s + timing.energize_s:
        await harness.advance(takes_s + A_HAIR_S)


async def rebooted(harness: Harness) -> None:
    """Let the time pass that a reset takes after its last word."""
    await harness.advance(harness.timing.reboot_s + A_HAIR_S)


async def charge(harness: Harness, connector_id: int = 1, id_tag: str = "TAG") -> datetime:
    """Plug in, start, and forget the frames that it took; returns when the transaction began."""
    assert await harness.submit(Plug(connector_id)) == Accepted()
    assert isinstance(await harness.submit(Start(connector_id, id_tag)), Accepted)
    await checked(harness)
    assert harness.status(connector_id) == "Charging"
    harness.csms.clear()
    transaction = harness.station.charger.connectors[connector_id].transaction
    assert transaction is not None
    return transaction.started_at


def is_free(call: Call) -> bool:
    """Whether it is a sample that a make may leave out."""
    if call.action != "MeterValues":
        return False
    values = call.payload["meterValue"][0]["sampledValue"]
    return values[0].get("context") in FREE_SAMPLES


def calls(harness: Harness) -> list[Call]:
    """What the charge point has sent, without what OCPP leaves free."""
    return [call for call in harness.csms.calls if not is_free(call)]


def said(harness: Harness) -> list[str]:
    """`calls` in words."""
    return [describe(call) for call in calls(harness)]


def energy_wh(sampled: dict[str, Any]) -> float:
    """The energy of a sampled value, in whichever unit it is told."""
    assert sampled.get("measurand", REGISTER) == REGISTER
    return float(sampled["value"]) * (1000 if sampled.get("unit") == "kWh" else 1)


def lanes(words: list[str]) -> tuple[list[str], list[str]]:
    """Statuses, and everything else: OCPP leaves free how the two are mixed."""
    statuses = [word for word in words if word.startswith("StatusNotification")]
    return statuses, [word for word in words if word not in statuses]


def all_statuses(harness: Harness, **words: str) -> list[str]:
    """The report on every connector, in the order of this make; `_1="Preparing"` for another word
    than Available."""
    numbers = [connector.connector_id for connector in harness.station.snapshot.connectors]
    first = harness.model.behaviour.status_order == "charge_point_first"
    order = [0, *numbers] if first else [*numbers, 0]
    return [f"StatusNotification {n} {words.get(f'_{n}', 'Available')}" for n in order]


def back_online(harness: Harness, *news: str) -> list[str]:
    """What is said first on a new connection: `news` (a status each), or, by a make that boots on
    every connection, BootNotification and the status of each connector, with these among them."""
    if not harness.model.behaviour.boot_on_reconnect:
        return list(news)
    words = {f"_{c.connector_id}": c.status for c in harness.station.snapshot.connectors}
    words.update({f"_{number}": word for _, number, word in map(str.split, news)})
    return ["BootNotification", *all_statuses(harness, **words)]


async def unplug_network(harness: Harness) -> None:
    """Offline, until `plug_network`."""
    assert await harness.submit(LinkDown()) == Accepted()
    harness.csms.clear()


async def plug_network(harness: Harness) -> None:
    """Online again; everything that can go out goes."""
    assert await harness.submit(LinkUp()) == Accepted()


async def configure(harness: Harness, **keys: str) -> None:
    """Set configuration keys as a CSMS does."""
    for key, value in keys.items():
        answer = await harness.ask("ChangeConfiguration", key=key, value=value)
        assert answer == {"status": "Accepted"}, (key, answer)


async def read_key(harness: Harness, key: str) -> dict[str, Any]:
    """A configuration key as GetConfiguration shows it."""
    answer = await harness.ask("GetConfiguration", key=[key])
    (found,) = answer["configurationKey"]
    assert found["key"] == key
    return dict(found)


def payloads(harness: Harness, action: str) -> list[Payload]:
    """What the charge point has sent under this action, without what OCPP leaves free."""
    return [call.payload for call in calls(harness) if call.action == action]
