"""Charge points, and what they say, as answers have them: in short, and without secrets."""

from __future__ import annotations

from collections.abc import Mapping

from sim_core.redaction import public_frame
from sim_core.snapshot import ConnectorSnapshot, LinkState, Registration, StationSnapshot
from sim_core.testbench.drive.requests import (
    ConnectorState,
    Frame,
    Frames,
    FramesFound,
    Message,
    WholeState,
)
from sim_core.testbench.driving import Driving, Heard
from sim_core.testbench.listening import payload_of
from sim_core.testbench.reading import DO
from sim_core.wire.message_log import Exchange

LINK = 0
"""Stands for the link among the connectors."""


def statuses(picture: StationSnapshot) -> dict[int, str]:
    """What each connector shows, and under `LINK` how the link is."""
    link = picture.link
    told = link.state.value
    if link.state is LinkState.CONNECTED and not link.online:
        told = "silent"
    elif link.frames_pass and link.registration is not Registration.NONE:
        told = link.registration.value
    return {LINK: told} | {one.connector_id: one.status for one in picture.connectors}


def connector(one: ConnectorSnapshot) -> ConnectorState:
    """A connector in short."""
    running = one.transaction
    return ConnectorState(
        one.connector_id,
        one.status,
        bool(one.plugged),
        one.power_w or 0.0,
        one.register_wh or 0.0,
        running.transaction_id if running else None,
        running.token if running else "",
        (running.energy_wh or 0.0) if running else 0.0,
        one.soc_percent,
        one.fault.error_code if one.fault else "",
        _possible(one.refusals, on_connector=True),
    )


def _possible(refusals: Mapping[str, str], *, on_connector: bool) -> list[str]:
    return [row.name for row in DO if row.on_connector is on_connector and row.name not in refusals]


def state(driving: Driving) -> WholeState:
    """A charge point in short."""
    picture = driving.station.snapshot
    return WholeState(
        driving.id,
        picture.link.state.value,
        picture.link.registration.value,
        picture.link.trouble,
        picture.link.queued or 0,
        picture.powered,
        _possible(picture.refusals, on_connector=False),
        [connector(one) for one in picture.connectors],
    )


def message(found: Heard, driving: Driving) -> Message:
    """A message that was expected, without secrets."""
    exchange = driving.point.exchanges[found.number]
    secret = driving.dialect.secret_keys
    return Message(
        found.number,
        exchange.requested_at.isoformat(),
        found.action,
        payload_of(public_frame(exchange.request, secret)),
        {} if found.error else payload_of(public_frame(exchange.answer, secret)),
        found.error,
    )


def frame(exchange: Exchange, driving: Driving) -> Frame:
    """An exchange without secrets."""
    secret = driving.dialect.secret_keys
    return Frame(
        exchange.number,
        exchange.requested_at.isoformat(),
        exchange.direction.value,
        exchange.action,
        public_frame(exchange.request, secret),
        public_frame(exchange.answer, secret),
        exchange.state.value,
        exchange.trouble,
        exchange.connector_id,
        exchange.transaction_id,
        exchange.latency_s,
        exchange.injected,
    )


def frames(driving: Driving, wanted: Frames) -> FramesFound:
    """The exchanges that somebody wants to see. Texts are looked for in what is shown, so that
    nobody can find out a secret by looking for it."""
    revision, known = driving.station.messages.since(wanted.since)
    found = [
        shown
        for one in known
        if (not wanted.action or one.action == wanted.action)
        and (not wanted.direction or one.direction.value == wanted.direction)
        and (wanted.connector is None or one.connector_id == wanted.connector)
        and _has(shown := frame(one, driving), wanted.contains.casefold())
    ]
    newest = found[-wanted.newest :]
    return FramesFound(newest, len(found) - len(newest), revision)


def _has(shown: Frame, word: str) -> bool:
    return not word or word in f"{shown.request}\n{shown.answer}".casefold()
