"""LOG_FORMAT: how what happens is written, a row each.

A format is needed in two places: for the lines that headless prints, where an event comes in parts,
and for the log file, where the `logging` module hands over a record. A row has both, so that no
format is known to one place and not to the other.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Protocol

from sim_core.redaction import one_line, without_users

FRAMING = ("start", "end", "failure")
"""Kinds of line that are about the program and not about something that happened in it."""
FACTS = "facts"
"""Where a record carries the facts of an event; see `sim_core.events`."""


# -- lines of headless -----------------------------------------------------------------------------


class LineFormat(Protocol):
    """How a line is written."""

    def __call__(
        self,
        at: datetime,
        kind: str,
        text: str,
        connector_id: int | None,
        facts: Mapping[str, object] | None = None,
    ) -> str: ...


def _as_sentence(
    at: datetime,
    kind: str,
    text: str,
    connector_id: int | None,
    facts: Mapping[str, object] | None = None,
) -> str:
    when = "" if kind in FRAMING else f"{at.astimezone():%H:%M:%S} "
    return when + one_line(without_users(text))


def _as_json(
    at: datetime,
    kind: str,
    text: str,
    connector_id: int | None,
    facts: Mapping[str, object] | None = None,
) -> str:
    words: dict[str, object] = {"at": at.isoformat(), "kind": kind, "text": without_users(text)}
    if connector_id is not None:
        words["connector"] = connector_id
    words |= facts or {}
    return json.dumps(words)  # in ASCII: what a terminal would obey shows as escapes


# -- records of the log file -----------------------------------------------------------------------


class OneLine(logging.Formatter):
    """A record is one line, whatever is quoted in it; a traceback follows on lines of its own,
    which nobody can take for a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return one_line(without_users(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        told = without_users(super().formatException(ei))
        return "\n".join(f"    {one_line(line)}" for line in told.splitlines())

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        return "\n".join(f"    {one_line(line)}" for line in without_users(stack_info).splitlines())


class OneObject(logging.Formatter):
    """A record is one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc)
        words: dict[str, object] = {
            "at": at.isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "text": without_users(record.getMessage()),
        }
        if record.exc_info:
            words["traceback"] = without_users(self.formatException(record.exc_info))
        facts = getattr(record, FACTS, None)
        return json.dumps(words | (facts or {}))


# -- the table -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OutputFormat:
    """One way to write what happens."""

    line: LineFormat
    formatter: Callable[[], logging.Formatter]


OUTPUT_FORMATS: dict[str, OutputFormat] = {
    "plain": OutputFormat(
        _as_sentence, lambda: OneLine("%(asctime)s %(levelname)s %(name)s %(message)s")
    ),
    "json": OutputFormat(_as_json, OneObject),
}
"""Word of the option LOG_FORMAT -> what it means."""
