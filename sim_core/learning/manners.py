"""What a charger does where the text of OCPP leaves it free: the switches of [behaviour]."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sim_core.hardware.model import Behaviour
from sim_core.learning.counting import Votes
from sim_core.learning.draft import Draft
from sim_core.learning.heard import Log
from sim_core.traces.exchanges import Exchange

FREE = ("Available", "Reserved", "Unavailable", "")
SECURITY = frozenset({"GetLog", "ExtendedTriggerMessage", "SignedUpdateFirmware"})
SECURITY_KEY = "SecurityProfile"
"""A charger with the security extension shows this key (Improved security for OCPP 1.6-J, §3)."""
SAME_MOMENT = timedelta(seconds=5)
OLD = timedelta(seconds=30)


def learn_manners(logs: Sequence[Log], draft: Draft, *, whole_list: bool) -> None:
    """What was seen of each switch; `whole_list`: a whole list of keys was seen."""
    table = draft.table("behaviour")
    switches: dict[str, Votes[bool]] = {
        name: Votes()
        for name in (
            "begin_end_samples",
            "remote_start_needs_vehicle",
            "clears_disabled_cache",
            "stamps_reports",
            "security_extension",
            "lockable",
        )
    }
    listed: Votes[bool] = Votes()
    for log in logs:
        for one in log.told.said:
            if one.action == "MeterValues" and one.context == "Transaction.Begin":
                switches["begin_end_samples"].add(True, log.name)
            if one.action == "SecurityEventNotification":
                switches["security_extension"].add(True, log.name)
        for one in log.told.asked:
            _asked(log, one, switches)
            names = _whole_list(one)
            if names:
                listed.add(SECURITY_KEY in names, log.name)
        for boot in log.told.boots:
            _stamps(log, boot, switches["stamps_reports"])
    if not switches["security_extension"]:
        switches["security_extension"] = listed
    for name, votes in switches.items():
        if votes:
            table.learn(Behaviour, name, votes.most, votes.evidence())
    if whole_list:
        table.learn(Behaviour, "only_named_keys", True, "a whole list of keys was seen")
    table.unseen(Behaviour)


def _asked(log: Log, one: Exchange, switches: dict[str, Votes[bool]]) -> None:
    status = one.result.get("status")
    if one.action == "RemoteStartTransaction" and status in ("Accepted", "Rejected"):
        if status_before(log, one, one.connector or 1) == "Available":
            switches["remote_start_needs_vehicle"].add(status == "Rejected", log.name)
    elif one.action == "ClearCache" and status in ("Accepted", "Rejected"):
        if keys_before(log, one).get("AuthorizationCacheEnabled", "").casefold() == "false":
            switches["clears_disabled_cache"].add(status == "Accepted", log.name)
    elif one.action == "UnlockConnector" and status in ("Unlocked", "NotSupported"):
        switches["lockable"].add(status == "Unlocked", log.name)
    elif one.action in SECURITY and one.answer is not None:
        switches["security_extension"].add(bool(one.result), log.name)


def _whole_list(one: Exchange) -> set[str]:
    """The names of all keys, where all were asked for."""
    entries = one.result.get("configurationKey")
    if one.action != "GetConfiguration" or one.payload.get("key") or not isinstance(entries, list):
        return set()
    return {str(entry.get("key")) for entry in entries if isinstance(entry, dict)}


def status_before(log: Log, one: Exchange, connector: int) -> str:
    """What was last said of a connector before this; empty: nothing."""
    for other in log.before(one, 10_000):
        if other.action == "StatusNotification" and other.connector == connector:
            return other.status
    return ""


def keys_before(log: Log, one: Exchange) -> dict[str, str]:
    """The values of keys as far as the log has said by then."""
    known: dict[str, str] = {}
    for other in reversed(log.before(one, 10_000)):
        listed = other.result.get("configurationKey")
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, dict):
                known[str(entry.get("key"))] = str(entry.get("value", ""))
        if other.action == "ChangeConfiguration" and other.result.get("status") == "Accepted":
            known[other.text("key")] = other.text("value")
    return known


def _stamps(log: Log, boot: Exchange, votes: Votes[bool]) -> None:
    """Behind a boot in mid-life: is a status stamped now, or when it began?"""
    for other in log.after(boot, 12):
        if other.action != "StatusNotification" or other.stamp is None or not other.connector:
            continue
        earlier = [
            one
            for one in log.before(other, 10_000)
            if one.action == other.action and one.connector == other.connector
        ]
        same = earlier and earlier[0].status == other.status
        if same and other.at - earlier[0].at > OLD:
            votes.add(abs(other.at - other.stamp) < SAME_MOMENT, log.name)
