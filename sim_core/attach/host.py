"""A charge point that runs elsewhere, as a dashboard hosts one (`sim_core.engine.Host`).

It lives on a thread of its own: it keeps one stream of `GET /watch` open and dials again when that
is cut; what is pressed goes out as the sidecar's own calls. Starting and stopping is about this
link only: the charge point is left as it is, whoever looks and whoever leaves.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from sim_core.attach.options import AttachSettings
from sim_core.attach.stream import NotUnderstoodError, Taken
from sim_core.command_calls import call_of
from sim_core.commands import Accepted, Command, Outcome, Refused
from sim_core.errors import UserError
from sim_core.events import Event, Ring
from sim_core.redaction import one_line
from sim_core.runtime.across_threads import answered, asked
from sim_core.runtime.clock import Clock, SystemClock
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.settings.destination import Destination
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import MessageLog

CONNECT_S = 10.0
SILENCE_S = 8.0
"""A stream that is silent for so long is cut: at rest it tells its clock every two seconds."""
COMMAND_S = 120.0
"""How long a command may take: a start waits for its cable check."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
LARGEST_LOOK = 64 * 1024 * 1024
"""Characters of one look; what is longer is no picture of a charge point."""
SAID = 300
"""Characters of what a stranger says."""
WRONG_KEY = "the key is wrong: start again with --http-api-key (HTTP_API_KEY) as it is set there"
NEEDS_KEY = (
    "this charge point does what it is asked for with its key only: attach with --http-api-key "
    "(HTTP_API_KEY)"
)
ONLY_LOOKS = "a real charger is only looked at from afar: ask it where chargeforge bedside runs"
TOO_OLD = (
    "this charge point is of a version that cannot be told where to dial (no path /destination): "
    "set CSMS_URL where it runs, and start it anew"
)
KEEPS_ID = (
    "under another id it would be another charge point: set CPID where it runs, and start it anew"
)
GONE = Refused("it is not attached any more")
NO_SIDECAR = (
    "there is no charge point to attach to (no path /watch): is it a chargeforge run or headless "
    "of this version, and its HTTP port?"
)


