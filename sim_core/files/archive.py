"""What a charge point hands in when a CSMS asks for its diagnostics: one zip, bounded in size.

Made from what is frozen or copied already, so that it can be made in a thread. There is no secret
in it: keys that are written and never read are left out, and whatever holds a URL is written
without the user in it. Of frames the newest stay when there are too many; `about.json` tells how
many did not fit.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim_core.events import Event
from sim_core.redaction import without_users
from sim_core.wire.message_log import Exchange

MOST_CHARACTERS = 8 * 1024 * 1024
"""Of frames, before they are packed."""
LONGEST_NAME = 40
"""Of a charge point's id in a file's name."""
SECRET_WORDS = ("key", "password", "secret", "token")


@dataclass(frozen=True)
class Evidence:
    """What goes into an archive."""

    charge_point_id: str
    made_at: datetime
    """All moments in here are the charge point's own."""
    since: datetime | None
    until: datetime | None
    exchanges: tuple[tuple[datetime, Exchange], ...]
    """With the moment of the request."""
    events: tuple[Event, ...]
    configuration: tuple[dict[str, object], ...]
    """As GetConfiguration reports it."""
    state: dict[str, Any]
    versions: dict[str, str]

    @property
    def empty(self) -> bool:
        """Nothing has happened in that time."""
        return not self.exchanges and not self.events


def file_name(charge_point_id: str, at: datetime, ending: str = "zip") -> str:
    """What an archive is called; characters that no file's name should have become `_`."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", charge_point_id)[:LONGEST_NAME].lstrip(".-") or "_"
    return f"{safe}_{at:%Y%m%d%H%M%S}.{ending}"


def archive(evidence: Evidence) -> bytes:
    """The zip."""
    kept = list(_newest(evidence.exchanges))
    about = {
        "chargePointId": evidence.charge_point_id,
        "madeAt": evidence.made_at.isoformat(),
        "startTime": evidence.since and evidence.since.isoformat(),
        "stopTime": evidence.until and evidence.until.isoformat(),
        "messages": len(kept),
        "messagesLeftOut": len(evidence.exchanges) - len(kept),
        "events": len(evidence.events),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in (
            ("about.json", _document(about)),
            ("messages.jsonl", _lines(map(_exchange, kept))),
            ("events.jsonl", _lines(map(_event, evidence.events))),
            ("configuration.json", _document(list(map(_key, evidence.configuration)))),
            ("state.json", _document(evidence.state)),
            ("versions.json", _document(evidence.versions)),
        ):
            # The date of an entry is local by the form; ours is the charge point's time, in UTC.
            entry = zipfile.ZipInfo(name, evidence.made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, text.encode("utf-8", "replace"))
    return packed.getvalue()


def _newest(
    exchanges: tuple[tuple[datetime, Exchange], ...],
) -> Iterator[tuple[datetime, Exchange]]:
    """As many of the newest as fit, oldest first."""
    characters, first = 0, len(exchanges)
    while first:
        _, exchange = exchanges[first - 1]
        characters += len(exchange.request) + len(exchange.answer)
        if characters > MOST_CHARACTERS:
            break
        first -= 1
    yield from exchanges[first:]


def _exchange(entry: tuple[datetime, Exchange]) -> dict[str, Any]:
    at, exchange = entry
    return {
        "at": at.isoformat(),
        "direction": exchange.direction.value,
        "action": exchange.action,
        "request": without_users(exchange.request),
        "answer": without_users(exchange.answer),
        "state": exchange.state.value,
        "latency_s": exchange.latency_s,
        "trouble": exchange.trouble,
        **({"injected": exchange.injected} if exchange.injected else {}),
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "kind": event.kind,
        "connectorId": event.connector_id,
        "text": without_users(event.text),
    }


def _key(row: dict[str, object]) -> dict[str, object]:
    """A configuration key, without what sounds like a secret of a vendor's."""
    secret = any(word in str(row["key"]).casefold() for word in SECRET_WORDS)
    value = row.get("value")
    if value is None or secret:
        return {"key": row["key"], "readonly": row["readonly"]}
    return {**row, "value": without_users(str(value))}


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def _document(content: object) -> str:
    return json.dumps(content, indent=1) + "\n"
