"""Looks after the file of the state while it is in use, and says what is wrong with it.

A disk that refuses (`database`) is asked again every second, for as long as it takes. Now and then
it is seen whether the file that lies there is still the one that was opened: SQLite goes on writing
into a file that has been removed, and says nothing. Each of the two is one standing warning, and
one sentence when it is over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sim_core.runtime.clock import Clock, Timer
from sim_core.store.interface import Store

LOG = logging.getLogger(__name__)

RETRY_S = 1.0
LOOK_S = 10.0


class StateWatch:
    """Belongs to one charge point; lives until `close`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        scale: float,
        warn: Callable[[str], None],
        withdraw: Callable[[str], None],
        note: Callable[[str], None],
        written: Callable[[], None],
    ) -> None:
        """`scale` is how fast the clock runs: a disk lives in real time. `warn` shows a warning
        until `withdraw`, `note` tells what has happened, `written` is called when all that the
        disk had refused is on it."""
        self._store = store
        self._clock = clock
        self._scale = scale
        self._warn = warn
        self._withdraw = withdraw
        self._note = note
        self._written = written
        self._refusal = ""
        """The warnings that stand."""
        self._misplaced = ""
        self._retry_timer: Timer | None = None
        self._look_timer: Timer | None = None
        store.tell_refusals(self._refused)
        if store.refusal:
            self._refused()
        self._look_later()

    def close(self) -> bool:
        """The end: what is owed is written, or it is said that it is lost. Returns whether there
        was something, and it is written."""
        for timer in (self._retry_timer, self._look_timer):
            if timer is not None:
                timer.cancel()
        if not self._store.refusal:
            return False
        owed = self._store.owed
        if self._store.retry(patiently=True):
            return True
        lost = f"{owed} changes of the state are lost with this end: {self._store.refusal}"
        LOG.error("%s", lost)
        self._note(lost)
        return False

    def _refused(self) -> None:
        self._show_refusal(self._store.refusal)
        self._retry_timer = self._clock.call_later(RETRY_S * self._scale, self._retry)

    def _retry(self) -> None:
        if not self._store.retry():
            self._refused()
            return
        self._retry_timer = None
        self._show_refusal("")
        self._note(f"{self._store.path} can be written again: all that waited is in it")
        self._written()

    def _show_refusal(self, sentence: str) -> None:
        if sentence == self._refusal:
            return
        if self._refusal:
            self._withdraw(self._refusal)
        self._refusal = sentence
        if sentence:
            LOG.warning("%s", sentence)
            self._warn(sentence)

    def _look_later(self) -> None:
        self._look_timer = self._clock.call_later(LOOK_S * self._scale, self._look)

    def _look(self) -> None:
        self._look_later()
        sentence = self._how_misplaced()
        if sentence == self._misplaced:
            return
        if self._misplaced:
            self._withdraw(self._misplaced)
        self._misplaced = sentence
        if sentence:
            LOG.warning("%s", sentence)
            self._warn(sentence)
        else:
            self._note(f"{self._store.path} is the file again that was opened")

    def _how_misplaced(self) -> str:
        how = self._store.misplaced()
        if not how:
            return ""
        path = self._store.path
        if not self._store.claim_again():
            return (
                f"{path} {how}, and another ChargeForge runs with the state that is there: end one "
                "of them; what happens here is not found at the next start."
            )
        return (
            f"{path} {how} while it was in use: put it back, or end ChargeForge and start it "
            "again; what happens until then is not found at the next start."
        )
