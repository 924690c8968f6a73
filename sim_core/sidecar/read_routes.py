"""What there is to see: one table of paths, and the handlers under them.

Everything here is read from the picture of now, from the message log and from the ring of events;
nothing asks the charge point to do anything, so looking needs no key.
"""

from __future__ import annotations

import platform
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import metadata
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from sim_core.commands import Action
from sim_core.http_door.answers import answer, refusal
from sim_core.picture_json import encoded
from sim_core.redaction import HIDDEN, public_url, without_users
from sim_core.runtime import event_loops
from sim_core.session_export import as_csv, as_rows, sessions_of
from sim_core.settings.destination import destination_of
from sim_core.settings.options import Settings, options_of
from sim_core.sidecar import openapi
from sim_core.sidecar.command_routes import Query, parse_query
from sim_core.sidecar.destination_route import WriteRoute, shown
from sim_core.sidecar.looks import REMEMBERED, Asked, as_shown
from sim_core.sidecar.metrics import Metrics
from sim_core.sidecar.server_sent_events import Streams
from sim_core.sidecar.viewed import Viewed
from sim_core.sidecar.watching import MOST_REMEMBERED, Watching
from sim_core.snapshot import (
    TOKENS_SHOWN,
    CompositeSnapshot,
    ConnectorSnapshot,
    ExternalLimit,
    FirmwareSnapshot,
    InstalledProfile,
    LinkSnapshot,
    ProfileSnapshot,
    ReservationSnapshot,
    SettingSnapshot,
    StationSnapshot,
    TokenEntry,
    UploadSnapshot,
)
from sim_core.wire.message_log import Exchange
from sim_core.wire_faults import KINDS, said_of

PACKAGES = ("ocpp", "websockets", "starlette", "uvicorn")
PAGE, LARGEST_PAGE = 100, 1_000
PAGE_CHARACTERS = 1024 * 1024
"""A page ends early when its frames are long."""
LARGEST_NUMBER = 2**53
SECRET_WORDS = ("key", "password", "secret", "token")
PAGE_OF_DOCS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


def _number(name: str, text: str, lowest: int, highest: int) -> Query:
    return Query(name, text, {"type": "integer", "minimum": lowest, "maximum": highest})


SINCE = _number("since", "What has changed after this revision; 0: everything", 0, LARGEST_NUMBER)
MESSAGE_QUERIES = (
    SINCE,
    _number("after", "Within that, only exchanges with a higher number", 0, LARGEST_NUMBER),
    _number("upto", "The revision that `next` goes on from at the end", 0, LARGEST_NUMBER),
    _number("limit", f"At most so many, without it {PAGE}", 1, LARGEST_PAGE),
)
EVENT_QUERIES = (
    _number("since", "Begin after the event of this number; without it now", 0, LARGEST_NUMBER),
)
WATCH_QUERIES = (
    Query(
        "life",
        "The word of the stream that is gone on with; `revision` and `event` are of it",
        {"type": "string", "minLength": 1, "pattern": "^[0-9a-f]*$", "maxLength": 32},
        example="0badcafe",
    ),
    _number("revision", "Exchanges that have changed after this revision", 0, LARGEST_NUMBER),
    _number("event", "What has happened after the event of this number", 0, LARGEST_NUMBER),
    _number(
        "messages",
        f"How many exchanges from before it begins with, without it {REMEMBERED}",
        0,
        MOST_REMEMBERED,
    ),
)


