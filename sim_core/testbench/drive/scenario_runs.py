"""Scenarios for other programs: which there are, and one played with charge points of its own.

Before our own CSMS time is virtual, and virtual time wants a loop on which nothing else happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from sim_core.errors import UserError
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.settings.loading import load
from sim_core.settings.spelling import guess
from sim_core.testbench.drive.requests import (
    Play,
    Played,
    ScenarioRow,
    Scenarios,
    ScenariosFound,
)
from sim_core.testbench.driving import AskedWrongError
from sim_core.testbench.own_csms import OwnHouse
from sim_core.testbench.playing import play
from sim_core.testbench.reading import read
from sim_core.testbench.reports.lines import frames as lines_of
from sim_core.testbench.scenario import Scenario
from sim_core.testbench.shipped_set import scenarios
from sim_core.testbench.stage import Asking, RealStage, Stage, VirtualStage
from sim_core.testbench.verdicts import Result

ENDS_WITHIN_S = 10.0
NEEDS_API = "the CSMS is to ask something here: --csms-api names who can tell it to"


def listed(wanted: Scenarios) -> ScenariosFound:
    """Those that ship. Raises UserError where none fits."""
    return ScenariosFound(
        [
            ScenarioRow(one.name, one.ocpp, one.title, one.proves, one.must_not, one.asks_csms)
            for one in scenarios([], wanted.only, wanted.ocpp)
        ]
    )


async def played(wanted: Play, csms_url: str, asking: Asking | None) -> Played:
    """Play one to this CSMS, or to our own where there is no URL. Raises UserError."""
    if bool(wanted.scenario) == bool(wanted.text):
        raise AskedWrongError("play has the name of a scenario, or the text of one")
    chosen = _own(wanted.text) if wanted.text else _shipped(wanted.scenario)
    chosen = replace(chosen, variables={**chosen.variables, **wanted.variables})
    base = load([f"--csms-url={csms_url}"] if csms_url else [], "chargeforge")
    if not csms_url:
        own = await _on_its_own_loop(
            chosen, lambda: VirtualStage(chosen, base, wanted.seed, OwnHouse()), wanted.seed
        )
        return _told(own, "own")
    if chosen.asks_csms and asking is None:
        return Played(chosen.name, "yours", "skipped", NEEDS_API, [], [])
    stage = RealStage(chosen, base, wanted.seed, asking)
    return _told(await play(chosen, stage, wanted.seed), "yours")


async def _on_its_own_loop(scenario: Scenario, stage: Callable[[], Stage], seed: int) -> Result:
    """Play where nothing else runs, which virtual time needs; whoever gives up ends it."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    results: list[Result] = []

    async def live(ending: asyncio.Event) -> None:
        playing = asyncio.ensure_future(play(scenario, stage(), seed))
        giving_up = asyncio.ensure_future(ending.wait())
        await asyncio.wait({playing, giving_up}, return_when=asyncio.FIRST_COMPLETED)
        giving_up.cancel()
        if playing.done():
            results.append(playing.result())
        else:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    def tell() -> None:
        loop.call_soon_threadsafe(ended.set)

    thread = EventLoopThread(f"chargeforge {scenario.name}", live, ended=tell)
    thread.start()
    try:
        await ended.wait()
    finally:
        thread.stop(ENDS_WITHIN_S)
    if thread.exit_code == 2:
        raise UserError(thread.failure)
    if not results:
        raise RuntimeError(thread.failure)
    return results[0]


def _shipped(name: str) -> Scenario:
    known = {one.name: one for one in scenarios([])}
    if name not in known:
        raise AskedWrongError(f"there is no scenario {name[:50]!r}{guess(name, known)}")
    return known[name]


def _own(text: str) -> Scenario:
    return read(text, Path("scenario.yaml"), may_include=False)


def _told(result: Result, csms: Literal["own", "yours"]) -> Played:
    return Played(
        result.scenario.name,
        csms,
        result.verdict.value,
        result.why,
        [asdict(step) for step in result.steps],
        [line for one in result.around for line in lines_of(one)],
    )
