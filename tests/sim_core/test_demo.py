"""The demo's story: it can be told from end to end, skipped, and left for free play."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sim_core.commands import InjectFault, LinkDown, Plug, Start, Unplug
from sim_core.demo import AFTERWORD, PACE, STORY, STORY_201, Chapter, Stage, engine, pace_words
from sim_core.engine import Engine
from sim_core.settings.loading import load
from sim_core.settings.options import Settings
from sim_core.snapshot import ConnectorSnapshot
from tests.patience import PATIENCE_S


def told(story: tuple[Chapter, ...], lasts_s: float) -> tuple[Chapter, ...]:
    """The story with scenes of this length."""
    return tuple(
        replace(chapter, scenes=tuple(replace(scene, lasts_s=lasts_s) for scene in chapter.scenes))
        for chapter in story
    )


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("CSMS_URL", "MODEL", "CONNECTORS", "STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    return load(["--http-port", "0", "--time-scale", "20"], prog="test")


@pytest.fixture
def play(settings: Settings) -> Iterator[Callable[..., tuple[Engine, Stage]]]:
    engines: list[Engine] = []

    def begin(story: tuple[Chapter, ...], **changes: Any) -> tuple[Engine, Stage]:
        stage = Stage(story)
        engines.append(engine(replace(settings, **changes), stage))
        engines[0].start()
        return engines[0], stage

    yield begin
    for one in engines:
        assert one.stop(10)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def connector(host: Engine, number: int) -> ConnectorSnapshot:
    snapshot = host.snapshot
    assert snapshot is not None
    return snapshot.connectors[number - 1]


def said(host: Engine) -> list[str]:
    return [event.text for event in host.events.since(0)[1] if event.kind == "story"]


def words_of(story: Iterable[Chapter]) -> list[str]:
    """What is said in these chapters, in a time that runs as in the tests."""
    scenes = (scene for chapter in story for scene in chapter.scenes)
    return [scene.caption.format(pace=pace_words(20)) for scene in scenes]


@pytest.mark.parametrize(
    ("model", "version", "begins", "ends", "times", "from_afar", "fault"),
    [
        (
            "gresgying-f3-eu180",
            "1.6",
            "StartTransaction",
            "StopTransaction",
            2,
            "RemoteStopTransaction",
            "Faulted (GroundFailure)",
        ),
        # A fault ends the transaction there, and a card begins another one.
        ("generic", "2.0.1", "Started", "Ended", 3, "RequestStopTransaction", "is Faulted"),
    ],
    ids=["1.6", "2.0.1"],
)
def test_the_whole_story_can_be_told(
    model: str,
    version: str,
    begins: str,
    ends: str,
    times: int,
    from_afar: str,
    fault: str,
    play: Callable[..., tuple[Engine, Stage]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="sim_core.demo")
    story = STORY if version == "1.6" else STORY_201
    host, _ = play(told(story, 0.3), model=model, ocpp_version=version)
    captions = words_of(story)
    until(lambda: len(said(host)) > len(captions))
    assert said(host)[: len(captions)] == captions
    assert [record.message for record in caplog.records if record.name == "sim_core.demo"] == []
    requests = [exchange.request for exchange in host.messages.since(0)[1]]
    for word, count in ((begins, times), (ends, times), (from_afar, 1), ("SetChargingProfile", 1)):
        assert sum(f'"{word}"' in request for request in requests) == count, word
    happened = host.events.since(0)[1]
    assert any(fault in event.text for event in happened)
    assert [event.text for event in happened if event.kind == "clock"] == [], "both have one time"
    assert host.snapshot is not None
    cpid = host.settings.cpid
    assert f"{host.destination.url}/{cpid}" == host.snapshot.link.url, "as the sheet has it"
    assert host.snapshot.link.queued == 0


def test_whoever_acts_has_the_charge_point_until_the_story_is_asked_to_go_on(
    play: Callable[..., tuple[Engine, Stage]],
) -> None:
    host, stage = play(told(STORY, 3600))
    until(lambda: stage.caption and connector(host, 1).status == "Charging")
    stage.stand_aside()
    until(lambda: stage.caption and stage.caption.free)
    for command in (InjectFault(1, "OverVoltage"), Unplug(1), LinkDown()):
        assert host.submit(command).result(5).ok
    stage.skip()
    until(lambda: stage.caption and not stage.caption.free)
    assert stage.caption is not None
    assert (stage.caption.chapter, stage.caption.chapters) == (2, len(STORY))
    assert connector(host, 1).status == "Charging"  # what the chapter needs is set up again
    assert connector(host, 1).fault is None
    until(lambda: connector(host, 2).status == "Preparing")


def test_skipping_reaches_every_chapter_and_goes_round(
    play: Callable[..., tuple[Engine, Stage]],
) -> None:
    host, stage = play(told(STORY, 3600))
    for chapter in (
        *range(1, len(STORY) + 1),
        len(STORY),
        1,
    ):
        until(lambda n=chapter: stage.caption and stage.caption.chapter == n)  # type: ignore[misc]
        before = len(said(host))
        stage.skip()
        until(lambda n=before: len(said(host)) > n)  # type: ignore[misc]


def test_a_charge_point_with_one_connector_tells_what_it_can(
    play: Callable[..., tuple[Engine, Stage]],
) -> None:
    host, _ = play(told(STORY, 0.3), connectors=1)
    chapters = [chapter for chapter in STORY if chapter.connectors == 1]
    captions = words_of(chapters)
    assert [STORY.index(chapter) + 1 for chapter in chapters] == [1, 3, 4, 5, 6, 7, 8]  # no sharing
    until(lambda: len(said(host)) > len(captions))
    assert said(host)[: len(captions)] == captions
    seen = [exchange.action for exchange in host.messages.since(0)[1]]
    assert seen.count("StartTransaction") == seen.count("StopTransaction") == 1
    assert "RemoteStopTransaction" in seen


@pytest.mark.parametrize("count", [1, 2, 3, 64])
def test_any_charge_point_is_soon_seen_to_charge(
    count: int, play: Callable[..., tuple[Engine, Stage]]
) -> None:
    host, stage = play(told(STORY, 3600), connectors=count)
    until(lambda: stage.caption and connector(host, 1).status == "Charging")
    assert stage.caption is not None
    assert stage.caption.chapters > 1


@pytest.mark.parametrize("model", ["gresgying-f3-eu180", "generic"])
def test_a_vehicle_that_is_plugged_in_by_hand_waits_for_a_card_as_in_any_other_run(
    model: str, play: Callable[..., tuple[Engine, Stage]]
) -> None:
    host, stage = play(told(STORY, 3600), model=model)
    until(lambda: stage.caption and connector(host, 1).status == "Charging")
    stage.stand_aside()
    until(lambda: stage.caption and stage.caption.free)
    assert host.submit(Plug(2, "Saloon 82")).result(5).ok
    until(lambda: connector(host, 2).status == "Preparing")
    asked = [one.action for one in host.messages.since(0)[1]].count("Authorize")
    later = host.now() + timedelta(seconds=20)  # any vehicle's identity is read by then
    until(lambda: host.now() >= later)
    assert connector(host, 2).status == "Preparing"
    assert [one.action for one in host.messages.since(0)[1]].count("Authorize") == asked
    assert host.submit(Start(2)).result(5).ok
    until(lambda: connector(host, 2).status == "Charging")


def test_autocharge_is_a_key_of_the_charger_here_too(
    play: Callable[..., tuple[Engine, Stage]],
) -> None:
    host, stage = play(told(STORY, 3600), ocpp_keys={"AutoCharge": "true"})
    until(lambda: stage.caption and connector(host, 1).status == "Charging")
    assert (connector(host, 1).token or "").startswith("VID:")


MOST_WORDS = 90
"""Characters that two rows of a screen of 60 columns have for a caption."""


def test_every_caption_fits_the_smallest_screen() -> None:
    captions = words_of(STORY)
    assert max(len(caption) for caption in (*captions, AFTERWORD)) <= MOST_WORDS


def test_time_runs_fast_unless_somebody_has_said_how_fast(settings: Settings) -> None:
    unsaid = load(["--http-port", "0"], prog="test")
    said = load(["--http-port", "0", "--time-scale", "1"], prog="test")
    scales = [engine(one).settings.time_scale for one in (settings, unsaid, said)]
    assert scales == [20, PACE, 1]
