"""Play every trace of a folder to the twin and print what is the same: `python -m tests.twin`.

The traces are the reader's own: a line is `{"dir": "cp->csms", "t": …, "msg": […]}`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from statistics import median

from tests.twin.compare import Result, compare
from tests.twin.order import NO_ORDERS, Orders, agreed
from tests.twin.play import Play
from tests.twin.scene import scene
from tests.twin.trace import read

NAME_WIDTH = 44


async def verdict(path: Path, orders: Orders = NO_ORDERS) -> Result:
    """Play one trace and compare."""
    trace = read(path)
    play = Play(trace, scene(trace))
    heard = await play.run()
    return compare(trace, heard, [(one, other) for one, other, _ in play.asked], orders)


def delays(results: list[Result]) -> str:
    """How long things took here, and how long they took there; one row each."""
    spans = {delay.what: delay.spans for result in results for delay in result.delays}
    width = max(map(len, spans), default=0)
    lines = [f"{'delay in s':<{width}}   n    least   median     most   observed"]
    for what in sorted(spans):
        took = sorted(d.took_s for result in results for d in result.delays if d.what == what)
        low, middle, high = took[0], median(took), took[-1]
        allowed = " or ".join(f"{low:g} to {high:g}" for low, high in spans[what])
        lines.append(
            f"{what:<{width}} {len(took):>3} {low:>8.2f} {middle:>8.2f} {high:>8.2f}   {allowed}"
        )
    return "\n".join(lines)


def table(results: list[Result]) -> str:
    """All verdicts, a scene a row and its reasons below."""
    head = f"{'scene':<{NAME_WIDTH}} frames equal differing  why"
    lines = [head, "-" * len(head)]
    for result in results:
        whys = [f"{n}× {why}" for why, n in result.whys.most_common()]
        name = result.name[:NAME_WIDTH]
        row = f"{name:<{NAME_WIDTH}} {result.frames:>6} {result.equal:>5} {result.differing:>9}  "
        lines.append((row + (whys[0] if whys else "")).rstrip())
        lines += [" " * len(row) + why for why in whys[1:]]
    frames, equal = sum(r.frames for r in results), sum(r.equal for r in results)
    differing = sum(r.differing for r in results)
    lines.append(f"{'all':<{NAME_WIDTH}} {frames:>6} {equal:>5} {differing:>9}")
    return "\n".join(lines)


def main() -> int:
    """Returns the exit code: 0 when everything is the same."""
    paths = sorted(Path(sys.argv[1]).glob("*.jsonl")) if len(sys.argv) == 2 else []
    if not paths:
        print("usage: python -m tests.twin FOLDER   (with traces *.jsonl in it)", file=sys.stderr)
        return 2
    orders = agreed([read(path) for path in paths])
    results = [asyncio.run(verdict(path, orders)) for path in paths]
    print(table(results))
    print(f"\norder between lanes: the traces agree on {len(orders)} pairs\n")
    print(delays(results))
    return 1 if any(result.differing for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
