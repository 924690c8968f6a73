"""A sheet of rules that are on, and of what waits for somebody because of one.

What waits stands first, then the rules, then what makes a new one. How the CSMS is answered, and
what becomes of frames on the wire, are such sheets.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from sim_core.commands import Command
from tui.dialogs.asking_sheet import AskingSheet
from tui.dialogs.value_sheet import ValueRow

NEW, END_ALL = "!new", "!end"
HELD = "held"
"""How the id of a row begins that waits; its number follows."""


class RulesSheet(AskingSheet):
    """See the module."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", show=False),
        Binding("d,delete,backspace", "end", show=False),
    ]
    RULE: ClassVar[str] = "rule"
    """What a rule is called here; the id of its row begins with it, and its number follows."""

    @abstractmethod
    def held_rows(self) -> Sequence[ValueRow]:
        """What waits, oldest first."""

    @abstractmethod
    def rule_rows(self) -> Sequence[ValueRow]:
        """The rules that are on, oldest first."""

    @abstractmethod
    def end_all(self) -> Command:
        """What ends every rule."""

    @abstractmethod
    def decide(self, number: int) -> None:
        """Ask what becomes of what waits under this number."""

    @abstractmethod
    def action_new(self) -> None:
        """Make a rule, by questions."""

    def rows(self) -> Sequence[ValueRow]:
        rules = self.rule_rows()
        note = "" if rules else "none is on"
        end_all = ValueRow(END_ALL, f"end all {self.RULE}s", label_role="accent")
        return [
            *self.held_rows(),
            *rules,
            ValueRow(NEW, f"new {self.RULE}", note=note, label_role="accent"),
            *([end_all] if len(rules) > 1 else ()),
        ]

    def held_row(self, number: int, name: str, words: str, waits: str) -> ValueRow:
        """A row for what waits: it stands out."""
        return ValueRow(
            f"{HELD} {number}",
            f"{name} {number}",
            words,
            waits,
            label_role="warning",
            value_role="strong",
            marked=True,
        )

    def rule_row(self, number: int, words: str, met: str) -> ValueRow:
        """A row for a rule."""
        return ValueRow(f"{self.RULE} {number}", f"{self.RULE} {number}", words, met)

    async def taken(self, row: ValueRow) -> None:
        kind, _, number = row.id.partition(" ")
        if row.id == NEW:
            self.action_new()
        elif row.id == END_ALL:
            await self.do(self.end_all())
        elif kind == HELD:
            self.decide(int(number))
        else:
            self.refuse(f"it is on since you made it: d ends it, n makes another ({row.value})")
