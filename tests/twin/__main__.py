"""Play every trace of a folder to the twin and print what is the same: `python -m tests.twin`.

The traces are the reader's own: a line is `{"dir": "cp->csms", "t": …, "msg": […]}`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.twin.compare import Result, compare
from tests.twin.play import Play
from tests.twin.scene import scene
from tests.twin.trace import read

NAME_WIDTH = 44


async def verdict(path: Path) -> Result:
    """Play one trace and compare."""
    trace = read(path)
    play = Play(trace, scene(trace))
    heard = await play.run()
    return compare(trace, heard, [(one, other) for one, other, _ in play.asked])


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
    results = [asyncio.run(verdict(path)) for path in paths]
    print(table(results))
    return 1 if any(result.differing for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
