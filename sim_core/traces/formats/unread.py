"""Logs that are known, and that have no frames that could be read; each with a way out."""

from __future__ import annotations

import re
from collections.abc import Callable

from sim_core.traces.entries import Source
from sim_core.traces.formats.form import UnreadForm

BEGINNING = 262_144


def _has(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


GO_STRUCT = _has(r"\*core\.\w+(?:Request|Confirmation|Response): &\{")
ONLY_PAYLOADS = _has(r'^\S+ \S+\s+(?:\S+\s+)?debug\b.*?\{"(?:connectorId|status|idTag|meterValue)"')
SOAP = _has(r"<(?:\w+:)?Envelope\b")


def _without_frames(pattern: re.Pattern[str]) -> Callable[[Source], bool]:
    """Whether a file has this, and nothing that begins as a frame does."""

    def told_by(source: Source) -> bool:
        text = source.text[:BEGINNING]
        return "[2," not in text and pattern.search(text) is not None

    return told_by


def _is_flow_file(source: Source) -> bool:
    netstring = re.match(rb"\d{1,9}:\d{1,9}:", source.data) is not None
    return netstring and b"websocket" in source.data[:65_536]


def _is_tshark(source: Source) -> bool:
    return '"_source"' in source.text[:4096] and '"layers"' in source.text[:65_536]


UNREAD: tuple[UnreadForm, ...] = (
    UnreadForm(
        "evcc's log of 2022",
        _without_frames(GO_STRUCT),
        "it has the payloads as Go writes them, without message ids and without what was not "
        "known, so the frames cannot be had back. Take a newer evcc with `log: trace`.",
    ),
    UnreadForm(
        "ioBroker's log",
        _without_frames(ONLY_PAYLOADS),
        "it has payloads without the action and the message id, so the frames cannot be had "
        "back. Record them with a proxy between, or let the charger's own log tell.",
    ),
    UnreadForm(
        "a log of OCPP over SOAP",
        _without_frames(SOAP),
        "only OCPP-J, JSON over WebSocket, can be read.",
    ),
    UnreadForm(
        "a flow file of mitmproxy",
        _is_flow_file,
        "save it as HAR: `mitmdump -nr FILE --set hardump=FILE.har`, and give that.",
    ),
    UnreadForm(
        "tshark's JSON",
        _is_tshark,
        "its fields change with every version of tshark: give the capture itself, the pcapng.",
    ),
)
