"""The archive of diagnostics is bounded: of frames the newest stay, and it says how many do not."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timezone

import pytest

from sim_core.files.archive import MOST_CHARACTERS, Evidence, archive
from sim_core.wire.message_log import Direction, Exchange, ExchangeState

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def exchange(number: int, request: str, answer: str) -> tuple[datetime, Exchange]:
    return NOW, Exchange(
        number=number,
        direction=Direction.SENT,
        action="DataTransfer",
        message_id=str(number),
        request=request,
        requested_at=NOW,
        answer=answer,
        state=ExchangeState.ANSWERED,
    )


def kept(*exchanges: tuple[datetime, Exchange]) -> tuple[list[int], int]:
    """Lengths of the requests in the archive, and how many it says were left out."""
    evidence = Evidence("CP01", NOW, None, None, exchanges, (), (), {}, {})
    with zipfile.ZipFile(io.BytesIO(archive(evidence))) as zipped:
        lines = zipped.read("messages.jsonl").decode().splitlines()
        about = json.loads(zipped.read("about.json"))
    assert about["messages"] == len(lines)
    return [len(json.loads(line)["request"]) for line in lines], about["messagesLeftOut"]


THIRD = MOST_CHARACTERS // 3


@pytest.mark.parametrize("in_answers", [False, True])
def test_all_frames_together_are_bounded(in_answers: bool) -> None:
    """Requests and answers both count, over all frames and not one by one."""
    frames = [
        exchange(nth, "r" * nth, "a" * THIRD) if in_answers else exchange(nth, "r" * THIRD, "a")
        for nth in range(1, 6)
    ]
    lengths, left_out = kept(*frames)
    assert left_out == 3
    assert lengths == ([4, 5] if in_answers else [THIRD, THIRD])


def test_what_just_fits_is_kept_and_one_character_more_is_not() -> None:
    rest = MOST_CHARACTERS - 3
    assert kept(exchange(1, "r" * rest, "a"), exchange(2, "q", "a")) == ([rest, 1], 0)
    assert kept(exchange(1, "r" * rest, "ab"), exchange(2, "q", "a")) == ([1], 1)


def test_newer_frames_than_one_that_is_too_long_stay_and_older_ones_do_not() -> None:
    """No gap: whoever reads it sees everything from some moment on."""
    frames = (
        exchange(1, "old", ""),
        exchange(2, "x" * (MOST_CHARACTERS + 1), ""),
        exchange(3, "new", ""),
    )
    assert kept(*frames) == ([3], 2)
    assert kept() == ([], 0)
