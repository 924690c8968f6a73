"""What several of these tests do on the way to what they are about."""

from __future__ import annotations

from typing import Any

from sim_core.commands import Accepted, Plug, Start
from tests.harness import Harness
from tests.scripted_csms import Call, Payload

TX = "TransactionEvent"
OWN = {"idToken": "TAG", "type": "ISO14443"}


def variable(name: str, value: str) -> Payload:
    """One entry of SetVariables: `TxCtrlr.TxStartPoint`, `EVSE.Power 1`, `A.B[instance]`."""
    component, _, rest = name.partition(".")
    variable_name, _, instance = rest.partition("[")
    named: Payload = {"name": variable_name}
    if instance:
        named["instance"] = instance.rstrip("]")
    return {"component": {"name": component}, "variable": named, "attributeValue": value}


async def set_variables(harness: Harness, **values: str) -> list[str]:
    """Set variables, named with two underscores for the dot; returns their statuses."""
    data = [variable(name.replace("__", "."), value) for name, value in values.items()]
    answer = await harness.ask("SetVariables", setVariableData=data)
    return [result["attributeStatus"] for result in answer["setVariableResult"]]


async def get_variable(harness: Harness, name: str, evse: int | None = None) -> Payload:
    """The result of reading one variable, of the station or of an EVSE."""
    asked = variable(name, "")
    if evse is not None:
        asked["component"]["evse"] = {"id": evse}
    del asked["attributeValue"]
    answer = await harness.ask("GetVariables", getVariableData=[asked])
    result: Payload = answer["getVariableResult"][0]
    return result


async def points(harness: Harness, start: str, stop: str) -> None:
    """Let transactions begin and end with these points."""
    accepted = await set_variables(harness, TxCtrlr__TxStartPoint=start, TxCtrlr__TxStopPoint=stop)
    assert accepted == ["Accepted", "Accepted"]
    harness.csms.clear()


async def begin(harness: Harness, evse_id: int = 1, token: str = "TAG") -> str:
    """Plug in and start; returns the transaction's id."""
    assert await harness.submit(Plug(evse_id)) == Accepted()
    assert isinstance(await harness.submit(Start(evse_id, token)), Accepted)
    await harness.advance(1)
    transaction = harness.station.charger.connectors[evse_id].transaction
    assert transaction is not None
    return str(transaction.transaction_id)


async def charge(harness: Harness, evse_id: int = 1, token: str = "TAG") -> str:
    """`begin`, and forget the frames that it took; returns the transaction's id."""
    transaction_id = await begin(harness, evse_id, token)
    harness.csms.clear()
    return transaction_id


def events(harness: Harness) -> list[Payload]:
    """The transaction events so far."""
    return [call.payload for call in harness.csms.of(TX)]


def told(event: Payload) -> str:
    """An event in a line: `Started Authorized EVConnected`, `Ended StopAuthorized EVConnected
    Local`."""
    info = event["transactionInfo"]
    words = [event["eventType"], event["triggerReason"], info.get("chargingState", "-")]
    return " ".join([*words, *([info["stoppedReason"]] if "stoppedReason" in info else [])])


def said(harness: Harness, *without: str) -> list[str]:
    """What was said, in order: events as `told` has them, statuses with EVSE and word."""
    return [line(call) for call in harness.csms.calls if call.action not in without]


def line(call: Call) -> str:
    """A request in a line."""
    if call.action == TX:
        return told(call.payload)
    if call.action == "StatusNotification":
        return f"SN {call.payload['evseId']} {call.payload['connectorStatus']}"
    return call.action


def contexts(event: Payload) -> list[str]:
    """The contexts of an event's meter values."""
    return [value["sampledValue"][0]["context"] for value in event.get("meterValue", ())]


def register(event: Payload, nth: int = -1) -> float:
    """The register in an event's meter value, in Wh."""
    sampled: list[dict[str, Any]] = event["meterValue"][nth]["sampledValue"]
    return float(
        next(
            one["value"]
            for one in sampled
            if one.get("measurand", "") in ("", "Energy.Active.Import.Register")
        )
    )
