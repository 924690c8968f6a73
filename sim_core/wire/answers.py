"""What came of a call of ours. Errors are values: nothing that a CSMS sends raises."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

Payload = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """The CSMS answered with a CALLRESULT. The payload is as it came: read it leniently."""

    payload: Payload
    fault: str = ""
    """What it has against its schema."""


@dataclass(frozen=True)
class Error:
    """The CSMS answered with a CALLERROR."""

    code: str
    description: str
    details: str = ""
    """errorDetails as JSON; empty where there are none."""
    sent: bool = True
    """False: our own request was not valid and never left."""


@dataclass(frozen=True)
class MalformedError(Error):
    """The CSMS answered with what is no answer; `description` says what is wrong with it."""


@dataclass(frozen=True)
class NoAnswer:
    """There is no answer, and there will be none. `reason` is a sentence without full stop."""

    reason: str
    link_lost: bool
    """The link closed first (else: the time was up)."""
    sent: bool = True
    """The request may have arrived; False when it never left."""
    late: asyncio.Future[Answer] | None = field(default=None, compare=False, repr=False)
    """Done when the answer comes after all, on this connection; else never."""


Answer = Result | Error | NoAnswer
