"""What every test of the dashboard stands on: a fixed time zone, and styles parsed once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
import textual.app
import textual.pilot
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


async def _until_nothing_is_ready(min_sleep: float = 0, max_sleep: float = 1) -> None:
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    idle = 0
    while idle < 3:
        await asyncio.sleep(0)
        idle = 0 if ready else idle + 1


@pytest.fixture(scope="session", autouse=True)
def _idle_is_looked_at() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (textual.app, textual.pilot):
            patch.setattr(module, "wait_for_idle", _until_nothing_is_ready)
        yield