class ReadHandlers:
    """The handlers."""

    def __init__(
        self,
        station: Viewed,
        settings: Callable[[], Settings],
        streams: Streams,
        watching: Watching,
        metrics: Metrics,
        version: str,
        actions: tuple[Action, ...],
        writes: tuple[WriteRoute, ...],
        recorded: Callable[[], list[dict[str, object]]],
    ) -> None:
        """`settings` are those of now. `actions` and `writes` are what may be asked for here beside
        all that is read; `recorded` is what has been recorded of the first."""
        self._recorded = recorded
        self._actions, self._writes = actions, writes
        self._station = station
        self._settings = settings
        self._streams = streams
        self._watching = watching
        self._metrics = metrics
        self._versions = {"chargeforge": version, "python": platform.python_version()} | {
            name: version_of(name) for name in PACKAGES
        }

    async def health(self, request: Request) -> Response:
        seen = self._station.snapshot
        return answer(
            {
                "ok": True,
                "cpid": seen.charge_point_id,
                "link": seen.link.state.value,
                "registration": seen.link.registration.value,
                "queued": seen.link.queued,
            }
        )

    async def info(self, request: Request) -> Response:
        seen = self._station.snapshot
        return answer(
            {
                "cpid": seen.charge_point_id,
                "vendor": seen.vendor,
                "model": seen.model,
                "firmware_version": seen.firmware_version,
                "status": seen.status,
                "reservation": _reservation(seen.reservation),
                "powered": seen.powered,
                "connectors": [_connector(one) for one in seen.connectors],
                "profile": _profile(seen.profile),
                "profiles": [_installed(one) for one in seen.profiles],
                "firmware": _progress(seen.firmware),
                "upload": _progress(seen.upload),
                "active_sessions": _sessions(seen),
                "link": _link(seen.link),
                "warnings": [without_users(one) for one in seen.warnings],
                "versions": self._versions,
                "event_loop": event_loops.running_on(),
                "settings": without_secrets(self._settings()),
            }
        )

    async def sessions(self, request: Request) -> Response:
        return answer({"sessions": as_rows(sessions_of(self._station.snapshot), self._now())})

    async def sessions_csv(self, request: Request) -> Response:
        text = as_csv(sessions_of(self._station.snapshot), self._now())
        return Response(text, headers={"Content-Type": "text/csv; charset=utf-8"})

    async def profiles(self, request: Request) -> Response:
        seen = self._station.snapshot
        in_force = [(0, seen.profile)] + [
            (one.connector_id, one.profile) for one in seen.connectors
        ]
        return answer(
            {
                "profiles": [_installed(one) for one in seen.profiles],
                "in_force": [
                    {"connector": number, "profile": _profile(held)} for number, held in in_force
                ],
                "external": [_external(one) for one in seen.external_limits],
                "composite": [_composite(one) for one in seen.composites],
            }
        )

    async def reservations(self, request: Request) -> Response:
        held = self._station.snapshot.reservations
        return answer(
            {
                "reservations": [
                    {"connector": one.connector_id, **(_reservation(one) or {})} for one in held
                ]
            }
        )

    async def tokens(self, request: Request) -> Response:
        known = self._station.snapshot.tokens
        return answer(
            {
                "local_list": {
                    "counts": known.list_counts,
                    "version": known.list_version,
                    "length": known.list_length,
                    "tokens": [_token(one) for one in known.listed],
                },
                "cache": {
                    "counts": known.cache_counts,
                    "length": known.cache_length,
                    "tokens": [_token(one) for one in known.cached],
                },
            }
        )

    async def availability(self, request: Request) -> Response:
        seen = self._station.snapshot
        return answer(
            {
                "in_service": seen.operative,
                "status": seen.status,
                "connectors": [
                    {
                        "connector": one.connector_id,
                        "in_service": one.in_service,
                        "status": one.status,
                        "scheduled": one.scheduled_availability,
                    }
                    for one in seen.connectors
                ],
            }
        )

    def _now(self) -> datetime:
        return self._station.now()

    async def metrics(self, request: Request) -> Response:
        text, media_type = self._metrics.exposition(request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": media_type})

    async def configuration(self, request: Request) -> Response:
        return answer({"settings": [_setting(one) for one in self._station.snapshot.settings]})

    async def rules(self, request: Request) -> Response:
        seen = self._station.snapshot
        held = [
            {
                "number": one.number,
                "action": one.action,
                "connector_id": one.connector_id,
                "since": one.since.isoformat(),
            }
            for one in seen.held
        ]
        return answer({"rules": [asdict(rule) for rule in seen.rules], "held": held})

    async def wire_faults(self, request: Request) -> Response:
        seen = self._station.snapshot
        told = {
            "faults": [
                {
                    "number": one.number,
                    "rule": said_of(one.rule),
                    "words": one.words,
                    "seed": one.seed,
                    "met": one.met,
                    "applied": one.applied,
                    "spent": one.spent,
                }
                for one in seen.wire_faults
            ],
            "held": [asdict(one) | {"since": one.since.isoformat()} for one in seen.held_frames],
            "kinds": [
                {
                    "name": kind.name,
                    "does": kind.does,
                    "parameters": list(kind.parameters),
                    "kinds": list(kind.sorts),
                }
                for kind in KINDS
            ],
        }
        return answer(told)

    async def recording(self, request: Request) -> Response:
        seen = self._station.snapshot.recording
        return answer({"recording": seen is not None, "steps": self._recorded()})

    async def destination(self, request: Request) -> Response:
        return answer(shown(destination_of(self._settings())))

    async def messages(self, request: Request) -> Response:
        given = _numbers(MESSAGE_QUERIES, request)
        if isinstance(given, str):
            return refusal(422, given)
        since, after = given.get("since", 0), given.get("after", 0)
        revision, changed = self._station.messages.since(since)
        upto = min(given.get("upto", revision), revision)
        ahead = timedelta(seconds=self._station.snapshot.clock_ahead_s)
        page: list[dict[str, Any]] = []
        characters = 0
        behind = [exchange for exchange in changed if exchange.number > after]
        for exchange in behind[: given.get("limit", PAGE)]:
            page.append(_exchange(exchange, ahead))
            characters += len(exchange.request) + len(exchange.answer)
            if characters > PAGE_CHARACTERS:
                break
        more = len(page) < len(behind)
        path = f"/messages?since={upto}"
        if more:  # the rest of the same look; what changes meanwhile is for the next one
            path = f"/messages?since={since}&after={page[-1]['number']}&upto={upto}"
        if "limit" in given:
            path += f"&limit={given['limit']}"
        return answer({"exchanges": page, "more": more, "revision": revision, "next": path})

    async def events(self, request: Request) -> ASGIApp:
        given = _numbers(EVENT_QUERIES, request)
        if isinstance(given, str):
            return refusal(422, given)
        return self._streams.open(request, given.get("since"))

    async def snapshot(self, request: Request) -> Response:
        return answer(encoded(as_shown(self._station.snapshot)))

    async def watch(self, request: Request) -> ASGIApp:
        parsed = parse_query(WATCH_QUERIES, request.query_params)
        if parsed.trouble:
            return refusal(422, parsed.trouble)
        said: Mapping[str, Any] = {
            query.name: query.read(parsed.said[query.name])
            for query in WATCH_QUERIES
            if query.name in parsed.said
        }
        return self._watching.open(request, Asked(**said))

    async def description(self, request: Request) -> Response:
        return answer(self._description())

    async def docs(self, request: Request) -> Response:
        return HTMLResponse(openapi.page(self._description()), headers=PAGE_OF_DOCS)

    def _description(self) -> openapi.Schema:
        limits = self._station.snapshot.text_limits
        return openapi.description(
            READ_ROUTES, self._versions["chargeforge"], limits, self._actions, self._writes
        )


@dataclass(frozen=True)
class ReadRoute:
    """One path to look under."""

    path: str
    help: str
    handle: Callable[[ReadHandlers, Request], Awaitable[ASGIApp]]
    media_type: str = "application/json"
    schema: str = ""
    """Name of the answer's schema, for JSON."""
    queries: tuple[Query, ...] = ()


READ_ROUTES: tuple[ReadRoute, ...] = (
    ReadRoute(
        "/health",
        "Is it alive: 200 with the link's state; a CSMS that is away does not change that",
        ReadHandlers.health,
        schema="Health",
    ),
    ReadRoute(
        "/info",
        "Settings without secrets, connectors, active sessions, link and versions",
        ReadHandlers.info,
        schema="Info",
    ),
    ReadRoute(
        "/sessions",
        "What has been charged and is being charged, the newest first; `csms` says what the CSMS "
        "knows of the end",
        ReadHandlers.sessions,
        schema="Sessions",
    ),
    ReadRoute(
        "/sessions.csv",
        "The same for a spreadsheet",
        ReadHandlers.sessions_csv,
        media_type="text/csv",
    ),
    ReadRoute(
        "/profiles",
        "Charging profiles: those installed, the one in force at each connector (0: all together), "
        "what others than the CSMS allow, and what all of that allows when (the composite schedule "
        "of the next 24 h, in W)",
        ReadHandlers.profiles,
        schema="Profiles",
    ),
    ReadRoute(
        "/reservations",
        "For which cards connectors are kept free (connector 0: whichever)",
        ReadHandlers.reservations,
        schema="Reservations",
    ),
    ReadRoute(
        "/tokens",
        f"Cards that are known: the local list and the cache, the first {TOKENS_SHOWN} of each",
        ReadHandlers.tokens,
        schema="Tokens",
    ),
    ReadRoute(
        "/availability",
        "What the CSMS wants in service, and what it is; `scheduled` waits for a session's end",
        ReadHandlers.availability,
        schema="Availability",
    ),
    ReadRoute("/metrics", "Numbers for Prometheus", ReadHandlers.metrics, media_type="text/plain"),
    ReadRoute(
        "/configuration",
        "Configuration keys with value, access and meaning, and who has changed them",
        ReadHandlers.configuration,
        schema="Configuration",
    ),
    ReadRoute(
        "/rules",
        "How requests of the CSMS are answered otherwise, and which wait for an answer by hand",
        ReadHandlers.rules,
        schema="Rules",
    ),
    ReadRoute(
        "/wire-faults",
        "What is done to frames on the wire, which frames are held, and what can be done",
        ReadHandlers.wire_faults,
        schema="WireFaults",
    ),
    ReadRoute(
        "/recording",
        "What has been recorded last, or so far: each command with its time; POST /play plays it",
        ReadHandlers.recording,
        schema="Recording",
    ),
    ReadRoute(
        "/destination",
        "Which CSMS it dials, and as whom; PUT changes it",
        ReadHandlers.destination,
        schema="Dialled",
    ),
    ReadRoute(
        "/messages",
        "Exchanges with the CSMS that have changed since; follow `next` for the ones after",
        ReadHandlers.messages,
        schema="Messages",
        queries=MESSAGE_QUERIES,
    ),
    ReadRoute(
        "/events",
        "What happens, as server-sent events; goes on after the header Last-Event-ID",
        ReadHandlers.events,
        media_type="text/event-stream",
        queries=EVENT_QUERIES,
    ),
    ReadRoute(
        "/snapshot",
        "The whole picture that the dashboard shows",
        ReadHandlers.snapshot,
        schema="StationSnapshot",
    ),
    ReadRoute(
        "/watch",
        "The same and all that comes after, as server-sent events `look`: `picture` once, then "
        "`patch` (JSON Patch, RFC 6902), `exchanges` that have changed, `events`, and the clock",
        ReadHandlers.watch,
        media_type="text/event-stream",
        queries=WATCH_QUERIES,
    ),
    ReadRoute("/openapi.json", "All of this as an OpenAPI description", ReadHandlers.description),
    ReadRoute("/docs", "All of this as a page to read", ReadHandlers.docs, media_type="text/html"),
)


@cache
def version_of(package: str) -> str:
    """The version of an installed package; empty for one that only lies in a folder."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def without_secrets(settings: Settings) -> dict[str, Any]:
    """The settings as they may be shown."""
    shown: dict[str, Any] = {}
    for name, option in options_of(type(settings)).items():
        if name in settings.NOT_OFFERED:
            continue
        value = getattr(settings, name)
        hidden = option.is_secret or (isinstance(value, str) and _sounds_secret(name))
        if hidden and value is not None:
            shown[name] = HIDDEN
        elif isinstance(value, Mapping):
            shown[name] = {
                str(key): HIDDEN if _sounds_secret(str(key)) else public_url(str(word))
                for key, word in value.items()
            }
        elif value is None or isinstance(value, (bool, int, float)):
            shown[name] = value
        else:
            shown[name] = public_url(str(value)) if "://" in str(value) else str(value)
    return shown


def _sounds_secret(name: str) -> bool:
    return any(word in name.casefold() for word in SECRET_WORDS)


def _numbers(known: tuple[Query, ...], request: Request) -> dict[str, int] | str:
    """The numbers of a query, or the sentence that says which cannot be."""
    parsed = parse_query(known, request.query_params)
    if parsed.trouble:
        return parsed.trouble
    return {name: int(value) for name, value in parsed.said.items()}


def _connector(one: ConnectorSnapshot) -> dict[str, Any]:
    return {
        "connector": one.connector_id,
        "status": one.status,
        "plugged": one.plugged,
        "vehicle": one.vehicle,
        "soc_percent": one.soc_percent,
        "power_w": one.power_w,
        "voltage_v": one.voltage_v,
        "current_a": one.current_a,
        "register_wh": one.register_wh,
        "limited_by": one.limited_by,
        "limit_w": one.limit_w,
        "profile": _profile(one.profile),
        "error_code": one.fault.error_code if one.fault else None,
        "reservation": _reservation(one.reservation),
        "refused": dict(one.refusals),
    }


def _reservation(held: ReservationSnapshot | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return {
        "reservation_id": held.reservation_id,
        "id_tag": held.token,
        "parent_id_tag": held.group,
        "until": held.until.isoformat(),
    }


def _profile(held: ProfileSnapshot | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return vars(held) | {"until": held.until and held.until.isoformat()}


def _installed(one: InstalledProfile) -> dict[str, Any]:
    return vars(one) | {
        "periods": [{"start_s": start_s, "limit": limit} for start_s, limit in one.periods],
        "valid_from": one.valid_from and one.valid_from.isoformat(),
        "valid_to": one.valid_to and one.valid_to.isoformat(),
        "start_schedule": one.start_schedule and one.start_schedule.isoformat(),
    }


def _external(one: ExternalLimit) -> dict[str, Any]:
    return {
        "connector": one.connector_id,
        "source": one.source,
        "whose": one.whose,
        "limit_w": one.limit_w,
        "grid_critical": one.grid_critical,
        "since": one.since.isoformat(),
    }


def _composite(one: CompositeSnapshot) -> dict[str, Any]:
    return {
        "connector": one.connector_id,
        "steps": [{"from": at.isoformat(), "limit_w": limit_w} for at, limit_w in one.steps],
        "until": one.until.isoformat(),
    }


def _token(one: TokenEntry) -> dict[str, Any]:
    return {
        "id_tag": one.token,
        "status": one.status,
        "parent_id_tag": one.group,
        "expires_at": one.expires_at and one.expires_at.isoformat(),
    }


def _progress(one: FirmwareSnapshot | UploadSnapshot) -> dict[str, Any]:
    shown = vars(one) | {
        "since": one.since and one.since.isoformat(),
        "due_at": one.due_at and one.due_at.isoformat(),
    }
    del shown["failed"]  # over HTTP the status alone says so
    return shown


def _setting(one: SettingSnapshot) -> dict[str, Any]:
    change = one.change
    return {
        "name": one.name,
        "group": one.group,
        "value": one.value,
        "readonly": one.readonly,
        "meaning": one.meaning,
        "takes": one.takes,
        "default": one.default,
        "choices": list(one.choices),
        "change": change
        and {"before": change.before, "by": change.by.value, "at": change.at.isoformat()},
        "after_reboot": one.after_reboot,
    }


def _sessions(seen: StationSnapshot) -> list[dict[str, Any]]:
    return [
        {
            "connector": one.connector_id,
            "id_tag": running.token,
            "transaction_id": running.transaction_id,
            "started_at": running.started_at and running.started_at.isoformat(),
            "meter_start_wh": running.meter_start_wh,
            "energy_wh": running.energy_wh,
        }
        for one in seen.connectors
        if (running := one.transaction)
    ]


def _link(link: LinkSnapshot) -> dict[str, Any]:
    return {
        "url": public_url(link.url),
        "state": link.state.value,
        "registration": link.registration.value,
        "online": link.frames_pass,
        "spoken": link.spoken,
        "attempt": link.attempt,
        "trouble": link.trouble,
        "queued": link.queued,
    }


def _exchange(exchange: Exchange, ahead: timedelta) -> dict[str, Any]:
    return exchange.as_dict() | {
        "direction": exchange.direction.value,
        "state": exchange.state.value,
        "requested_at": (exchange.requested_at + ahead).isoformat(),
    }
