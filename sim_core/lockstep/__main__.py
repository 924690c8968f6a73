"""The process in which a twin lives beside real chargers: what passes comes in, verdicts go out.

It is a process of its own, for it computes, and what relays frames must not wait for that. It is
started by `bedside`, speaks lines of JSON on its pipes, and ends when nobody speaks to it any more.
What the twin says reaches only a CSMS in here.

In: `["asked", charger, row, by the charger, at, message id, action, payload, slash]`,
`["answered", charger, row, at, answer, slash]`, `["listened", at]`, `["ended", charger, at]`. Out:
`["judged", charger, a Judged]`, `["trouble", charger, sentence]`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sim_core.lockstep.following import Following, Judged
from sim_core.runtime.clock import Clock, SystemClock
from sim_core.settings.model_file import load_model
from sim_core.twin.play import Make
from sim_core.twin.virtual_time import StuckError

LOG = logging.getLogger(__name__)

NICE = 10
RESTS = 2.0
"""How many times as long as a look took, nothing is looked at: it must leave the computer alone."""


class Lockstep:
    """The twins of all chargers."""

    def __init__(self, make: Make, say: Callable[[list[Any]], None], clock: Clock) -> None:
        self._make = make
        self._say = say
        self._clock = clock
        self._followed: dict[str, Following] = {}
        self._trouble: dict[str, str] = {}
        self._rests_until = 0.0

    def hear(self, line: list[Any]) -> None:
        """Something has passed."""
        kind, *rest = line
        if kind == "listened":
            until = datetime.fromisoformat(rest[0])
            for following in self._followed.values():
                following.listened(until)
            return
        name, *rest = rest
        following = self._followed.get(name) or Following(name, self._make)
        self._followed[name] = following
        if kind == "asked":
            row, from_charger, at, *message = rest
            message_id, action, payload, slash = message
            said = (message_id, action, payload)
            with self._troubles(name):
                following.asked(row, from_charger, datetime.fromisoformat(at), said, slash)
        elif kind == "answered":
            row, at, answer, slash = rest
            following.answered(row, datetime.fromisoformat(at), tuple(answer), slash)
        elif kind == "ended":
            following.ended(datetime.fromisoformat(rest[0]))

    def look(self, *, at_once: bool = False) -> None:
        """Look at who has something new to show; not too often, unless `at_once`."""
        began = self._clock.monotonic()
        if began < self._rests_until and not at_once:
            return
        for name, following in self._followed.items():
            if not following.due:
                continue
            with self._troubles(name):
                for judged in following.look():
                    self._say(["judged", name, as_json(judged)])
        self._rests_until = self._clock.monotonic()
        self._rests_until += RESTS * (self._rests_until - began)

    @contextlib.contextmanager
    def _troubles(self, name: str) -> Any:
        """Say what keeps the twin from being played: the charger goes on, and so do we."""
        trouble = ""
        try:
            yield
        except StuckError as error:
            trouble = str(error)
        except Exception as error:
            LOG.exception("a fault in the twin of %s", name)
            trouble = (
                f"a fault of ChargeForge's own in the twin ({type(error).__name__}): report it; "
                "what came before is not judged"
            )
        if self._trouble.get(name, "") != trouble:
            self._trouble[name] = trouble
            self._say(["trouble", name, trouble])


def as_json(judged: Judged) -> dict[str, Any]:
    """A verdict for a pipe."""
    return {**asdict(judged), "at": judged.at.isoformat()}


def main(arguments: list[str]) -> int:
    """Play `MODEL` with `QUIRKS` until stdin ends; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who has started us
    with contextlib.suppress(OSError, AttributeError):  # there is no nice on Windows
        os.nice(NICE)
    model, quirks = arguments
    out = sys.stdout

    def say(line: list[Any]) -> None:
        try:
            out.write(json.dumps(line) + "\n")
            out.flush()
        except BrokenPipeError:  # who has started us has gone
            os._exit(1)

    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    lockstep = Lockstep(Make(load_model(model), quirks=quirks), say, SystemClock())
    while (line := lines.get()) is not None:
        lockstep.hear(json.loads(line))
        if lines.empty():
            lockstep.look()
    lockstep.look(at_once=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
