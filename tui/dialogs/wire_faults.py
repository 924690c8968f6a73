"""Faults on the wire: the rules that are on, the frames that wait at a breakpoint, and a new rule
made by short questions, which the table of kinds asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Any, ClassVar

from sim_core.commands import AddWireFault, Command, DropFrame, EndWireFault, ReleaseFrame
from sim_core.ocpp_versions import dialect_of
from sim_core.snapshot import HeldFrame, WireFaultSnapshot
from sim_core.wire_faults import (
    ANY,
    DIRECTIONS,
    EVERY,
    KIND_BY_NAME,
    KINDS,
    PARAMETERS,
    TO_CSMS,
)
from tui import text
from tui.dialogs.palette import Choice, Question
from tui.dialogs.rules_sheet import END_ALL, HELD, RulesSheet
from tui.dialogs.text_editor import TextEditor
from tui.dialogs.value_sheet import ValueRow
from tui.protocols.meanings import MEANINGS, by_use
from tui.widgets.line_widget import Line, Span

SHOWN = 1000
"""Characters of a frame that are shown before it is edited."""
LET_GO, EDIT, DROP = "go", "edit", "drop"
SUGGESTED: dict[str, tuple[str, ...]] = {
    "seconds": ("5", "1", "30", "60", "120"),
    "copies": ("1", "2", "5"),
    "new_id": ("no", "yes"),
    "code": (
        "InternalError",
        "GenericError",
        "NotSupported",
        "FormationViolation",
        "SecurityError",
        "ProtocolError",
    ),
    "text": ("",),
    "id": ("",),
    "characters": ("0", "1", "20"),
    "close_code": ("1011", "1000", "1001", "1002", "1006", "1008", "1012", "3000"),
    "bytes_per_s": ("20", "5", "100", "1000"),
    "becomes": ("", "null", "0", '""', "true"),
}
"""What may be said of a parameter, the usual first; anything else can be typed."""
WORDS = {"": "nothing", "0": "as ever"}
OFTEN: tuple[tuple[str, str, str], ...] = (
    ("times 1", "the next one", "then the rule ends by itself"),
    ("times 0", "every one", "until you end the rule"),
    ("every 2", "every second one", "until you end the rule"),
    ("chance 0.5", "half of them, by chance", "the same with the same seed"),
    ("chance 0.1", "one in ten, by chance", "the same with the same seed"),
)


class WireFaultsSheet(RulesSheet):
    """See the module."""

    HOW: ClassVar[str] = "n makes a fault, d ends one, enter lets a frame go, esc goes back"
    RULE: ClassVar[str] = "fault"
    DETAIL_ROWS: ClassVar[int] = 6

    # -- showing -----------------------------------------------------------------------------------

    @property
    def _faults(self) -> tuple[WireFaultSnapshot, ...]:
        station = self._station()
        return station.wire_faults if station else ()

    @property
    def _held(self) -> tuple[HeldFrame, ...]:
        station = self._station()
        return station.held_frames if station else ()

    def heading(self, rows: Sequence[ValueRow]) -> str:
        return "Faults on the wire"

    def held_rows(self) -> Sequence[ValueRow]:
        return [self._held_row(one) for one in self._held]

    def rule_rows(self) -> Sequence[ValueRow]:
        return [self.rule_row(one.number, one.words, _met(one)) for one in self._faults]

    def _held_row(self, one: HeldFrame) -> ValueRow:
        what = " ".join(filter(None, (one.action or "a frame", one.kind)))
        waits = text.span_in_words((self._now() - one.since).total_seconds())
        return self.held_row(
            one.number, "frame", f"{what} {DIRECTIONS[one.direction]} is held", waits
        )

    def detail(self, row: ValueRow, cells: int) -> Sequence[Line]:
        kind, _, number = row.id.partition(" ")
        if kind == HELD:
            frame = next((one.frame for one in self._held if str(one.number) == number), "")
            shown = wrap(text.plain(frame[:SHOWN]), cells) or [""]
            return [
                (Span("enter lets it go, as it is or edited; d drops it", "muted"),),
                *((Span(piece, "text"),) for piece in shown),
            ]
        if kind == self.RULE:
            words = "d ends it. Of two that want a frame the first takes it."
            seen = next((one for one in self._faults if str(one.number) == number), None)
            if seen is not None:
                words = f"{KIND_BY_NAME[seen.rule.fault].does}. {words} Its seed is {seen.seed}."
        elif row.id == END_ALL:
            words = "Frames pass as they are; what is held stays held."
        else:
            words = "What is to become of which frames, and how often."
        return [(Span(piece, "muted"),) for piece in wrap(words, cells)]

    # -- acting ------------------------------------------------------------------------------------

    def end_all(self) -> Command:
        return EndWireFault()

    def action_end(self) -> None:
        """End the fault under the bar, or drop the frame."""
        row = self.row_list.chosen
        kind, _, number = (row.id if row is not None else "").partition(" ")
        if kind == self.RULE:
            self.do_later(EndWireFault(int(number)))
        elif kind == HELD:
            self.do_later(DropFrame(int(number)))

    def decide(self, number: int) -> None:
        held = next((one for one in self._held if one.number == number), None)
        if held is None:
            return
        edit = "" if held.editable else "something in it is not shown: it cannot be edited"
        choices = [
            Choice(LET_GO, "let it go", "as it is"),
            Choice(EDIT, "edit it", "and then let it go", reason=edit),
            Choice(DROP, "drop it", "it never arrives"),
        ]
        question = Question(
            f"{held.action or 'The frame'} {DIRECTIONS[held.direction]} …", "what to do", choices
        )

        def decided(way: str) -> None:
            if way == EDIT and held.editable:
                self._edit(held)
            elif way == EDIT:
                self.refuse(edit)
            else:
                self.do_later(ReleaseFrame(number) if way == LET_GO else DropFrame(number))

        self.pick(question, decided)

    def _edit(self, held: HeldFrame) -> None:
        shown = _pretty(held.frame)

        def written(said: str | None) -> None:
            if said is not None:
                frame = "" if said == shown else _compact(said)
                self.do_later(ReleaseFrame(held.number, frame))

        title = f"{held.action or 'The frame'} {DIRECTIONS[held.direction]}"
        self.app.push_screen(TextEditor(self.look, title, shown, _json_trouble), written)

    # -- asking ------------------------------------------------------------------------------------

    def action_new(self) -> None:
        """Make a fault: what, which frames, by what figures, how often."""
        if self._station() is None:
            self.refuse("the charge point is still starting")
            return
        choices = [Choice(kind.name, kind.label, kind.brief) for kind in KINDS]
        question = Question("Frames are to be …", "what becomes of them", choices)
        self.pick(question, lambda do: self._ask_direction(AddWireFault(do)))

    def _ask_direction(self, rule: AddWireFault) -> None:
        choices = [
            Choice(name, words, "what it says" if name == TO_CSMS else "what it hears")
            for name, words in DIRECTIONS.items()
        ]
        question = Question("Frames that go …", "which way", choices)
        self.pick(question, lambda way: self._ask_action(replace(rule, direction=way)))

    def _ask_action(self, rule: AddWireFault) -> None:
        station = self._station()
        if station is None:
            return
        dialect = dialect_of(station.subprotocol)
        own = dialect.asks if rule.direction == TO_CSMS else dialect.schemas.actions - dialect.asks
        others = dialect.schemas.actions - own
        named = [*by_use(frozenset(own)), *by_use(frozenset(others))]
        question = Question(
            "Of which action, as request or as answer?",
            "an action, or any frame",
            [
                Choice(EVERY, "any frame", "whatever it is"),
                *(Choice(one, one, MEANINGS.get(one, "")) for one in named),
            ],
            free=lambda typed: Choice(typed, typed, f"no action of {dialect.version}"),
            free_last=True,
        )
        self.pick(question, lambda action: self._ask_kind(replace(rule, action=action)))

    def _ask_kind(self, rule: AddWireFault) -> None:
        sorts = KIND_BY_NAME[rule.fault].sorts
        words = {"request": "requests", "answer": "answers", "error": "answers by CALLERROR"}
        choices = [*(Choice(one, words[one]) for one in sorts), Choice(ANY, "whatever they are")]
        question = Question("Only …", "requests, answers, or both", choices)
        names = KIND_BY_NAME[rule.fault].parameters
        self.pick(question, lambda kind: self._ask_more(replace(rule, kind=kind), names))

    def _ask_more(self, rule: AddWireFault, names: tuple[str, ...]) -> None:
        """Ask for the parameters, one after the other."""
        if not names:
            self._ask_often(rule)
            return
        name, *rest = names
        choices = [Choice(one, WORDS.get(one, one)) for one in SUGGESTED.get(name, ())]
        question = Question(
            f"{name.replace('_', ' ')}?",
            PARAMETERS[name].text,
            choices,
            free=lambda typed: Choice(typed, typed) if _read(name, typed) is not None else None,
            free_last=True,
        )
        self.pick(
            question,
            lambda said: self._ask_more(_with(rule, **{name: _read(name, said)}), tuple(rest)),
        )

    def _ask_often(self, rule: AddWireFault) -> None:
        question = Question(
            "How often?",
            "the next one, every one, by chance, or a number",
            [Choice(*one) for one in OFTEN],
            free=lambda typed: (
                Choice(f"nth {typed}", f"only number {typed} from now on")
                if typed.isdecimal() and 0 < len(typed) < 7 and int(typed)
                else None
            ),
            free_last=True,
        )

        def often(said: str) -> None:
            name, _, value = said.partition(" ")
            self.do_later(_with(rule, **{name: _read(name, value)}))

        self.pick(question, often)


def _with(rule: AddWireFault, **changes: Any) -> AddWireFault:
    return replace(rule, **changes)


def _met(fault: WireFaultSnapshot) -> str:
    return f"{fault.applied} of {fault.met}" if fault.met else ""


def _read(name: str, said: str) -> object:
    """What a text means for a field of a rule; None where it can be none."""
    schema = PARAMETERS[name].schema
    kind = schema.get("type")
    if kind == "boolean":
        return {"yes": True, "no": False}.get(said)
    read: dict[str, Callable[[str], float]] = {"integer": int, "number": float}
    if kind not in read:
        return said
    try:
        value = read[kind](said)
    except ValueError:
        return None
    return value if schema["minimum"] <= value <= schema["maximum"] else None


def _pretty(frame: str) -> str:
    try:
        return json.dumps(json.loads(frame), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return frame


def _compact(written: str) -> str:
    """What was written as a frame: JSON without blanks, anything else as it is."""
    try:
        return json.dumps(json.loads(written), separators=(",", ":"))
    except (ValueError, RecursionError):
        return written


def _json_trouble(written: str) -> str:
    try:
        json.loads(written)
    except RecursionError:
        return "nested too deep; it can go all the same"
    except ValueError as error:
        return f"not JSON, and can go all the same: {error}"
    return ""
