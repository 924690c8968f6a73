"""The description of the API (OpenAPI 3.1), and a page that prints it.

Made from the same tables as the routes, so the two cannot disagree. The page is plain HTML: it
fetches nothing, so it can be read on a computer without a network.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from typing import Any, Protocol

from sim_core import picture_json
from sim_core.commands import ACTIONS, RULE_WAYS, Action
from sim_core.ocpp_versions import known_statuses
from sim_core.sidecar.command_routes import Query, queries
from sim_core.sidecar.destination_route import DESTINATION, WriteRoute
from sim_core.snapshot import LIMITERS, ChangedBy, TextLimits
from sim_core.wire_faults import PARAMETERS

Schema = dict[str, Any]

KEY = "apiKey"
TITLE = "ChargeForge: driving a charge point over HTTP"


def _object(required: Iterable[str], **properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def _closed(**properties: Schema) -> Schema:
    """An object that always has all of these, and no other."""
    return _object(properties, **properties)


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
YES_NO: Schema = {"type": "boolean"}
CONNECTOR: Schema = {"type": "integer", "minimum": 1}
STATUS: Schema = {"type": "string", "enum": list(known_statuses())}


TRANSACTION_ID: Schema = {"type": "integer"}


def _or_null(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


PROGRESS: dict[str, Schema] = {
    "status": TEXT,
    "active": YES_NO,
    "percent": _or_null(WHOLE),
    "since": _or_null(TEXT),
    "due_at": _or_null(TEXT),
    "trouble": TEXT,
}
"""Of something that goes on for a while."""


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


RESERVATION = _or_null(
    _closed(
        reservation_id={"type": "integer"},
        id_tag=TEXT,
        parent_id_tag=_or_null(TEXT),
        until=TEXT,
    )
)

UNIT: Schema = {"type": "string", "enum": ["A", "W"]}

PROFILE = _or_null(
    _closed(
        limit_w=NUMBER,
        purpose=TEXT,
        profile_id={"type": "integer"},
        stack_level=WHOLE,
        limit=NUMBER,
        unit=UNIT,
        until=_or_null(TEXT),
    )
)
"""The charging profile that counts now."""

INSTALLED = _closed(
    connector_id=WHOLE,
    profile_id={"type": "integer"},
    purpose=TEXT,
    kind=TEXT,
    stack_level=WHOLE,
    unit=UNIT,
    periods=_list(_closed(start_s=WHOLE, limit=NUMBER)),
    transaction_id=_or_null({"type": "integer"}),
    recurrency=_or_null(TEXT),
    valid_from=_or_null(TEXT),
    valid_to=_or_null(TEXT),
    start_schedule=_or_null(TEXT),
    duration_s=_or_null(WHOLE),
)

TOKEN = _closed(id_tag=TEXT, status=TEXT, parent_id_tag=_or_null(TEXT), expires_at=_or_null(TEXT))

DESTINATION_FIELDS: dict[str, Schema] = {
    "url": TEXT,
    "charge_point_id": TEXT,
    "security_profile": WHOLE,
}

SCHEMAS: dict[str, Schema] = {
    "DoneAtConnector": _object(
        ("ok", "connector", "state", "plugged"),
        ok={"const": True},
        connector=CONNECTOR,
        state=STATUS,
        plugged=YES_NO,
        error_code=TEXT,
        detail=TEXT,
    ),
    "Done": _object(
        ("ok", "link", "online", "powered"),
        ok={"const": True},
        link={"type": "string", "enum": ["up", "down"]},
        online=YES_NO,
        powered=YES_NO,
        detail=TEXT,
        answer={"type": "object"},
    ),
    "Dialled": _closed(**DESTINATION_FIELDS),
    "Destination": _closed(ok={"const": True}, **DESTINATION_FIELDS),
    "Refused": _object(
        ("ok", "error"), ok={"const": False}, error=TEXT, may_insist={"const": True}
    ),
    "Wrong": _closed(detail=TEXT),
    "Health": _closed(
        ok={"const": True}, cpid=TEXT, link=TEXT, registration=TEXT, queued=_or_null(WHOLE)
    ),
    "Info": _closed(
        cpid=TEXT,
        vendor=TEXT,
        model=TEXT,
        firmware_version=TEXT,
        status=STATUS,
        reservation=RESERVATION,
        powered=YES_NO,
        connectors=_list(
            _closed(
                connector=CONNECTOR,
                status=STATUS,
                plugged=_or_null(YES_NO),
                vehicle=_or_null(TEXT),
                soc_percent=_or_null(NUMBER),
                power_w=_or_null(NUMBER),
                voltage_v=_or_null(NUMBER),
                current_a=_or_null(NUMBER),
                register_wh=_or_null(NUMBER),
                limited_by=TEXT,
                limit_w=_or_null(NUMBER),
                profile=PROFILE,
                error_code=_or_null(TEXT),
                reservation=RESERVATION,
                refused={"type": "object", "additionalProperties": TEXT},
            )
        ),
        profile=PROFILE,
        profiles=_list(INSTALLED),
        firmware=_closed(version=TEXT, **PROGRESS),
        upload=_closed(file_name=TEXT, **PROGRESS),
        active_sessions=_list(
            _closed(
                connector=CONNECTOR,
                id_tag=TEXT,
                transaction_id=_or_null({"type": "integer"}),
                started_at=_or_null(TEXT),
                meter_start_wh=_or_null(WHOLE),
                energy_wh=_or_null(NUMBER),
            )
        ),
        link=_closed(
            url=TEXT,
            state=TEXT,
            registration=TEXT,
            online=YES_NO,
            spoken=TEXT,
            attempt=WHOLE,
            trouble=TEXT,
            queued=_or_null(WHOLE),
        ),
        warnings=_list(TEXT),
        versions={"type": "object", "additionalProperties": TEXT},
        event_loop=TEXT,
        settings={"type": "object"},
    ),
    "Profiles": _closed(
        profiles=_list(INSTALLED),
        in_force=_list(_closed(connector=WHOLE, profile=PROFILE)),
        external=_list(
            _closed(
                connector=WHOLE,
                source={"type": "string", "enum": list(LIMITERS)},
                whose=TEXT,
                limit_w=NUMBER,
                grid_critical=YES_NO,
                since=TEXT,
            )
        ),
        composite=_list(
            _closed(
                connector=WHOLE,
                steps=_list(_closed(**{"from": TEXT, "limit_w": NUMBER})),
                until=TEXT,
            )
        ),
    ),
    "Reservations": _closed(
        reservations=_list(_closed(connector=WHOLE, **RESERVATION["properties"]))
    ),
    "Tokens": _closed(
        local_list=_closed(counts=YES_NO, version=WHOLE, length=WHOLE, tokens=_list(TOKEN)),
        cache=_closed(counts=YES_NO, length=WHOLE, tokens=_list(TOKEN)),
    ),
    "Availability": _closed(
        in_service=YES_NO,
        status=STATUS,
        connectors=_list(
            _closed(connector=CONNECTOR, in_service=YES_NO, status=STATUS, scheduled=_or_null(TEXT))
        ),
    ),
    "Sessions": _closed(
        sessions=_list(
            _closed(
                connector=CONNECTOR,
                transaction_id=_or_null(TRANSACTION_ID),
                id_tag=TEXT,
                vehicle=_or_null(TEXT),
                started_at=TEXT,
                ended_at=_or_null(TEXT),
                minutes=NUMBER,
                energy_wh=NUMBER,
                meter_start_wh=WHOLE,
                soc_begin_percent=_or_null(NUMBER),
                soc_end_percent=_or_null(NUMBER),
                reason=_or_null(TEXT),
                csms={"enum": ["waiting", "told", "given up", None]},
                csms_energy_wh=_or_null(NUMBER),
            )
        )
    ),
    "Configuration": _closed(
        settings=_list(
            _closed(
                name=TEXT,
                group=TEXT,
                value=_or_null(TEXT),
                readonly=YES_NO,
                meaning=TEXT,
                takes=TEXT,
                default=_or_null(TEXT),
                choices=_list(TEXT),
                change=_or_null(
                    _closed(
                        before=TEXT,
                        by={"type": "string", "enum": [who.value for who in ChangedBy]},
                        at=TEXT,
                    )
                ),
                after_reboot=_or_null(TEXT),
            )
        )
    ),
    "Rules": _closed(
        rules=_list(
            _closed(
                number=CONNECTOR,
                action=TEXT,
                way={"type": "string", "enum": list(RULE_WAYS)},
                left=_or_null(WHOLE),
                seconds=NUMBER,
                code=TEXT,
                applied=WHOLE,
            )
        ),
        held=_list(
            _closed(number=CONNECTOR, action=TEXT, connector_id=_or_null(WHOLE), since=TEXT)
        ),
    ),
    "WireFaults": _closed(
        faults=_list(
            _closed(
                number=CONNECTOR,
                rule={
                    "type": "object",
                    "properties": {name: row.schema for name, row in PARAMETERS.items()},
                    "required": ["fault"],
                    "additionalProperties": False,
                },
                words=TEXT,
                seed=WHOLE,
                met=WHOLE,
                applied=WHOLE,
                spent=YES_NO,
            )
        ),
        held=_list(
            _closed(
                number=CONNECTOR,
                fault=CONNECTOR,
                direction=PARAMETERS["direction"].schema,
                kind=TEXT,
                action=TEXT,
                since=TEXT,
                frame=TEXT,
                editable=YES_NO,
            )
        ),
        kinds=_list(_closed(name=TEXT, does=TEXT, parameters=_list(TEXT), kinds=_list(TEXT))),
    ),
    "Recording": _closed(recording=YES_NO, steps=_list({"type": "object"})),
    "Messages": _closed(
        exchanges=_list(
            _closed(
                number=CONNECTOR,
                direction={"type": "string", "enum": ["sent", "received", "noise"]},
                action=TEXT,
                message_id=TEXT,
                request=TEXT,
                requested_at=TEXT,
                connector_id=_or_null({"type": "integer"}),
                transaction_id=_or_null({"type": "integer"}),
                answer=TEXT,
                latency_s=_or_null(NUMBER),
                state={
                    "type": "string",
                    "enum": ["waiting", "answered", "error", "unanswered"],
                },
                trouble=TEXT,
                injected=TEXT,
            )
        ),
        more=YES_NO,
        revision=WHOLE,
        next=TEXT,
    ),
}

WRONG: dict[str, str] = {
    "401": "HTTP_API_KEY is set, and the header X-API-Key is missing or wrong",
    "403": "The request comes from another web page",
    "404": "There is no such connector",
    "413": "The body is too large",
    "414": "The query is too long",
    "422": "The query or the body cannot be understood",
    "431": "The headers are too long",
    "503": "Too many streams are open, or the charge point is ending",
}
"""Answers with a `detail` -> what they mean."""


class DescribedRoute(Protocol):
    """What is told of a path that is read."""

    @property
    def path(self) -> str: ...

    @property
    def help(self) -> str: ...

    @property
    def media_type(self) -> str: ...

    @property
    def schema(self) -> str: ...

    @property
    def queries(self) -> tuple[Query, ...]: ...


def description(
    routes: Iterable[DescribedRoute],
    version: str,
    limits: TextLimits,
    actions: Iterable[Action] = ACTIONS,
    writes: Iterable[WriteRoute] = (DESTINATION,),
) -> Schema:
    """The whole description; `routes` are those that are read, `actions` what may be asked for, and
    `writes` what is changed otherwise."""
    paths: dict[str, Schema] = {}
    for route in routes:
        paths[route.path] = {"get": _read(route)}
    for action in actions:
        paths.setdefault(action.path, {})[action.method.lower()] = _act(action, limits)
    for write in writes:
        paths.setdefault(write.path, {})[write.method.lower()] = _write(write)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": version or "0"},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS | _picture_schemas(),
            "securitySchemes": {KEY: {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        },
    }


@cache
def _picture_schemas() -> dict[str, Schema]:
    """Those of the picture and its parts, by the names of their classes: made once, not changed."""
    whole, parts = picture_json.schema("#/components/schemas/{model}")
    return {**parts, "StationSnapshot": whole}


def _read(route: DescribedRoute) -> Schema:
    wrong = ["403", "413", "414", "431"]
    if route.queries:
        wrong.append("422")
    if route.media_type == "text/event-stream":
        wrong.append("503")
    content: Schema = {route.media_type: {}}
    if route.schema:
        content = {route.media_type: {"schema": _ref(route.schema)}}
    return {
        "summary": route.help,
        "operationId": "get_" + route.path.strip("/").replace(".", "_"),
        "parameters": [_parameter(query) for query in route.queries],
        "responses": {"200": {"description": "As asked", "content": content}, **_wrong(wrong)},
    }


def _act(action: Action, limits: TextLimits) -> Schema:
    done = "DoneAtConnector" if action.on_connector else "Done"
    wrong = ["401", "403", "413", "414", "422", "431", "503"]
    if action.on_connector:
        wrong.append("404")
    path = [
        {
            "name": "cid",
            "in": "path",
            "required": True,
            "description": "Number of the connector, from 1",
            "schema": CONNECTOR,
        }
    ]
    known = queries(action, limits)
    return {
        "summary": action.help,
        "operationId": action.name,
        "security": [{}, {KEY: []}],
        "parameters": [
            *(path if action.on_connector else ()),
            *(() if action.in_body else (_parameter(query) for query in known)),
        ],
        **({"requestBody": _body(known)} if action.in_body else {}),
        "responses": _decided(done, wrong),
    }


def _write(route: WriteRoute) -> Schema:
    return {
        "summary": route.help,
        "operationId": route.name,
        "security": [{}, {KEY: []}],
        "parameters": [],
        "requestBody": _body(route.queries),
        "responses": _decided(route.schema, ["401", "403", "413", "414", "422", "431", "503"]),
    }


def _decided(done: str, wrong: Iterable[str]) -> Schema:
    """The answers to whoever wants something to be done."""
    return {
        "200": _response("It was done", done),
        "409": _response("It was refused; `error` is the sentence that says why", "Refused"),
        **_wrong(wrong),
    }


def _body(known: Iterable[Query]) -> Schema:
    """What the body says, by the names that a query would have."""
    known = list(known)
    properties = {one.name: {**one.schema, "description": one.text} for one in known}
    schema = _object([one.name for one in known if one.required], **properties)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _parameter(query: Query) -> Schema:
    also = f" (also: {', '.join(query.also)})" if query.also else ""
    return {
        "name": query.name,
        "in": "query",
        "required": query.required,
        "description": query.text + also,
        "schema": dict(query.schema),
        "example": query.example,
    }


def _wrong(statuses: Iterable[str]) -> Schema:
    return {status: _response(WRONG[status], "Wrong") for status in sorted(statuses)}


def _response(text: str, schema: str) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


# -- the page --------------------------------------------------------------------------------------

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; }
pre { overflow-x: auto; padding: .5rem .75rem; border: 1px solid; }
h2 { font-size: 1.1rem; margin-top: 2.5rem; }
h2 b { display: inline-block; min-width: 3.5rem; }
table { border-collapse: collapse; }
td, th { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; }
"""


