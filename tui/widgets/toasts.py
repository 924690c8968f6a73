"""What is said aloud: each sentence once, however often it is said, and few at a time.

A key that is held down is refused thirty times a second. Equal sentences are one toast with a
count, and as many of the newest are shown as leave the upper part of the screen free: the link bar
is what a refusal is read together with.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from textual.app import App

Severity = Literal["information", "warning"]
LASTS_S: dict[Severity, float] = {"information": 4.0, "warning": 5.0}
MOST = 3
"""Toasts at a time."""
MOST_HEIGHT = 0.75
"""Of the screen; the rest is for link bar, warnings and what is under way."""
BELOW_ROWS = 3
"""Kept free under them for the keys and a story's caption, as in the style sheet."""
WIDTH, MOST_WIDTH = 60, 0.8
"""As in the style sheet."""
FRAME_CELLS, FRAME_ROWS = 3, 3
"""What a toast needs around its words: border, padding, and the row between two."""
LONGEST = 400
"""Characters of a sentence that are shown: a CSMS may have chosen the words."""


@dataclass(frozen=True)
class Toast:
    """A sentence that is being shown."""

    sentence: str
    severity: Severity
    until_s: float
    times: int = 1

    @property
    def words(self) -> str:
        """As it is shown."""
        return self.sentence if self.times == 1 else f"{self.sentence} ({self.times} times)"


class Toasts:
    """Says sentences on an app."""

    def __init__(self, app: App[int], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._monotonic = monotonic
        self._wanted: tuple[Toast, ...] = ()
        self._shown: tuple[Toast, ...] = ()
        self._due = False

    def say(self, sentence: str, severity: Severity, ellipsis: str) -> None:
        """Show a sentence for some seconds; one that is shown already is counted."""
        if len(sentence) > LONGEST:
            sentence = sentence[: LONGEST - len(ellipsis)] + ellipsis
        now_s = self._monotonic()
        live = [toast for toast in self._wanted if toast.until_s > now_s]
        said = Toast(sentence, severity, now_s + LASTS_S[severity])
        for toast in live:
            if (toast.sentence, toast.severity) == (sentence, severity):
                said = replace(said, times=toast.times + 1)
        others = [toast for toast in live if toast.sentence != sentence]
        self._wanted = self._fitting((*others, said))
        if not self._due:
            self._due = True
            # Textual shows a notification when its message is handled: what replaces it has to
            # stand behind it in the same queue.
            self._app.call_later(self._show)

    def _fitting(self, toasts: Sequence[Toast]) -> tuple[Toast, ...]:
        """The newest of these that there is room for, one at the least."""
        size = self._app.size
        cells = max(8, int(min(WIDTH, size.width * MOST_WIDTH)) - FRAME_CELLS)
        room = int(size.height * MOST_HEIGHT) - BELOW_ROWS
        kept: list[Toast] = []
        for toast in list(reversed(toasts))[:MOST]:
            room -= len(textwrap.wrap(toast.words, cells)) + FRAME_ROWS
            if kept and room < 0:
                break
            kept.insert(0, toast)
        return tuple(kept)

    def _show(self) -> None:
        self._due = False
        now_s = self._monotonic()
        new = [toast for toast in self._wanted if toast not in self._shown]
        live = {toast for toast in self._shown if toast.until_s > now_s}
        if not live <= set(self._wanted):
            self._app.clear_notifications()
            self._app.screen.query("ToastHolder").remove()
            new = list(self._wanted)
        self._shown = self._wanted
        for toast in new:
            left_s = max(0.1, toast.until_s - now_s)
            self._app.notify(toast.words, severity=toast.severity, timeout=left_s, markup=False)
