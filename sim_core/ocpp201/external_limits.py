"""NotifyChargingLimit, ClearedChargingLimit: what others than the CSMS allow (K11, K12, K13).

What the CSMS has been told is held against what stands. So a limit that came and went while the
station was offline is told nobody, one that still stands is told with the next connection, and all
of them once more after each BootNotification: over a boot a station may have forgotten anything,
and a CSMS that wants one may be another than before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sim_core.charging.composite_schedule import tenths
from sim_core.charging.external_limits import ExternalLimits
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.significance import is_significant
from sim_core.snapshot import LIMITERS, ExternalLimit
from sim_core.wire.answers import Answer, NoAnswer, Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.timestamps import stamp

PURPOSE = "ChargingStationExternalConstraints"
"""ChargingProfilePurposeEnumType."""
SOURCES = tuple(LIMITERS)

Place = tuple[str, int]
"""Whose limit it is, and of which EVSE."""


def profile_of(limit: ExternalLimit) -> Payload:
    """A limit as the charging profile as which it is reported. Its id is negative, where no CSMS
    has its own, and the same after a restart."""
    number = limit.connector_id * len(SOURCES) + SOURCES.index(limit.source) + 1
    return {
        "id": -number,
        "stackLevel": 0,
        "chargingProfilePurpose": PURPOSE,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [_schedule(limit, -number)],
    }


def _schedule(limit: ExternalLimit, number: int) -> Payload:
    return {
        "id": number,
        "startSchedule": stamp(limit.since),
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": tenths(limit.limit_w)}],
    }


class LimitNotices:
    """Tells the CSMS what it does not know yet."""

    __slots__ = ("_external", "_model", "_online", "_outbox", "_told")

    def __init__(
        self,
        external: ExternalLimits,
        model: DeviceModel,
        outbox: Outbox,
        *,
        online: Callable[[], bool],
    ) -> None:
        self._external = external
        self._model = model
        self._outbox = outbox
        self._online = online
        self._told: dict[Place, ExternalLimit] = {}
        """As the CSMS knows them."""

    def tell(self, *, anew: bool = False) -> None:
        """Say what has changed; what cannot be said now is said with the next connection. `anew`:
        say whatever stands, changed or not."""
        if not self._online():
            return
        standing = {(one.source, one.connector_id): one for one in self._external.all}
        for place in [place for place in self._told if place not in standing]:
            source, evse_id = place
            payload: Payload = {"chargingLimitSource": source}
            if evse_id:
                payload["evseId"] = evse_id
            self._say("ClearedChargingLimit", payload, place, None)
        for place, limit in standing.items():
            if anew or self._is_news(self._told.get(place), limit):
                self._say("NotifyChargingLimit", self._notice(limit), place, limit)

    def _is_news(self, told: ExternalLimit | None, limit: ExternalLimit) -> bool:
        """K11.FR.02, K12.FR.02: a change that is too small is not told."""
        if told is None or told.grid_critical != limit.grid_critical:
            return True
        return is_significant(self._model, told.limit_w, limit.limit_w)

    def _notice(self, limit: ExternalLimit) -> Payload:
        charging_limit: Payload = {"chargingLimitSource": limit.source}
        if limit.grid_critical:
            charging_limit["isGridCritical"] = True
        notice: Payload = {"chargingLimit": charging_limit}
        if limit.connector_id:
            notice["evseId"] = limit.connector_id
        if self._model.flag("SmartChargingCtrlr", "NotifyChargingLimitWithSchedules"):
            notice["chargingSchedule"] = profile_of(limit)["chargingSchedule"]
        return notice

    def _say(
        self, action: str, payload: Payload, place: Place, limit: ExternalLimit | None
    ) -> None:
        before = self._told.get(place)
        self._knows(place, limit)

        def answered(answer: asyncio.Future[Answer]) -> None:
            unheard = answer.cancelled() or isinstance(answer.result(), NoAnswer)
            if unheard and self._told.get(place) is limit:
                self._knows(place, before)

        self._outbox.post(action, payload).add_done_callback(answered)

    def _knows(self, place: Place, limit: ExternalLimit | None) -> None:
        if limit is None:
            self._told.pop(place, None)
        else:
            self._told[place] = limit
