"""Whatever a CSMS sends that its schemas allow, and whatever it answers: the station goes on.

Requests are drawn from the schemas themselves, with the least lucky values that they let through:
numbers of any size, empty and strange texts, moments at both ends of time. Each must be answered,
by nothing that went wrong inside.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim_core.commands import Plug, Start, Stop, Unplug
from tests.conformance201.acts import TX
from tests.examples import examples
from tests.harness import Harness
from tests.ocpp201.test_library_traps import routes
from tests.versions import OCPP_2_0_1, Payload

MOMENTS = (
    "soon",
    "",
    "0001-01-01T00:00:00Z",
    "2026-01-01T12:00:30Z",
    "2026-01-02T00:00:00.123456+14:00",
    "9999-12-31T23:59:59Z",
    "2026-01-01T12:00:00+99:99",
)
TEXTS = ("", "x", "TAG", "\ud800", "\x00\x1b[2J", "[red]x[/]", "ftp://", "http://127.0.0.1:1/x")
INTEGERS = (-(2**63), -1, 0, 1, 2, 7, 2**31, 10**30)
NUMBERS = (*INTEGERS, 0.1, -0.0, 1e-300, 1e300)
RESTARTS = frozenset({"Reset"})
"""What would end the connection, as it is to."""


def of(schema: Payload, root: Payload) -> st.SearchStrategy[Any]:
    """Values that a schema allows."""
    if "$ref" in schema:
        named = root["definitions"][schema["$ref"].rpartition("/")[2]]
        return of(named, root)
    kinds: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "boolean": st.booleans,
        "integer": lambda: st.sampled_from(_within(schema, INTEGERS)),
        "number": lambda: st.sampled_from(_within(schema, NUMBERS)),
        "string": lambda: _text(schema),
        "array": lambda: st.lists(
            of(schema["items"], root), min_size=schema.get("minItems", 0), max_size=2
        ),
        "object": lambda: _object(schema, root),
    }
    make = kinds.get(schema.get("type", ""))
    return make() if make else st.sampled_from((None, 1, "x", {"a": [1]}))


def _text(schema: Payload) -> st.SearchStrategy[str]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    values = MOMENTS if schema.get("format") == "date-time" else TEXTS
    longest = schema.get("maxLength")
    filled = (*values, "y" * longest) if longest else values
    return st.sampled_from([one for one in filled if longest is None or len(one) <= longest])


def _within(schema: Payload, values: tuple[Any, ...]) -> list[Any]:
    low, high = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    return [one for one in values if low <= one <= high]


def _object(schema: Payload, root: Payload) -> st.SearchStrategy[Payload]:
    fields = {
        name: of(one, root)
        for name, one in schema.get("properties", {}).items()
        if name != "customData"
    }
    needed = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: one for name, one in fields.items() if name in needed},
        optional={name: one for name, one in fields.items() if name not in needed},
    )


def request(action: str) -> st.SearchStrategy[Payload]:
    """Requests of an action."""
    schema = OCPP_2_0_1.schema(action)
    return of(schema, schema)


hostile = settings(
    max_examples=examples(4),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


@hostile
@given(st.data())
async def test_any_request_that_a_schema_allows_is_answered(data: st.DataObject) -> None:
    async with Harness(version="2.0.1") as h:
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(1)
        for action in sorted(set(routes(h)) - RESTARTS):
            payload = data.draw(request(action), action)
            answer = await h.csms.ask_raw(action, json.loads(json.dumps(payload)))
            assert answer[0] == 3 or answer[2] != "InternalError", (action, payload, answer)
            if answer[0] == 3:
                assert "status" not in answer[2] or isinstance(answer[2]["status"], str)
            await h.settle()
        await h.advance(100)
        assert h.csms.connected
        assert await h.ask("GetLocalListVersion") is not None


odd: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from((None, True, -1, 1e300, "", "x", "Accepted", *MOMENTS)),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.just("x"), inside),
    max_leaves=4,
)
ANSWER_FIELDS = (
    *("status", "idTokenInfo", "totalCost", "updatedPersonalMessage", "chargingPriority"),
    *("currentTime", "interval", "customData"),
)
INFO_FIELDS = (
    *("status", "cacheExpiryDateTime", "groupIdToken", "personalMessage", "evseId", "language1"),
)
answers = st.dictionaries(
    st.sampled_from(ANSWER_FIELDS),
    odd | st.dictionaries(st.sampled_from(INFO_FIELDS), odd, max_size=4),
    max_size=4,
)


@hostile
@given(st.data())
async def test_any_answer_leaves_the_next_session_whole(data: st.DataObject) -> None:
    async with Harness(version="2.0.1", keys={"TransactionMessageRetryInterval": "1"}) as h:
        for action in ("Authorize", TX, "StatusNotification", "Heartbeat", "NotifyEvent"):
            h.csms.script[action].extend(data.draw(st.lists(answers, max_size=4), action))
        await h.ask("TriggerMessage", requestedMessage="Heartbeat")
        await a_session(h, 1)
        await h.advance(900)
        h.csms.script.clear()
        await h.advance(900)
        h.csms.clear()
        await a_session(h, 2)
        kinds = [call.payload["eventType"] for call in h.csms.of(TX)]
        assert (kinds[0], kinds[-1]) == ("Started", "Ended")
        assert h.station.snapshot.link.queued == 0


async def a_session(h: Harness, number: int) -> None:
    """A session by the driver, as far as it goes."""
    await h.submit(Plug(number))
    await h.submit(Start(number, "TAG"))
    await h.advance(25)
    await h.submit(Stop(number))
    await h.submit(Unplug(number))
