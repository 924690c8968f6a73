"""The configuration as a sheet: what each setting is and means, who has changed it, and a new value
in its place.

What may be set is decided where the CSMS's own ChangeConfiguration is decided, and said in the same
words. The rows know no protocol: a key of OCPP 1.6 is one, and so is a variable of a component.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from textwrap import wrap
from typing import ClassVar

from sim_core.commands import Command, Configure, Outcome, Refused
from sim_core.snapshot import SettingSnapshot, StationSnapshot
from tui import text
from tui.dialogs.value_sheet import ValueRow, ValueSheet
from tui.look import Look
from tui.protocols.known import wording_of
from tui.widgets.line_widget import Line, Span

NEVER_SHOWN = "(never shown)"
EMPTY = "(empty)"


class ConfigurationSheet(ValueSheet):
    """See the module."""

    SEARCH_HINT: ClassVar[str] = 'search: name or meaning, "changed", "read only"'
    HOW: ClassVar[str] = "enter changes a value, type to search, esc goes back"

    def __init__(
        self,
        look: Look,
        station: Callable[[], StationSnapshot | None],
        ask: Callable[[Command], Awaitable[Outcome]],
    ) -> None:
        """`station` is the newest picture, `ask` hands in a command."""
        super().__init__(look)
        self._station = station
        self._ask = ask

    def _settings(self) -> tuple[SettingSnapshot, ...]:
        station = self._station()
        return station.settings if station else ()

    def heading(self, rows: Sequence[ValueRow]) -> str:
        changed = sum(row.marked for row in rows)
        told = f", {changed} changed" if changed else ""
        station = self._station()
        wording = wording_of(station.subprotocol if station else "")
        return f"Configuration: {text.count(len(rows), wording.setting)}{told}"

    def rows(self) -> Sequence[ValueRow]:
        return [_row(setting) for setting in self._settings()]

    def detail(self, row: ValueRow, cells: int) -> Sequence[Line]:
        found = next((one for one in self._settings() if one.name == row.id), None)
        return _detail(found, cells) if found else ()

    def why_not_typed(self, row: ValueRow) -> str:
        return f"{row.label} can only be read"

    async def typed(self, row: ValueRow, value: str) -> str:
        outcome = await self._ask(Configure(row.id, value))
        if isinstance(outcome, Refused):
            return outcome.reason
        if outcome.detail:
            self.app.call_later(self.say, f"{row.label}: {outcome.detail}")
        return ""


def _row(setting: SettingSnapshot) -> ValueRow:
    change = setting.change
    waits = setting.after_reboot is not None
    note = "read only" if setting.readonly else ""
    if change is not None:
        note = f"{change.by.value} {text.clock_time(change.at)}"
    if waits:
        note = "after a reboot"
    value = _shown(setting.value)
    if waits:
        value = f"{value} -> {_shown(setting.after_reboot)}"
    return ValueRow(
        setting.name,
        setting.name,
        value,
        note,
        typed=None if setting.readonly else _typed(setting),
        label_role="text" if setting.value is not None else "muted",
        value_role="muted" if setting.readonly or setting.value in (None, "") else "strong",
        note_role="accent" if change is not None or waits else "faint",
        marked=change is not None or waits,
        secret=setting.value is None,
        words=f"{setting.meaning} {setting.group} {'changed' if change or waits else ''}",
    )


def _typed(setting: SettingSnapshot) -> str:
    """What the editor begins with: of two values the other one."""
    kept = setting.after_reboot if setting.after_reboot is not None else setting.value
    others = [choice for choice in setting.choices if choice != kept]
    return others[0] if len(setting.choices) == 2 and others else kept or ""


def _shown(value: str | None) -> str:
    return NEVER_SHOWN if value is None else value or EMPTY


def _detail(setting: SettingSnapshot, cells: int) -> list[Line]:
    lines: list[Line] = [(Span(setting.name, "strong"), Span(f"  {setting.group}", "muted"))]
    if setting.meaning:
        lines += _wrapped("", setting.meaning, cells)
    if setting.change is not None:
        change = setting.change
        was = f", it was {_shown(change.before)} at the start" if setting.value is not None else ""
        said = f"Set by the {change.by.value} at {text.clock_time(change.at)}{was}"
        lines += _wrapped("", said, cells, "accent")
    if setting.after_reboot is not None:
        later = f"{_shown(setting.after_reboot)} counts after the next reboot"
        lines.append((Span(later, "warning"),))
    default = f"; without a change {_shown(setting.default)}" if setting.default is not None else ""
    lines += _wrapped("Takes ", f"{setting.takes}{default}" if not setting.readonly else "", cells)
    lines += _wrapped("Now ", _shown(setting.value), cells)
    return lines


def _wrapped(name: str, words: str, cells: int, role: str = "text") -> list[Line]:
    if not words:
        return []
    pieces = wrap(text.plain(words), max(8, cells - len(name)))
    return [
        (Span(name if n == 0 else " " * len(name), "muted"), Span(piece, role))
        for n, piece in enumerate(pieces)
    ]
