"""Faults, and who has put an end to them: a button, a door, a vehicle's insulation."""

from __future__ import annotations

from datetime import datetime, timedelta

from sim_core.traces.causes.scene import Act, Scene, Stimulus
from sim_core.traces.causes.sessions import outages
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S

ARMED = 8 * S
"""How long before a start its insulation is broken."""
AT_A_START = 10 * S
PRESSED_BEFORE = 2 * S
"""So long before the stop of a transaction the button was pressed that has ended it."""
EVERYWHERE_WITHIN = 6 * S
"""Within so long a fault of the whole charger shows at all connectors."""
HEALTHY = ("Available", "Preparing", "Finishing", "Unavailable", "Reserved")


def faults(told: Conversation, scene: Scene) -> None:
    """Add what has broken, and when it was whole again."""
    struck: datetime | None = None
    """When a fault of the whole charge point has struck that is not over."""
    alone: dict[int, Exchange] = {}
    """Faults of one connector that are not over."""
    for report in told.of("StatusNotification"):
        at, number = report.stamp or report.at, report.connector or 0
        if report.status == "Faulted":
            if _is_everywhere(told, report):
                if struck is None:
                    struck = at
                    _strike(told, scene, report, at)
            elif number not in alone:
                alone[number] = report
                _break(told, scene, report, at)
        elif report.status in HEALTHY:
            if struck is not None and report.at > struck:
                _clear(told, scene, report, at, 1)
                struck = None
            elif number in alone:
                fault = alone.pop(number)
                if not _is_of_a_start(told, fault):
                    _clear(told, scene, report, at, number)


def _is_everywhere(told: Conversation, report: Exchange) -> bool:
    """Whether a fault is one of the whole charger: several connectors tell of the same."""
    places = {
        other.connector
        for other in told.of("StatusNotification")
        if other.status == "Faulted"
        and other.vendor_code == report.vendor_code
        and abs(other.at - report.at) < EVERYWHERE_WITHIN
    }
    return len(places) > 1 or report.connector in (0, None)


def _is_of_a_start(told: Conversation, report: Exchange) -> bool:
    """Whether it has broken a start: it passes by itself."""
    at = report.stamp or report.at
    starts = told.of("StartTransaction", report.connector)
    return any(abs((start.stamp or start.at) - at) < AT_A_START for start in starts)


def _strike(told: Conversation, scene: Scene, report: Exchange, at: datetime) -> None:
    """The button was pressed, or the door opened, before anything shows of it."""
    pressed = min([at, *_pressed(told, at)])
    outage = next((o for o in outages(told) if timedelta(0) <= report.at - o.over < 4 * S), None)
    if outage is not None:
        pressed = outage.middle
    elif scene.boots and report.at - scene.begins < 4 * S:
        pressed = scene.begins - 2 * S
    _add(scene, Stimulus(pressed, Act.FAULT, 1, report.vendor_code or report.text("errorCode")))


def _pressed(told: Conversation, at: datetime) -> list[datetime]:
    """When the button was pressed, by the transactions that it has ended."""
    return [
        stop.stamp - PRESSED_BEFORE
        for stop in told.of("StopTransaction")
        if stop.reason == "EmergencyStop"
        and stop.stamp is not None
        and abs(stop.stamp - at) < 6 * S
    ]


def _break(told: Conversation, scene: Scene, report: Exchange, at: datetime) -> None:
    """Something broke at one connector; what breaks a start was broken before it."""
    starts = [
        start.stamp
        for start in told.of("StartTransaction", report.connector)
        if start.stamp is not None and abs(start.stamp - at) < AT_A_START
    ]
    code = report.vendor_code or report.text("errorCode")
    _add(scene, Stimulus(starts[0] - ARMED if starts else at, Act.FAULT, report.connector, code))


def _clear(
    told: Conversation, scene: Scene, report: Exchange, at: datetime, connector: int
) -> None:
    outage = next((o for o in outages(told) if timedelta(0) <= report.at - o.over < 4 * S), None)
    _add(scene, Stimulus(outage.middle if outage else at, Act.CLEAR, connector))


def _add(scene: Scene, stimulus: Stimulus) -> None:
    (scene.before if stimulus.at < scene.begins else scene.stimuli).append(stimulus)
