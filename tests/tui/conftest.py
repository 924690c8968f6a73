"""What every test of the dashboard stands on: a fixed time zone, styles parsed once, no idling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
import textual.app
import textual.pilot
from textual._wait import SLEEP_GRANULARITY
from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


_parsed: dict[frozenset[tuple[str, str]], LRUCache[tuple[Any, ...], list[RuleSet]]] = {}
"""The rules that Textual has made of style sheets, by the colours that stood in them."""


@pytest.fixture(scope="session", autouse=True)
def _styles_are_parsed_once() -> Iterator[None]:
    """Each app begins with the same style sheets; Textual keeps what it parsed an app long."""
    with pytest.MonkeyPatch.context() as patch:
        begin, change = Stylesheet.__init__, Stylesheet.set_variables

        def shared(sheet: Stylesheet) -> None:
            variables = frozenset(sheet._variables.items())
            sheet._parse_cache = _parsed.setdefault(variables, LRUCache(1024))

        def begun(sheet: Stylesheet, *, variables: dict[str, str] | None = None) -> None:
            begin(sheet, variables=variables)
            shared(sheet)

        def changed(sheet: Stylesheet, variables: dict[str, str]) -> None:
            sheet._parse_cache = LRUCache(1)  # Textual empties the one of the colours before
            change(sheet, variables)
            shared(sheet)

        patch.setattr(Stylesheet, "__init__", begun)
        patch.setattr(Stylesheet, "set_variables", changed)
        yield


async def _what_comes_soon(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Let happen what is ready, and what timers do in the time that Textual waits in any case."""
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + SLEEP_GRANULARITY
    while True:
        idle = 0
        while idle < 2:  # once what is ready, once what sockets have
            await asyncio.sleep(0)
            idle = 0 if loop._ready else idle + 1
        due = [timer.when() for timer in loop._scheduled if not timer.cancelled()]
        if not due or min(due) > end:
            return
        await asyncio.sleep(min(due) - loop.time())


@pytest.fixture(scope="session", autouse=True)
def _nobody_waits_where_nothing_comes() -> Iterator[None]:
    """Textual waits 20 ms and longer after each key and in each pause, whatever there is to do."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (textual.app, textual.pilot):
            patch.setattr(module, "wait_for_idle", _what_comes_soon)
        yield
