"""A charge point that somebody drives step by step, on the loop that it is driven from.

Tests in Python, suites in other languages and agents want the same of it: that something is done at
it, and that something is said. How they ask, on which thread, and what becomes of a failure is
theirs (`driven`, `drive`). Time is real, and what is not as wanted is an error with a sentence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim_core.commands import ACTION_BY_NAME, Accepted, Refused
from sim_core.errors import UserError
from sim_core.scenarios.recording import command_of
from sim_core.scenarios.yaml_nodes import Place
from sim_core.settings.loading import load
from sim_core.settings.spelling import guess
from sim_core.snapshot import ConnectorSnapshot
from sim_core.station import Station
from sim_core.testbench.listening import (
    BrokenError,
    FailedError,
    Listening,
    Point,
    misfit,
    payload_of,
)
from sim_core.testbench.patterns import Pattern, flaw_in
from sim_core.testbench.playing import LEAST_REAL_S
from sim_core.testbench.reading import OCPP, OPTIONS
from sim_core.testbench.scenario import ChargePointOptions, Message, Scenario
from sim_core.testbench.stage import RealStage, registered, settings_of, why_not_registered
from sim_core.wire.message_log import Exchange, ExchangeState

READY_WITHIN_S = 10.0
"""Seconds of its time in which the CSMS lets it in."""
WITHIN_S = 10.0
"""Seconds of its time in which what is expected comes."""
LONGEST_S = 31 * 86_400.0


class AskedWrongError(UserError):
    """What is asked for makes no sense here; the text says what would."""


class RefusedHereError(UserError):
    """The charge point does not do it; the text says why."""


class EndedError(UserError):
    """The charge point has ended while something was waited for."""


class UnmetError(UserError):
    """What was expected of the CSMS, or of what follows from it, is not so; the text says how."""


@dataclass(frozen=True)
class Heard:
    """A message that came, with its answer."""

    action: str
    payload: Mapping[str, Any]
    answer: Mapping[str, Any]
    """Empty where none has come yet, and where it is a CALLERROR."""
    number: int = 0
    """Its place in the log, counted from 1."""
    at: datetime | None = None
    """When it was said, by the computer's clock."""
    error: str = ""
    """The code of the CALLERROR that answers it; empty where none does."""


