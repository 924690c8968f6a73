"""The options of `chargeforge replay`: how fast, how much of the log stays as it was.

Whom to dial, and how to get in there, is said as for a charge point of our own. What would describe
that charge point means nothing here: the log says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from sim_core.replay.tempo import FASTEST, SLOWEST
from sim_core.settings import checks
from sim_core.settings.options import TO_THE_CSMS, Settings, flags_of, option, options_of
from sim_core.traces.formats.table import FORM
from sim_core.traces.stamps import zone_of

USED = TO_THE_CSMS | {
    "cpid",
    "security_profile",
    "authorization_key",
    "log_file",
    "log_format",
    "message_log_size",
    "theme",
    "ascii",
    "keys",
    "fps",
}
"""Options of a charge point that count here."""
BOOLEANS = ("true", "false")


def csms_or_none(value: str) -> str | None:
    """A URL of a CSMS, or the empty text: then it is our own."""
    return checks.websocket_url(value) if value else None


def _form(value: str) -> str | None:
    return None if value in FORM else f"there are {', '.join(FORM)}"


def _zone(value: str) -> str | None:
    return None if zone_of(value) else "there is no such zone"


@dataclass(frozen=True)
class ReplaySettings(Settings):
    """Let the charger of a log speak again, to a CSMS under test: chargeforge replay TRACE.

    It says what it said, in that order and pace, and answers what it is asked as it answered then.
    Where the CSMS answers otherwise than the one in the log is said at the end; the exit code is 0
    when nowhere. Without --csms-url a small CSMS of our own answers it.
    """

    NOT_OFFERED: ClassVar[frozenset[str]] = frozenset(options_of(Settings)) - USED

    csms_url: str = option(
        "",
        "a ws:// or wss:// URL",
        "The CSMS under test; the charge point's id is appended as the last path segment, unless "
        "{cpid} stands in its path or query. Without it a CSMS of our own answers",
        repr=False,
        check=csms_or_none,
    )
    cpid: str = option(
        "",
        "1 to 48 characters",
        "The id to dial with; without it that of the log, and where that has none, REPLAY01",
        max_length=48,
        check=checks.utf8,
    )
    replay_speed: float = option(
        1.0,
        f"a number from {SLOWEST:g} to {FASTEST:g}",
        "How fast: 20 makes an hour of the log three minutes; the times in it end now all the same",
        ge=SLOWEST,
        le=FASTEST,
        short_flag="speed",
    )
    replay_longest_gap_sec: float | None = option(
        None,
        "a number of seconds from 1 on",
        "Silences in the log that are longer are made so long: a log of days is played in minutes",
        ge=1,
        short_flag="longest-gap",
    )
    replay_keep_times: bool = option(
        False,
        "true or false",
        "Leave the times in the frames as they are in the log; else the last one is now",
        short_flag="keep-times",
    )
    replay_boot: bool = option(
        True,
        "true or false",
        "Put a BootNotification before a log that begins without one",
        short_flag="boot",
    )
    replay_charge_point: str = option(
        "",
        "the id of a charge point in the log",
        "Whose frames to play, where the log has those of several",
        short_flag="charge-point",
    )
    replay_allow: str = option(
        "",
        "names such as BootNotification.interval or DataTransfer, with commas between them",
        "Answers that may be otherwise without being counted: an action, or a field of its answer",
        short_flag="allow",
    )
    replay_from: str | None = option(
        None,
        "the name of a form that chargeforge trace reads",
        "The form of the log; without it that is told by what is in it",
        check=_form,
        short_flag="from",
    )
    replay_timezone: str | None = option(
        None,
        "a time zone: Europe/Berlin, +02:00, UTC",
        "Of times in the log that have none; without it the log tells it",
        check=_zone,
        short_flag="timezone",
    )
    replay_json: bool = option(
        False,
        "true or false",
        "Nothing on stdout but one JSON object at the end; no screen",
        short_flag="json",
    )
    replay_no_screen: bool = option(
        False,
        "true or false",
        "Plain lines in place of the dashboard, also on a terminal",
        short_flag="no-screen",
    )


def without_traces(argv: list[str]) -> tuple[list[str], list[str]]:
    """(the words that are no option and no value of one, the rest)."""
    options, flags = options_of(ReplaySettings), flags_of(ReplaySettings)
    traces: list[str] = []
    rest: list[str] = []
    words: Iterator[str] = iter(argv)
    behind = [*argv[1:], ""]
    for word, following in zip(words, behind, strict=False):
        name = flags.get(word.replace("_", "-"))
        if not word.startswith("-") or word == "-":
            traces.append(word)
            continue
        rest.append(word)
        if name is None:
            continue
        if options[name].kind != "bool" or following in BOOLEANS:
            rest += _next(words)
        else:
            rest[-1] = f"{word}=true"
    return traces, rest


def _next(words: Iterator[str]) -> list[str]:
    word = next(words, None)
    return [] if word is None else [word]
