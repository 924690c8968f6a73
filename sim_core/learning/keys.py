"""The configuration keys, as GetConfiguration was answered and ChangeConfiguration went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace

from sim_core.hardware.measurands import MEASURANDS
from sim_core.hardware.model import KeyText
from sim_core.learning.counting import Votes
from sim_core.learning.draft import Draft, Evidence, Table
from sim_core.learning.heard import Log
from sim_core.learning.samples import measurand_of, meter_values
from sim_core.settings.model_file import takes

SECRETS = ("authorizationkey", "password", "passphrase", "token")
"""What a name has in it whose value is nobody's business."""
INTERVAL = "MeterValueSampleInterval"
SAMPLED, ENDED = "MeterValuesSampledData", "StopTxnSampledData"

WhyNot = Callable[[str, KeyText, str], str]
"""From a key, and the measurands that there are with commas between them: a sentence that says why
a charge point cannot have it; empty: it can."""


@dataclass
class Seen:
    """What was seen of one key."""

    values: Votes[str] = field(default_factory=Votes)
    readonly: Votes[bool] = field(default_factory=Votes)


def learn_keys(
    logs: Sequence[Log], draft: Draft, measured: tuple[str, Evidence | str] | None, why_not: WhyNot
) -> bool:
    """Returns whether a whole list of keys was seen; `measured` is what samples had in them."""
    seen, whole = _seen(logs)
    table = draft.table("keys")
    names = measured[0] if measured else ""
    lows = _lows(logs)

    def why(name: str, text: KeyText) -> str:
        return why_not(name, text, names)

    if SAMPLED not in seen and measured is not None:
        _add(table, SAMPLED, KeyText(names), measured[1], why)
    if ENDED not in seen and (kept := _kept(logs)):
        _add(table, ENDED, KeyText(kept.most), kept.evidence(), why)
    for name, key in seen.items():
        if any(secret in name.casefold() for secret in SECRETS):
            table.remark(f"{name}: a secret, left out")
            continue
        text = KeyText(
            key.values.most,
            readonly=key.readonly.most if key.readonly else None,
            low=lows.get(name),
        )
        evidence = key.values.evidence()
        if name == SAMPLED and measured is not None and not _holds(text.value, names):
            table.remark(f"{name}: {text.value[:60]!r} is told ({evidence}), samples have more")
            _add(table, SAMPLED, replace(text, value=names), measured[1], why)
        elif not _add(table, name, text, evidence, why) and name == SAMPLED and measured:
            _add(table, SAMPLED, KeyText(names), measured[1], why)
    for name, votes in _unknown(logs).items():
        if name not in seen and not why(name, KeyText("", absent=True)):
            table.add(name, {"value": "", "absent": True}, f"unknown, {votes.evidence()}")
    if not seen:
        table.remark("no answer to GetConfiguration was seen: the keys are those of OCPP")
    return bool(whole)


def _kept(logs: Sequence[Log]) -> Votes[str]:
    """The measurands that StopTransaction tells, where nobody asked for the key that says so."""
    found: Votes[str] = Votes()
    for log in logs:
        for stop in log.told.of("StopTransaction"):
            sampled = [
                value
                for told in meter_values(stop.payload)
                for value in told.get("sampledValue", ())
                if isinstance(value, dict)
            ]
            names = dict.fromkeys(map(measurand_of, sampled))
            if known := [name for name in names if name in MEASURANDS]:
                found.add(",".join(known), log.name)
    return found


def _lows(logs: Sequence[Log]) -> dict[str, int]:
    """The least number that a key takes, where smaller ones were Rejected and greater ones not."""
    rejected: dict[str, list[int]] = {}
    accepted: dict[str, list[int]] = {}
    for log in logs:
        for one in log.told.asked:
            value = one.text("value")
            if one.action == "ChangeConfiguration" and value.isdecimal() and len(value) < 9:
                into = {"Rejected": rejected, "Accepted": accepted}.get(
                    str(one.result.get("status"))
                )
                if into is not None:
                    into.setdefault(one.text("key"), []).append(int(value))
    return {
        name: max(values) + 1
        for name, values in rejected.items()
        if name in accepted and max(values) < min(accepted[name])
    }


def _holds(told: str, measured: str) -> bool:
    """Whether all that is measured is told of."""
    return set(measured.split(",")) <= {name.strip() for name in told.split(",")}


def _unknown(logs: Sequence[Log]) -> dict[str, Votes[str]]:
    """The keys that it has said it does not know."""
    found: dict[str, Votes[str]] = {}
    for log in logs:
        for one in log.told.asked:
            unknown = one.result.get("unknownKey")
            for name in unknown if isinstance(unknown, list) else ():
                if isinstance(name, str) and one.action == "GetConfiguration":
                    found.setdefault(name, Votes()).add(name, log.name)
    return found


def _seen(logs: Sequence[Log]) -> tuple[dict[str, Seen], int]:
    """What was seen by key, in the order of the lists, and how many whole lists there were."""
    seen: dict[str, Seen] = {}
    whole = 0
    for log in logs:
        changed: set[str] = set()
        for one in log.told.asked:
            name = one.text("key")
            if one.action == "ChangeConfiguration" and one.result.get("status") == "Accepted":
                changed.add(name)
            listed = one.result.get("configurationKey")
            if one.action != "GetConfiguration" or not isinstance(listed, list):
                continue
            whole += not one.payload.get("key")
            for entry in listed:
                _take(entry, log.name, seen, changed)
    return seen, whole


def _take(entry: object, log: str, seen: dict[str, Seen], changed: set[str]) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
        return
    name, value, readonly = entry["key"], entry.get("value", ""), entry.get("readonly")
    key = seen.setdefault(name, Seen())
    if isinstance(value, str) and (name not in changed or not key.values):
        key.values.add(value, log)
    elif not key.values:
        key.values.add("", log)
    if isinstance(readonly, bool):
        key.readonly.add(readonly, log)


def _add(
    table: Table,
    name: str,
    text: KeyText,
    evidence: Evidence | str,
    why_not: Callable[[str, KeyText], str],
) -> bool:
    (limit,) = (one for one in fields(KeyText) if one.name == "value")
    if not takes(limit, text.value):
        table.remark(f"{name}: a value of {len(text.value)} characters was seen: too long")
        return False
    why = why_not(name, text)
    if why and text.readonly is not None:
        why = why_not(name, KeyText(text.value)) and why
    if why:
        table.remark(f"{name}: {text.value[:60]!r} was seen ({evidence}), but {why}")
        return False
    said: dict[str, object] = {"value": text.value}
    if text.readonly is not None:
        said["readonly"] = text.readonly
    if text.low is not None:
        said["low"] = text.low
    table.add(name, said if len(said) > 1 else text.value, evidence)
    return True
