"""What a replay has shown: as a table for people, as one object for a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sim_core.redaction import one_line
from sim_core.replay.judging import BAD, Findings, Judged, Verdict
from sim_core.traces.stamps import as_text

CELL = 36
HEAD = ("times", "first", "request", "field", "in the log", "this CSMS")


def whole(findings: Findings) -> str:
    """Everything, in lines."""
    return "\n".join(_lines(findings))


def summary(findings: Findings) -> str:
    """One sentence: how many requests became what."""
    counted = [
        f"{count} {verdict.value}" for verdict in Verdict if (count := findings.count(verdict))
    ]
    requests = _count(len(findings.judged), "request")
    return f"{requests}: {', '.join(counted) if counted else 'none was said'}."


def _lines(findings: Findings) -> Iterator[str]:
    rows = list(_rows(findings))
    if rows:
        yield "Where this CSMS answers otherwise than the one in the log:"
        yield from _table([HEAD, *rows])
        yield ""
    if findings.asked or findings.not_asked:
        yield "What a CSMS asked of the charger:"
        for (action, source), count in sorted(
            findings.asked.items(), key=lambda item: (item[0][0], item[0][1].value)
        ):
            yield f"  {_cell(action)}, {_times(count)}: {source.value}"
        for action, count in sorted(findings.not_asked.items()):
            yield f"  {_cell(action)}, {_times(count)}: only in the log, not by this CSMS"
        yield ""
    if findings.lost_links:
        yield f"{_times(findings.lost_links).capitalize()} the CSMS refused or closed the link."
    if findings.noise:
        are = "message of the CSMS was" if findings.noise == 1 else "messages of the CSMS were"
        yield f"{findings.noise} {are} no OCPP-J, or answered nothing that was asked."
    yield summary(findings)


def _rows(findings: Findings) -> Iterator[tuple[str, ...]]:
    found: dict[tuple[str, ...], Judged] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    for one in findings.judged:
        if one.verdict not in BAD:
            continue
        action = one.saying.action
        told: list[tuple[str, ...]] = [
            (action, d.field, d.recorded, d.now) for d in one.differences
        ] or [(action, "", _recorded(one), one.verdict.value)]
        for row in told:
            counts[row] += 1
            found.setdefault(row, one)
    for row, one in found.items():
        at = one.saying.at
        yield (str(counts[row]), as_text(at)[11:19] if at else f"#{one.saying.number}", *row)


def _recorded(one: Judged) -> str:
    return "no answer" if one.saying.answer is None else "answered"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(padded)}".rstrip()


def _cell(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def as_json(findings: Findings) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "requests": len(findings.judged),
        "differs": findings.differs,
        "verdicts": {verdict.name.lower(): findings.count(verdict) for verdict in Verdict},
        "differences": [
            {
                "request": one.saying.number,
                "at": as_text(one.saying.at) if one.saying.at else None,
                "action": one.saying.action,
                "verdict": one.verdict.name.lower(),
                "fields": [
                    {"field": d.field, "in_the_log": d.recorded, "this_csms": d.now}
                    for d in one.differences
                ],
            }
            for one in findings.judged
            if one.verdict in BAD or one.verdict is Verdict.ALLOWED
        ],
        "asked": [
            {"action": action, "answered": source.name.lower(), "times": count}
            for (action, source), count in findings.asked.items()
        ],
        "asked_only_in_the_log": dict(findings.not_asked),
        "links_lost": findings.lost_links,
        "noise": findings.noise,
    }
