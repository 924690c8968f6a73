"""Warnings that stand as long as something is so: of those about one thing, the newest."""

from __future__ import annotations

from collections.abc import Callable


class Standing:
    """Knows what is said about each thing, and says it where warnings are shown."""

    __slots__ = ("_said", "_warn", "_withdraw")

    def __init__(self, warn: Callable[[str], None], withdraw: Callable[[str], None]) -> None:
        self._warn = warn
        self._withdraw = withdraw
        self._said: dict[str, str] = {}

    def say(self, about: str, sentence: str) -> None:
        """Let a sentence stand in place of the last one about that thing; an empty one ends it."""
        before = self._said.pop(about, "")
        if sentence:
            self._said[about] = sentence
        if before != sentence:
            if before:
                self._withdraw(before)
            if sentence:
                self._warn(sentence)
