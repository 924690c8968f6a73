"""A recorded frame as it is said again: another message id, other transactionIds, today's times.

It is done in the text of the frame and not in what was read from it, because a charger's spelling
(`\\/`, blanks, numbers as texts) is part of what a CSMS must bear. In JSON a quote within a string
is escaped, so that a token between bare quotes cannot be found inside of another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

MESSAGE_ID = re.compile(r'(\A\s*\[\s*[234]\s*,\s*)("(?:[^"\\]|\\.)*"|-?\d+)')
TRANSACTION = re.compile(r'("transactionId"\s*:\s*)("(?:[^"\\]|\\.)*"|-?\d+)(?![\d.eE])')
STAMP = re.compile(
    r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?"(?!\s*:)', re.IGNORECASE
)
OF_THIS_LOG = timedelta(days=400)
"""A stamp that is further from its frame is that of a clock which was never set: it is kept."""
TransactionId = int | str


def rewritten(
    text: str,
    message_id: int | str,
    transactions: Mapping[TransactionId, TransactionId],
    shift: timedelta | None = None,
    at: datetime | None = None,
) -> str:
    """The frame under another message id; `transactions` are recorded ids and what stands for them.

    Each time within is `shift` later; with `at`, when the frame was sent, a time that is far from
    that is left alone.
    """

    def named(found: re.Match[str]) -> str:
        new = transactions.get(json.loads(found[2]))
        return found[0] if new is None else f"{found[1]}{json.dumps(new)}"

    def moved(found: re.Match[str]) -> str:
        assert shift is not None
        return _moved(found, shift, at)

    text = MESSAGE_ID.sub(lambda found: f"{found[1]}{json.dumps(message_id)}", text, count=1)
    if transactions:
        text = TRANSACTION.sub(named, text)
    return STAMP.sub(moved, text) if shift else text


def _moved(found: re.Match[str], shift: timedelta, at: datetime | None) -> str:
    digits, zone = found[2] or "", found[3] or ""
    try:
        seconds = datetime.fromisoformat(found[1]).replace(tzinfo=timezone.utc)
        stamp = seconds.replace(microsecond=int(digits[:6].ljust(6, "0")))
        if at is not None and abs(stamp - at) > OF_THIS_LOG:
            return found[0]
        new = stamp + shift
    except (ValueError, OverflowError):  # 31 February, or the year 10,000
        return found[0]
    fraction = f".{f'{new.microsecond:06}{digits[6:]}'[: len(digits)]}" if digits else ""
    return f'"{new.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)}{fraction}{zone}"'
