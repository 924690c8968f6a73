"""What several conformance tests do on the way to what they are about.

The demands are the same for every make of charger; what OCPP leaves free is not. `said` leaves out
what one make may say and another not, `all_statuses` and `back_online` know what a make says at a
boot and after a reconnect, and `checked` lets the time pass that a make takes to start.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from sim_core.commands import Accepted, LinkDown, LinkUp, Plug, Start
from tests import pair as pairs
from tests.pair import Pair
from tests.scripted_csms import Call, Payload, describe

FREE_SAMPLES = ("Transaction.Begin", "Transaction.End")
"""MeterValues that a make may send at the ends of a transaction, or not (OCPP 1.6 §4.7)."""
REGISTER = "Energy.Active.Import.Register"
A_HAIR_S = 0.001


def only_of(model: str, why: str) -> pytest.MarkDecorator:
    """This is asked of one make of charger, and not of others."""
    return pytest.mark.skipif(model != pairs.MODEL, reason=f"only of {model}: {why}")


async def checked(pair: Pair) -> None:
    """Let the make check its cable and close its contactor; one that takes no time takes none."""
    timing = pair.timing
    if takes_s := timing.cable_check_s + timing.energize_s:
        await pair.advance(takes_s + A_HAIR_S)


async def rebooted(pair: Pair) -> None:
    """Let the time pass that a reset takes after its last word."""
    await pair.advance(pair.timing.reboot_s + A_HAIR_S)


async def charge(pair: Pair, connector_id: int = 1, id_tag: str = "TAG") -> datetime:
    """Plug in, start, and forget the frames that it took; returns when the transaction began."""
    assert await pair.submit(Plug(connector_id)) == Accepted()
    assert isinstance(await pair.submit(Start(connector_id, id_tag)), Accepted)
    await checked(pair)
    assert pair.status(connector_id) == "Charging"
    pair.csms.clear()
    transaction = pair.station.charger.connectors[connector_id].transaction
    assert transaction is not None
    return transaction.started_at


def is_free(call: Call) -> bool:
    """Whether it is a sample that a make may leave out."""
    if call.action != "MeterValues":
        return False
    values = call.payload["meterValue"][0]["sampledValue"]
    return values[0].get("context") in FREE_SAMPLES


def calls(pair: Pair) -> list[Call]:
    """What the charge point has sent, without what OCPP leaves free."""
    return [call for call in pair.csms.calls if not is_free(call)]


def said(pair: Pair) -> list[str]:
    """`calls` in words."""
    return [describe(call) for call in calls(pair)]


def energy_wh(sampled: dict[str, Any]) -> float:
    """The energy of a sampled value, in whichever unit it is told."""
    assert sampled.get("measurand", REGISTER) == REGISTER
    return float(sampled["value"]) * (1000 if sampled.get("unit") == "kWh" else 1)


def lanes(words: list[str]) -> tuple[list[str], list[str]]:
    """Statuses, and everything else: OCPP leaves free how the two are mixed."""
    statuses = [word for word in words if word.startswith("StatusNotification")]
    return statuses, [word for word in words if word not in statuses]


def all_statuses(pair: Pair, **words: str) -> list[str]:
    """The report on every connector, in the order of this make; `_1="Preparing"` for another word
    than Available."""
    numbers = [connector.connector_id for connector in pair.station.snapshot.connectors]
    first = pair.model.behaviour.status_order == "charge_point_first"
    order = [0, *numbers] if first else [*numbers, 0]
    return [f"StatusNotification {n} {words.get(f'_{n}', 'Available')}" for n in order]


def back_online(pair: Pair, *news: str) -> list[str]:
    """What is said first on a new connection: `news` (a status each), or, by a make that boots on
    every connection, BootNotification and the status of each connector, with these among them."""
    if not pair.model.behaviour.boot_on_reconnect:
        return list(news)
    words = {f"_{c.connector_id}": c.status for c in pair.station.snapshot.connectors}
    words.update({f"_{number}": word for _, number, word in map(str.split, news)})
    return ["BootNotification", *all_statuses(pair, **words)]


async def unplug_network(pair: Pair) -> None:
    """Offline, until `plug_network`."""
    assert await pair.submit(LinkDown()) == Accepted()
    pair.csms.clear()


async def plug_network(pair: Pair) -> None:
    """Online again; everything that can go out goes."""
    assert await pair.submit(LinkUp()) == Accepted()


async def configure(pair: Pair, **keys: str) -> None:
    """Set configuration keys as a CSMS does."""
    for key, value in keys.items():
        answer = await pair.ask("ChangeConfiguration", key=key, value=value)
        assert answer == {"status": "Accepted"}, (key, answer)


async def read_key(pair: Pair, key: str) -> dict[str, Any]:
    """A configuration key as GetConfiguration shows it."""
    answer = await pair.ask("GetConfiguration", key=[key])
    (found,) = answer["configurationKey"]
    assert found["key"] == key
    return dict(found)


def payloads(pair: Pair, action: str) -> list[Payload]:
    """What the charge point has sent under this action, without what OCPP leaves free."""
    return [call.payload for call in calls(pair) if call.action == action]
