"""The description against the application: whatever it allows or forbids, no 500, no surprise."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how

from sim_core.commands import ACTIONS
from sim_core.http_door import guard
from sim_core.sidecar.read_routes import READ_ROUTES
from tests.examples import examples
from tests.harness import Harness
from tests.sidecar.beside import beside

if TYPE_CHECKING:
    import schemathesis

NOT_JUDGED = ("/events", "/watch", "/openapi.json")
"""A stream has no end that a judge could wait for, and the description is not in itself."""
ASKED = [
    *(("GET", one.path) for one in READ_ROUTES if one.path not in NOT_JUDGED),
    *((one.method, one.path) for one in ACTIONS),
]


@pytest.mark.parametrize(("method", "path"), ASKED)
async def test_the_application_keeps_to_its_description(
    method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "LONGEST_QUERY", 10**6)  # the judge takes 414 for no refusal
    harness = Harness(behaviour={"detachable_cable": True, "lockable": True})
    async with beside(harness) as here:
        await asyncio.to_thread(judge, f"http://127.0.0.1:{here.port}", method, path)
        assert (await here.http.get("/health")).status_code == 200


def judge(url: str, method: str, path: str) -> None:
    """Ask in many ways, allowed ones and others, and check every answer."""
    import schemathesis  # here: every worker collects this file, and one of them runs it
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    (operation,) = (one for one in operations if (one.method.upper(), one.path) == (method, path))
    modes = [GenerationMode.POSITIVE]
    if "{" in path or operation.query:
        modes.append(GenerationMode.NEGATIVE)  # what has no parameters cannot be asked wrongly
    for mode in modes:

        @how(
            max_examples=examples(10),
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate()

        ask()
