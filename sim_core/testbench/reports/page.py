"""For people who were not there: one page that needs no network, with steps, frames and a chart.

All that a CSMS or a scenario has said is text in it and never markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.testbench.reports.lines import WORDS, said, summary
from sim_core.testbench.scenario import duration
from sim_core.testbench.verdicts import Reading, Result, Spoken, Verdict
from sim_core.wire.message_log import Direction

CHART_W, CHART_H = 720, 90
MOST_FRAMES = 500
"""Of a scenario that are on the page; the trace has them all."""
STYLE = """
:root{color-scheme:light dark;--ok:#1a7f37;--bad:#cf222e;--dim:#6e7781;--line:#d0d7de}
@media(prefers-color-scheme:dark){:root{--ok:#3fb950;--bad:#f85149;--dim:#8b949e;--line:#30363d}}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
code,td.f{font:12px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
details{border-top:1px solid var(--line);padding:.45rem 0}summary{cursor:pointer}
.passed b{color:var(--ok)}.failed b,.broken b{color:var(--bad)}.skipped b,.dim{color:var(--dim)}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
td{padding:.15rem .6rem .15rem 0;vertical-align:top}td.n{white-space:nowrap;color:var(--dim)}
tr.bad td{color:var(--bad)}svg{width:100%;height:auto;margin:.4rem 0}
polyline{fill:none;stroke:var(--ok);stroke-width:1.5}text{font:10px system-ui;fill:var(--dim)}
"""


def write(path: Path, results: Sequence[Result]) -> None:
    """Write the page. Raises UserError where that is not possible."""
    try:
        path.write_text(page(results), "utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None


def page(results: Sequence[Result]) -> str:
    """The page."""
    parts = "\n".join(_scenario(result) for result in results)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        f"<title>ChargeForge: {escape(summary(results))}</title><style>{STYLE}</style>"
        f"<h1>ChargeForge test</h1><p>{escape(summary(results))}</p>{parts}</html>\n"
    )


def _scenario(result: Result) -> str:
    scenario = result.scenario
    opened = "" if result.verdict is Verdict.PASSED else " open"
    rows = [("why", result.why), ("proves", scenario.proves), ("rests on", scenario.clause)]
    rows.append(("must not", scenario.must_not))
    about = "".join(f"<tr><td class=n>{name}<td>{escape(text)}" for name, text in rows if text)
    lasted = f"{duration(round(result.lasted_s))} in {result.took_s:.1f} s, seed {result.seed}"
    return (
        f"<details class={result.verdict.value}{opened}><summary><b>{WORDS[result.verdict]}</b> "
        f"{escape(scenario.name)}: {escape(scenario.title)} "
        f"<span class=dim>OCPP {escape(scenario.ocpp)}, {lasted}</span></summary>"
        f"<table>{about}</table>{_chart(result.readings)}{_steps(result)}{_frames(result)}"
        "</details>"
    )


def _steps(result: Result) -> str:
    if not result.steps:
        return ""
    first = result.steps[0].at_s
    rows = "".join(
        f"<tr class={'ok' if step.passed else 'bad'}><td class=n>{step.at_s - first:.1f} s"
        f"<td>{escape(step.line)}<td>{escape(step.why) or 'ok'}"
        for step in result.steps
    )
    return f"<table>{rows}</table>"


def _frames(result: Result) -> str:
    if not result.spoken:
        return ""
    shown = result.spoken[-MOST_FRAMES:]
    left = len(result.spoken) - len(shown)
    more = f"<p class=dim>{left} earlier frames are not on this page.</p>" if left else ""
    rows = "".join(_frame(one) for one in shown)
    title = f"{len(result.spoken)} requests with their answers"
    opened = "" if result.verdict is Verdict.PASSED else " open"
    return f"<details{opened}><summary>{title}</summary>{more}<table>{rows}</table></details>"


def _frame(one: Spoken) -> str:
    exchange = one.exchange
    way = "\N{RIGHTWARDS ARROW}" if exchange.direction is Direction.SENT else "\N{LEFTWARDS ARROW}"
    done = f"<br><b>{escape(one_line(exchange.injected))}</b>" if exchange.injected else ""
    return (
        f"<tr class={'bad' if one.missed else 'ok'}><td class=n>"
        f"{exchange.requested_at:%H:%M:%S} {escape(one.charge_point)} {way}"
        f"<td class=f>{_shown(one.request)}<br><span class=dim>{_shown(one.answer)}</span>"
        f"{done}"
    )


def _shown(frame: str) -> str:
    return escape(one_line(said(frame)))


def _chart(readings: Sequence[Reading]) -> str:
    """Power over time; nothing where none flowed."""
    most = max((one.power_w for one in readings), default=0.0)
    span = readings[-1].at_s - readings[0].at_s if readings else 0.0
    if not most or not span:
        return ""
    points = " ".join(
        f"{(one.at_s - readings[0].at_s) / span * CHART_W:.1f},"
        f"{CHART_H - one.power_w / most * (CHART_H - 14):.1f}"
        for one in readings
    )
    return (
        f'<svg viewBox="0 0 {CHART_W} {CHART_H}" role=img><polyline points="{points}"/>'
        f"<text x=0 y=10>{most / 1000:.1f} kW</text></svg>"
    )