class Driving:
    """One charge point, from `open` to `close`."""

    def __init__(
        self,
        charge_point_id: str,
        csms_url: str = "",
        *,
        ocpp: str = "1.6",
        time_scale: float = 1.0,
        seed: int = 1,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Without a `csms_url` what CSMS_URL says is dialled. `options` are those of the settings,
        like `model` and `connectors`.

        Raises AskedWrongError for an option that there is not, ConfigError or ModelError for one
        that will not do.
        """
        given = options or {}
        for name in given:
            if name not in OPTIONS:
                raise AskedWrongError(f"there is no option {name!r}{guess(name, OPTIONS)}")
        if ocpp not in OCPP:
            raise AskedWrongError(f"ocpp is one of {', '.join(OCPP)}, not {ocpp!r}")
        self.id = charge_point_id
        self.dialect = OCPP[ocpp].dialect
        self._statuses = OCPP[ocpp].statuses
        point = ChargePointOptions(charge_point_id, {k: _word(v) for k, v in given.items()})
        scenario = Scenario(
            title="",
            name=charge_point_id,
            at=Place(),
            proves="",
            ocpp=ocpp,
            charge_points=(point,),
        )
        words = [f"--csms-url={csms_url}"] if csms_url else []
        base = load([*words, f"--time-scale={time_scale}"], "chargeforge")
        settings_of(base, point, ocpp, seed)  # what will not do is told now
        self._stage = RealStage(scenario, base, seed)
        self._point: Point | None = None
        self._closed = False
        self._listening = Listening(self._patiently, None)

    async def open(self) -> None:
        """It comes up and dials."""
        await self._stage.__aenter__()
        (station,) = self._stage.stations.values()
        self._point = Point(self.id, station)

    async def close(self) -> None:
        """End it in order. Whoever waits for something of it hears an EndedError."""
        self._closed = True
        await self._stage.__aexit__()

    @property
    def point(self) -> Point:
        """Its conversation."""
        assert self._point is not None, "it is open"
        return self._point

    @property
    def station(self) -> Station:
        """The charge point itself."""
        return self.point.station

    async def ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Wait until the CSMS has let it in. Raises UnmetError with the reason where it has not."""
        station = self.station
        if not await self._patiently(lambda: registered(station.snapshot), _span(within_s)):
            why = why_not_registered(station.snapshot)
            raise UnmetError(f"{self.id} is not let in within {within_s:g} s: {why}")

    async def do(self, action: str, values: Mapping[str, Any]) -> Accepted:
        """Do something at it, let in or not; `values` are the fields of the command, without a
        connector that is the first.

        Raises AskedWrongError, RecordingError for a value, RefusedHereError.
        """
        if action not in ACTION_BY_NAME:
            raise AskedWrongError(f"there is no action {action!r}{guess(action, ACTION_BY_NAME)}")
        row = ACTION_BY_NAME[action]
        said = dict(values)
        if row.on_connector and "connector_id" not in said:
            said.setdefault("connector", 1)
        command = command_of(row.command, said, action)
        outcome = await self.station.submit(command)
        if isinstance(outcome, Refused):
            raise RefusedHereError(f"{action}: the charge point refuses: {outcome.reason}")
        return outcome

    def message(
        self,
        action: str,
        where: Mapping[str, Any] | None = None,
        answer: Mapping[str, Any] | None = None,
        error: str = "",
        by_csms: bool | None = None,
    ) -> Message:
        """What `expect` and `never` look for. Raises AskedWrongError."""
        known = self.dialect.schemas.actions
        if action not in known:
            version = self.dialect.version
            raise AskedWrongError(f"{version} has no {action!r}{guess(action, known)}")
        if error and answer is not None:
            raise AskedWrongError("there is an answer or an error, not both")
        for name, words in (("where", where), ("answer", answer)):
            if why := flaw_in(words):
                raise AskedWrongError(f"{name}: {why}")
        return Message(
            action=action,
            by_csms=action not in self.dialect.asks if by_csms is None else by_csms,
            where=Pattern(dict(where)) if where else None,
            answer=None if answer is None else Pattern(dict(answer)),
            error=error,
            name="it",
        )

    async def expect(self, message: Message, within_s: float = WITHIN_S) -> Heard:
        """Wait for a message behind the one that was expected before, and for its answer.

        Raises UnmetError.
        """
        point, within_s = self.point, _span(within_s)
        try:
            found = await self._listening.one_of(point, (message,), within_s)
            point.cursor = found.number
            await self._listening.answered(point, message, found.number, within_s)
        except FailedError as failure:
            raise UnmetError(f"expected {message.line()}: {failure}") from None
        return heard(point.exchanges[found.number])

    async def never(self, message: Message, for_s: float) -> None:
        """Wait whether such a message comes from now on. Raises UnmetError where one does."""
        point, since = self.point, self.station.messages.count

        def came() -> bool:
            point.look()
            return any(
                number > since and not misfit(message, exchange, None)
                for number, exchange in point.exchanges.items()
            )

        if await self._until(came, _span(for_s)):
            raise UnmetError(f"expected no {message.line()}: it has come")

    async def status(
        self, connector_id: int, status: str, within_s: float = WITHIN_S
    ) -> ConnectorSnapshot:
        """Wait until a connector shows a status, in the words of the OCPP that is spoken.

        Raises AskedWrongError, UnmetError.
        """
        if status not in self._statuses:
            known = ", ".join(self._statuses)
            raise AskedWrongError(f"there is no status {status!r}; there is {known}")

        def shown() -> str:
            return self.connector(connector_id).status

        if not await self._patiently(lambda: shown() == status, _span(within_s)):
            told = f"connector {connector_id} is not {status} within {within_s:g} s"
            raise UnmetError(f"{told}: it is {shown()}")
        return self.connector(connector_id)

    def connector(self, connector_id: int) -> ConnectorSnapshot:
        """What a connector shows. Raises AskedWrongError where there is none."""
        try:
            return self.point.connector(connector_id)
        except BrokenError as error:
            raise AskedWrongError(str(error)) from None

    async def wait(self, seconds: float) -> None:
        """Let so much of its time pass."""
        await self._until(lambda: False, _span(seconds))

    async def _patiently(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Wait until it holds; where time passes faster, the CSMS has a moment of its own."""
        haste = self._stage.haste
        least_s = LEAST_REAL_S * haste if haste > 1 else 0.0
        return await self._until(holds, max(within_s, least_s))

    async def _until(self, holds: Callable[[], bool], within_s: float) -> bool:
        def looked() -> bool:
            if self._closed:
                raise EndedError(f"{self.id} has ended meanwhile")
            return holds()

        return await self._stage.until(looked, within_s)


def heard(exchange: Exchange) -> Heard:
    """An exchange as whoever expects it reads it."""
    refused = exchange.state is ExchangeState.ERROR
    return Heard(
        exchange.action,
        payload_of(exchange.request),
        {} if refused else payload_of(exchange.answer),
        exchange.number,
        exchange.requested_at,
        exchange.trouble if refused else "",
    )


def _span(seconds: float) -> float:
    """Raises AskedWrongError where so long cannot be waited."""
    if not (math.isfinite(seconds) and 0 <= seconds <= LONGEST_S):
        raise AskedWrongError(f"seconds are from 0 to {LONGEST_S:g}, not {seconds:g}")
    return seconds


def _word(value: object) -> str:
    """The value of an option as a command line has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return json.dumps(dict(value))
    if isinstance(value, (list, tuple)):
        return ",".join(str(one) for one in value)
    return str(value)