class RemoteHost:
    """See the module, and `Host` for what each member owes."""

    def __init__(self, url: str, settings: AttachSettings, clock: Clock | None = None) -> None:
        """`url` is that of a sidecar, as `options.address` gives it."""
        self.url = url
        self._settings = settings
        self._clock = clock or SystemClock()
        self._taken = Taken(settings.message_log_size)
        self._trouble = ""
        """Why it is not attached now."""
        self._retry_at: float | None = None
        self._since: float | None = None
        """When it was last attached, on our clock, if it is not."""
        self._dial_now: asyncio.Event | None = None
        self._client: httpx.AsyncClient | None = None
        self._dialled: Destination | None = None
        """Where it dialled when it was asked last."""
        self._thread = EventLoopThread("attached", self._main, ended=self._forget)

    # -- what a viewer asks ------------------------------------------------------------------------

    @property
    def messages(self) -> MessageLog:
        """The log; another one after the charge point has been started anew."""
        return self._taken.messages

    @property
    def events(self) -> Ring[Event]:
        """What has happened; another one as `messages`."""
        return self._taken.events

    @property
    def snapshot(self) -> StationSnapshot | None:
        return self._taken.picture

    @property
    def failure(self) -> str:
        """Why it is not attached now, and when it dials again."""
        if self._thread.failure:
            return self._thread.failure
        if not self._trouble:
            return ""
        if self._retry_at is None:
            return f"{self._trouble}, dials now ({self.url})"
        left = max(0.0, self._retry_at - self._clock.monotonic())
        return f"{self._trouble}, again in {left:.0f} s ({self.url})"

    @property
    def exit_code(self) -> int:
        return self._thread.exit_code

    def now(self) -> datetime:
        return self._taken.now(self._clock.now())

    @property
    def only_looks(self) -> bool:
        """Nothing may be asked for there: without the key, or of a real charger."""
        return bool(self._why_not())

    def start(self) -> None:
        """Attach, or dial at once where it waits to."""
        dial, loop = self._dial_now, self._thread.loop
        if dial is not None and loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed by itself
                loop.call_soon_threadsafe(dial.set)
        self._thread.start()

    def stop(self, deadline: float = 5.0) -> bool:
        """Leave. The charge point goes on."""
        return self._thread.stop(deadline)

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        loop = self._thread.loop
        why = self.failure or self._why_not()
        if why or loop is None:
            return answered(Refused(why or "it is not attached yet: try again in a second"))
        return asked(
            loop,
            lambda: self._ask(command),
            undecided=Refused("left before the charge point had decided"),
            gone=GONE,
        )

    # -- the CSMS that is dialled there ------------------------------------------------------------

    @property
    def keeps_id(self) -> str:
        """Why the id cannot be changed from here."""
        return KEEPS_ID

    def look_up(self) -> concurrent.futures.Future[Destination | Refused]:
        """Where it dials now; it is asked each time, for others may change it too."""
        loop = self._thread.loop
        why = self.failure or ("" if self._taken.commands else ONLY_LOOKS)
        if why or loop is None:
            return answered(Refused(why or "it is not attached yet: try again in a second"))
        undecided = Refused("left before the charge point had answered")
        return asked(loop, self._look_up, undecided=undecided, gone=GONE)

    def connect_to(self, where: Destination) -> concurrent.futures.Future[Outcome]:
        """Have it dial there; only what differs from what was looked up is said."""
        loop, known = self._thread.loop, self._dialled
        why = self.failure or self._why_not()
        if known is not None and where.charge_point_id != known.charge_point_id:
            why = why or KEEPS_ID
        if why or loop is None or known is None:
            return answered(Refused(why or "it is not attached yet: try again in a second"))
        said = {
            name: value
            for name in ("url", "security_profile", "password")
            if (value := getattr(where, name)) != getattr(known, name)
        }
        return asked(
            loop,
            lambda: self._ask_for("PUT", "/destination", json.dumps(said)),
            undecided=Refused("left before the charge point had decided"),
            gone=GONE,
        )

    def _why_not(self) -> str:
        if not self._taken.commands:
            return ONLY_LOOKS
        return NEEDS_KEY if self._taken.wants_key and not self._key() else ""

    # -- the thread --------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._client = self._dial_now = None

    async def _main(self, ending: asyncio.Event) -> None:
        self._dial_now = asyncio.Event()
        ended = asyncio.ensure_future(ending.wait())
        async with self._new_client() as self._client:
            work = asyncio.ensure_future(self._stay_attached(self._client, self._dial_now))
            done, rest = await asyncio.wait({ended, work}, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
        for task in done:
            task.result()

    def _new_client(self) -> httpx.AsyncClient:
        settings = self._settings
        tls: ssl.SSLContext | bool = settings.ssl_verify
        if settings.ca_cert is not None and settings.ssl_verify:
            try:
                tls = ssl.create_default_context(cafile=str(settings.ca_cert))
            except (OSError, ssl.SSLError):
                raise UserError(
                    f"CA_CERT (--ca-cert): {settings.ca_cert} cannot be used: name a PEM file."
                ) from None
        key = self._key().encode()
        timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
        return httpx.AsyncClient(
            headers={b"X-API-Key": key} if key else None,
            trust_env=False,
            verify=tls,
            timeout=timeout,
        )

    def _key(self) -> str:
        key = self._settings.http_api_key
        return key.get_secret_value() if key else ""

    async def _stay_attached(self, client: httpx.AsyncClient, dial_now: asyncio.Event) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                async for look in self._looks(client):
                    self._taken.take(look, self._clock.now())
                    self._attached()
                    pause = FIRST_PAUSE_S
                self._lost("the charge point has ended the connection")
            except (httpx.HTTPError, NotUnderstoodError) as error:
                self._lost(_words(error))
            self._retry_at = self._clock.monotonic() + pause
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(dial_now.wait(), pause)
            dial_now.clear()
            self._retry_at = None
            pause = min(LONGEST_PAUSE_S, pause * 2)

    def _attached(self) -> None:
        if not self._trouble:
            return
        self._trouble = ""
        away = self._clock.monotonic() - self._since if self._since is not None else None
        self._since = None
        if away is not None:
            self.events.append(
                Event(self.now(), "link", f"attached again to {self.url} after {away:.0f} s")
            )

    def _lost(self, why: str) -> None:
        if self._since is None and self._taken.picture is not None:
            self._since = self._clock.monotonic()
        self._trouble = why

    async def _looks(self, client: httpx.AsyncClient) -> AsyncIterator[dict[str, Any]]:
        """The looks of one stream. Raises UserError where it is of no use to dial again."""
        taken = self._taken
        asked: dict[str, Any] = {}
        if taken.life:
            asked = {"life": taken.life, "revision": taken.revision, "event": taken.event}
        async with client.stream("GET", f"{self.url}/watch?{urlencode(asked)}") as answer:
            if answer.status_code != 200:
                await self._explain(answer)
            data: list[str] = []
            async for line in _lines(answer):
                if line.startswith("data:"):
                    data.append(line[5:])
                elif not line and data:
                    yield _read("".join(data))
                    data.clear()

    async def _explain(self, answer: httpx.Response) -> None:
        """Say why there is no stream: for good before the first picture, else until the next."""
        await answer.aread()
        said = _detail(answer)
        why = {401: WRONG_KEY, 404: NO_SIDECAR, 405: NO_SIDECAR}.get(answer.status_code)
        sentence = why or f"it answers {answer.status_code}{f': {said}' if said else ''}"
        if answer.status_code < 500 and self._taken.picture is None:
            raise UserError(f"{self.url}: {sentence}.")
        raise NotUnderstoodError(sentence)

    # -- commands ----------------------------------------------------------------------------------

    async def _ask(self, command: Command) -> Outcome:
        call = call_of(command)
        return await self._ask_for(call.method, call.path, call.body)

    async def _look_up(self) -> Destination | Refused:
        client = self._client
        if client is None:
            return GONE
        try:
            answer = await client.get(f"{self.url}/destination")
        except httpx.HTTPError as error:
            return Refused(f"{self.url}: {_words(error)}")
        if answer.status_code in (404, 405):  # a version before there was this path to look under
            return Refused(TOO_OLD)
        self._dialled = _destination(answer)
        return self._dialled or Refused(
            f"the answer is not understood (status {answer.status_code})"
        )

    async def _ask_for(self, method: str, path: str, body: str) -> Outcome:
        client = self._client
        if client is None:
            return GONE
        try:
            answer = await client.request(
                method,
                f"{self.url}{path}",
                content=body.encode("utf-8", "replace") or None,
                timeout=httpx.Timeout(COMMAND_S, connect=CONNECT_S),
            )
        except httpx.HTTPError as error:
            return Refused(f"{self.url}: {_words(error)}; whether it was done is not known")
        return _outcome(answer)


def _outcome(answer: httpx.Response) -> Outcome:
    """What the sidecar has answered to a command."""
    if answer.status_code == 401:
        return Refused(NEEDS_KEY)
    try:
        body = answer.json()
        if answer.status_code == 200:
            said = json.dumps(body["answer"]) if "answer" in body else ""
            return Accepted(str(body.get("detail", "")), said)
        if answer.status_code == 409:
            return Refused(str(body["error"]), body.get("may_insist") is True)
    except (ValueError, KeyError, AttributeError, TypeError):
        return Refused(f"the answer is not understood (status {answer.status_code})")
    return Refused(_detail(answer) or f"it answers {answer.status_code}")


def _destination(answer: httpx.Response) -> Destination | None:
    """Where the charge point says that it dials; None where that is not understood."""
    try:
        told = answer.json()
        url, id_, profile = told["url"], told["charge_point_id"], told["security_profile"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(url, str) or not isinstance(id_, str) or type(profile) is not int:
        return None
    return Destination(url, id_, profile)


def _detail(answer: httpx.Response) -> str:
    try:
        return one_line(str(answer.json()["detail"]))[:SAID]
    except (ValueError, KeyError, TypeError):
        return ""


async def _lines(answer: httpx.Response) -> AsyncIterator[str]:
    """The lines of a stream. Only \\n ends one here: what httpx takes for lines is more."""
    rest = ""
    async for text in answer.aiter_text():
        rest += text
        if len(rest) > LARGEST_LOOK:
            raise NotUnderstoodError("a line without an end")
        *lines, rest = rest.split("\n")
        for line in lines:
            yield line


def _read(data: str) -> dict[str, Any]:
    try:
        look = json.loads(data)
    except (ValueError, RecursionError):
        raise NotUnderstoodError("what came is not JSON") from None
    if not isinstance(look, dict):
        raise NotUnderstoodError("what came is no look")
    return look


def _words(error: Exception) -> str:
    """Why there is no connection, in everyday words."""
    if isinstance(error, NotUnderstoodError):
        return str(error)
    if isinstance(error, httpx.ConnectTimeout):
        return f"no answer within {CONNECT_S:.0f} s"
    if isinstance(error, (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout)):
        return f"nothing heard for {SILENCE_S:.0f} s"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {cause.reason or 'no agreement'}".replace("_", " ").lower()
        if isinstance(cause, ConnectionRefusedError):
            return "nobody listens there"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError)):
        return "the connection was cut"
    return one_line(str(error))[:SAID] or type(error).__name__
