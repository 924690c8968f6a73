"""Our own CSMS for scenarios that nobody else answers, and a foreign one's HTTP door.

Both can be told to ask a charge point something: ours by its own method, a foreign one by a small
adapter that somebody has put before it (`--csms-api`): one POST with `cpid`, `action` and
`payload`, answered with the payload of the charge point's answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from sim_core.csms import Csms, CsmsError, Rules
from sim_core.errors import UserError
from sim_core.redaction import one_line, public_url
from sim_core.runtime.clock import Clock
from sim_core.station import Station
from sim_core.testbench.sessions import Session, sessions_in
from sim_core.wire.link import Link
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog

HOST = "127.0.0.1"
FIRST_TRANSACTION = 1
KNOWN_CARDS = {"BLOCKED": "Blocked", "EXPIRED": "Expired", "INVALID": "Invalid"}
"""Cards that our CSMS refuses, as the shipped scenarios call them; it takes all others."""
ANSWERS_WITHIN_S = 35.0


class RefusedError(UserError):
    """The CSMS has asked, and there is no answer: the text says why."""


class AskedInFlight:
    """Questions of a CSMS of ours that are on their way through the computer.

    One is from when it is asked until the charge point has seen it, and from the charge point's
    answer until the CSMS has that. In between time may pass: the charge point may think about it.
    """

    def __init__(self, log: MessageLog, link: Link) -> None:
        self._log = log
        self._link = link
        self._revision = 0
        self._waiting: set[int] = set()
        self.open = 0

    def on_its_way(self) -> bool:
        """Whether there is one."""
        if not self.open:
            return False
        self._revision, news = self._log.since(self._revision)
        for exchange in news:
            if exchange.direction is Direction.RECEIVED:
                if exchange.state is ExchangeState.WAITING:
                    self._waiting.add(exchange.number)
                else:
                    self._waiting.discard(exchange.number)
        line = self._link.line
        return self.open > len(self._waiting) + (line.asked_kept if line is not None else 0)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Around a question."""
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


class OwnFarEnd:
    """What is on its way at our CSMS's end of one link."""

    def __init__(self, csms: Csms, charge_point: str, station: Station) -> None:
        self._csms = csms
        self._charge_point = charge_point
        self._link = station.link
        self.lost: set[str] = set()
        """Message ids of requests that nobody will answer."""
        self.asked = AskedInFlight(station.messages, station.link)
        """What our CSMS asks this charge point."""

    @property
    def withheld(self) -> Set[str]:
        """Message ids of requests that nobody answers: those of a charge point that was silent."""
        if not self._link.online:
            self.lost |= self._link.open_ids
        return self.lost

    @property
    def connected(self) -> bool:
        """Whether the charge point is connected."""
        return self._charge_point in self._csms.connected

    @property
    def sending(self) -> bool:
        """Whether something is on its way to the charge point, or back."""
        return self._link.online and self.asked.on_its_way()


class OwnCsms:
    """Our CSMS, open for one scenario."""

    def __init__(self, csms: Csms) -> None:
        self.csms = csms
        self._ends: dict[str, OwnFarEnd] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://{HOST}:{self.csms.port}/ocpp"

    def far_end(self, charge_point: str, station: Station) -> OwnFarEnd:
        """See `stage.OpenCsms`."""
        self._ends[charge_point] = end = OwnFarEnd(self.csms, charge_point, station)
        return end

    async def ask(
        self, charge_point: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See `stage.Asking`."""
        with self._ends[charge_point].asked.asking():
            try:
                return await self.csms.call(charge_point, action, dict(payload), validate=False)
            except CsmsError as error:
                raise RefusedError(one_line(str(error))) from None

    async def ended(self) -> Sequence[Session]:
        """See `sessions.Sessions`."""
        return [
            Session(one.cpid, str(one.transaction_id), one.energy_wh)
            for one in self.csms.ledger.history
        ]

    async def close(self) -> None:
        """End it."""
        await self.csms.stop()


class OwnHouse:
    """Opens our CSMS."""

    async def open(self, clock: Clock, ocpp: str) -> OwnCsms:
        """See `stage.House`."""
        csms = Csms(first_transaction_id=FIRST_TRANSACTION, rules=Rules(now=clock.now))
        for card, status in KNOWN_CARDS.items():
            csms.ledger.id_tags.set(card, status)
        await csms.start(HOST, 0)
        return OwnCsms(csms)


class OverHttp:
    """A foreign CSMS's adapter: it can tell the CSMS to ask something."""

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url
        self._key = key

    async def ask(
        self, charge_point: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See `stage.Asking`."""
        body = {"cpid": charge_point, "action": action, "payload": dict(payload)}
        told = await _over_http("--csms-api", self._url, self._key, body)
        inside = told.get("answer", told) if isinstance(told, dict) else None
        if not isinstance(inside, dict):
            raise RefusedError("the CSMS's API answers with no JSON object")
        return inside


class SessionsOverHttp:
    """A foreign CSMS's adapter: it tells of the sessions that have ended."""

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url
        self._key = key

    async def ended(self) -> Sequence[Session]:
        """See `sessions.Sessions`."""
        return sessions_in(await _over_http("--csms-sessions", self._url, self._key))


async def _over_http(
    option: str, url: str, key: str, body: Mapping[str, Any] | None = None
) -> object:
    """The JSON that comes back, of a POST where there is a body. Raises RefusedError."""
    import httpx  # only those who ask over HTTP wait for it

    headers = {"X-API-Key": key} if key else {}
    method = "GET" if body is None else "POST"
    try:
        async with httpx.AsyncClient(timeout=ANSWERS_WITHIN_S) as client:
            answer = await client.request(method, url, json=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = one_line(str(error) or type(error).__name__)
        where = public_url(url)
        raise RefusedError(
            f"the CSMS's API at {where} does not answer: {why}; see {option}"
        ) from None
    if not answer.is_success:
        said = one_line(answer.text[:200])
        raise RefusedError(f"the CSMS's API answers {answer.status_code}: {said}")
    try:
        return answer.json()
    except ValueError:
        raise RefusedError("the CSMS's API answers with something that is no JSON") from None
