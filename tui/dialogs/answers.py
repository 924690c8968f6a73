"""Answering the CSMS otherwise: the rules that are on, the requests that wait for an answer by
hand, and a new rule made by three short questions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Any, ClassVar

from sim_core.commands import AddRule, AnswerHeld, Command, EndRule
from sim_core.ocpp_versions import dialect_of
from sim_core.snapshot import HeldRequest, RuleSnapshot
from tui import text
from tui.dialogs.palette import Choice, Question
from tui.dialogs.rules_sheet import END_ALL, HELD, RulesSheet
from tui.dialogs.sure import Sure
from tui.dialogs.text_editor import TextEditor
from tui.dialogs.value_sheet import ValueRow
from tui.protocols import form
from tui.protocols.known import wording_of
from tui.protocols.meanings import BOTH_WAYS, MEANINGS, by_use
from tui.widgets.line_widget import Line, Span
from tui.widgets.link_bar import rule_words

EVERY = "*"
WAYS: dict[str, tuple[str, str]] = {
    "refuse": ("refused", "the answer says no, and nothing is done"),
    "delay": ("delayed", "the charge point sees it later"),
    "ignore": ("not answered", "nothing is done, and the CSMS waits in vain"),
    "callerror": ("answered by CALLERROR", "it could not be processed, and nothing is done"),
    "hand": ("left to me", "it waits until you answer it"),
    "answer": ("answered with a payload of mine", "any JSON, and nothing is done"),
}
HELD_WAYS: dict[str, tuple[str, str]] = {
    "usual": ("as usual", "the charge point answers after all"),
    "refuse": ("no", "the answer says no, and nothing is done"),
    "callerror": ("by CALLERROR", "it could not be processed"),
    "answer": ("with a payload of mine", "any JSON"),
    "ignore": ("never", "the CSMS waits in vain"),
}
CODES = (
    "InternalError",
    "NotImplemented",
    "NotSupported",
    "GenericError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "TypeConstraintViolation",
    "ProtocolError",
)
DELAYS_S = ("5", "1", "30", "60", "120")

Ruled = AddRule | AnswerHeld
"""What says how a request is answered."""


class AnswersSheet(RulesSheet):
    """See the module."""

    HOW: ClassVar[str] = "n makes a rule, d ends one, enter answers a request, esc goes back"
    DETAIL_ROWS: ClassVar[int] = 4

    # -- showing -----------------------------------------------------------------------------------

    @property
    def _rules(self) -> tuple[RuleSnapshot, ...]:
        station = self._station()
        return station.rules if station else ()

    @property
    def _held(self) -> tuple[HeldRequest, ...]:
        station = self._station()
        return station.held if station else ()

    def heading(self, rows: Sequence[ValueRow]) -> str:
        return "How the CSMS is answered"

    def held_rows(self) -> Sequence[ValueRow]:
        return [self._held_row(one) for one in self._held]

    def rule_rows(self) -> Sequence[ValueRow]:
        return [self.rule_row(one.number, rule_words(one), _met(one)) for one in self._rules]

    def _held_row(self, one: HeldRequest) -> ValueRow:
        where = "" if one.connector_id is None else f" ({self._place_of(one.connector_id)})"
        waits = text.span_in_words((self._now() - one.since).total_seconds())
        return self.held_row(one.number, "request", f"{one.action}{where} waits for you", waits)

    def _place_of(self, connector_id: int) -> str:
        station = self._station()
        return wording_of(station.subprotocol if station else "").place_of(connector_id)

    def detail(self, row: ValueRow, cells: int) -> Sequence[Line]:
        if row.id.startswith(HELD):
            words = "The CSMS waits for this. enter: answer it as usual, no, by CALLERROR, …"
        elif row.id.startswith(self.RULE):
            words = "d ends it. Of two rules that fit a request the first counts."
        elif row.id == END_ALL:
            words = "Requests are answered as usual again; what waits for you goes on waiting."
        else:
            words = "Which requests of the CSMS, what becomes of them, and how often."
        return [(Span(piece, "muted"),) for piece in wrap(words, cells)]

    # -- acting ------------------------------------------------------------------------------------

    def end_all(self) -> Command:
        return EndRule()

    def insist(self, command: Command, reason: str) -> None:
        def answered(sure: bool | None) -> None:
            if sure and isinstance(command, (AddRule, AnswerHeld)):
                self.do_later(_with(command, anyway=True))

        sentence = f"The protocol does not allow it: {reason}."
        self.app.push_screen(
            Sure(self.look, "All the same?", sentence, "Do it", "Go back"), answered
        )

    def action_end(self) -> None:
        """End the rule under the bar."""
        row = self.row_list.chosen
        if row is not None and row.id.startswith(self.RULE):
            self.do_later(EndRule(int(row.id.split()[1])))

    # -- asking ------------------------------------------------------------------------------------

    def action_new(self) -> None:
        """Make a rule: which requests, what becomes of them, how often."""
        station = self._station()
        if station is None:
            self.refuse("the charge point is still starting")
            return
        dialect = dialect_of(station.subprotocol)
        asked = (dialect.schemas.actions - dialect.asks) | BOTH_WAYS
        question = Question(
            "Which requests of the CSMS?",
            "an action, or every request",
            [
                *(Choice(one, one, MEANINGS.get(one, "")) for one in by_use(frozenset(asked))),
                Choice(EVERY, "every request", "whatever it asks"),
            ],
            free=lambda typed: Choice(typed, typed, f"no request of {dialect.version}"),
            free_last=True,
        )
        self.pick(question, self._new_way)

    def _new_way(self, action: str) -> None:
        name = "every request" if action == EVERY else action
        choices = [Choice(way, *words) for way, words in WAYS.items()]
        question = Question(f"{name} is to be …", "what becomes of it", choices)
        self.pick(question, lambda way: self._more(AddRule(action, way), action, self._new_times))

    def _new_times(self, command: Ruled) -> None:
        question = Question(
            "How often?",
            "the next one, every one, or a number",
            [
                Choice("1", "the next one", "then the rule ends by itself"),
                Choice("0", "every one", "until you end the rule"),
                Choice("2", "the next 2"),
                Choice("3", "the next 3"),
            ],
            free=lambda typed: (
                Choice(typed, f"the next {typed}") if typed.isdecimal() and len(typed) < 7 else None
            ),
            free_last=True,
        )
        self.pick(question, lambda times: self.do_later(_with(command, times=int(times))))

    def decide(self, number: int) -> None:
        held = next((one for one in self._held if one.number == number), None)
        if held is None:
            return
        choices = [Choice(way, *words) for way, words in HELD_WAYS.items()]
        question = Question(f"Answer {held.action} …", "how it is answered", choices)
        self.pick(
            question, lambda way: self._more(AnswerHeld(way, number), held.action, self.do_later)
        )

    def _more(
        self,
        command: Ruled,
        action: str,
        then: Callable[[Ruled], None],
    ) -> None:
        """Ask what else a way wants to know."""
        if command.way == "delay":
            self.pick(
                Question(
                    "Delayed by how many seconds?",
                    "seconds",
                    [Choice(one, f"{one} s") for one in DELAYS_S],
                    free=_seconds,
                    free_last=True,
                ),
                lambda seconds: then(_with(command, seconds=float(seconds))),
            )
        elif command.way == "callerror":
            self.pick(
                Question(
                    "Which code?",
                    "a code of OCPP-J, or any word",
                    [Choice(code, code) for code in CODES],
                    free=lambda typed: Choice(typed, typed, "not a code of OCPP-J"),
                    free_last=True,
                ),
                lambda code: then(_with(command, code=code)),
            )
        elif command.way == "answer":
            self._write(command, action, then)
        else:
            then(command)

    def _write(
        self,
        command: Ruled,
        action: str,
        then: Callable[[Ruled], None],
    ) -> None:
        def written(said: str | None) -> None:
            if said is not None:
                then(_with(command, payload=said))

        title = f"The answer to {'every request' if action == EVERY else action}"
        least = json.dumps(self._least_answer(action), indent=2)
        self.app.push_screen(TextEditor(self.look, title, least, _json_trouble), written)

    def _least_answer(self, action: str) -> Any:
        station = self._station()
        dialect = dialect_of(station.subprotocol) if station else None
        if dialect is None or action not in dialect.schemas.actions:
            return {}
        schema = dialect.schemas.answer_schema(action)
        return form.filled(schema, schema, {})


def _with(command: Ruled, **changes: Any) -> Ruled:
    return replace(command, **changes)


def _met(rule: RuleSnapshot) -> str:
    return f"{rule.applied} so far" if rule.applied else ""


def _seconds(typed: str) -> Choice | None:
    whole, _, part = typed.partition(".")
    plain = whole.isdecimal() and whole.isascii() and (not part or part.isdecimal())
    return Choice(typed, f"{typed} s") if plain and len(typed) < 8 else None


def _json_trouble(written: str) -> str:
    try:
        json.loads(written)
    except RecursionError:
        return "nested too deep"
    except ValueError as error:
        return f"not JSON: {error}"
    return ""