def page(described: Schema) -> str:
    """The description as a page."""
    return "".join(_page(described))


def _page(described: Schema) -> Iterator[str]:
    title = escape(described["info"]["title"])
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
    yield f"<meta name=viewport content='width=device-width'><style>{STYLE}</style>"
    yield f"<h1>{title}</h1><p>Version {escape(described['info']['version'])}. "
    yield "The same for programs: <a href=/openapi.json>/openapi.json</a>. With HTTP_API_KEY set, "
    yield "every request but GET wants the header <code>X-API-Key</code>.</p>"
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield from _operation(method.upper(), path, operation)


def _example_body(operation: Schema) -> str:
    """The words of curl that hand in a body; empty where none is wanted."""
    if "requestBody" not in operation:
        return ""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    said = json.dumps(dict.fromkeys(schema["required"], "…"), ensure_ascii=False)
    return f"-H 'Content-Type: application/json' -d '{said}' "


def _operation(method: str, path: str, operation: Schema) -> Iterator[str]:
    yield f"<h2><b>{method}</b> <code>{escape(path)}</code></h2>"
    yield f"<p>{escape(operation['summary'])}</p>"
    example = path.replace("{cid}", "1")
    needed = "&".join(
        f"{one['name']}={one['example']}"
        for one in operation["parameters"]
        if one["required"] and one["in"] == "query"
    )
    verb = "" if method == "GET" else f"-X {method} "
    address = f"http://127.0.0.1:7071{example}" + (f"?{needed}" if needed else "")
    body = _example_body(operation)
    yield f"<pre>curl {verb}{escape(body)}'{escape(address)}'</pre>"
    if operation["parameters"]:
        yield "<table>"
        for one in operation["parameters"]:
            words = ", ".join(one["schema"].get("enum", ())) or one["schema"].get("type", "")
            yield f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['description'])}"
            yield f"<td>{escape(words)}"
        yield "</table>"
    yield "<table>"
    for status, response in operation["responses"].items():
        yield f"<tr><td>{status}<td>{escape(response['description'])}"
    yield "</table>"
