"""Saying anything to the CSMS: a form made of the message's schema, or its JSON as it is.

The form opens with the facts of now. What the protocol has against the message stands below while
it is changed; it is sent all the same, once somebody has said twice that it is meant so.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from sim_core.commands import Command, Outcome, Refused, Send
from sim_core.ocpp_versions import dialect_of
from tui import text
from tui.dialogs.palette import Choice, Chosen, Picker, Question
from tui.dialogs.sure import Sure
from tui.dialogs.text_editor import TextEditor
from tui.dialogs.value_sheet import ValueRow, ValueSheet
from tui.look import Look
from tui.protocols import form
from tui.protocols.form import Field
from tui.protocols.meanings import MEANINGS, by_use
from tui.widgets.line_widget import Line, Span

SEND, AS_JSON = "!send", "!json"
FRAME = "a whole frame"
"""The answer that asks for no action: any text."""
SOON_S = 0.5
"""So long an answer is waited for before the sheet is closed."""
ABSENT = "-"
HINT = 'an action like Heartbeat, or "a whole frame"'


def which_message(subprotocol: str) -> Question:
    """What to say: an action of a charge point, one of a CSMS, any other word, or a whole frame."""
    dialect = dialect_of(subprotocol)
    others = dialect.schemas.actions - dialect.asks
    return Question(
        "Say what to the CSMS?",
        HINT,
        [
            *(Choice(one, one, MEANINGS.get(one, "")) for one in by_use(dialect.asks)),
            Choice(FRAME, FRAME, "any text, sent as it is"),
            *(Choice(one, one, "only a CSMS asks this") for one in by_use(others)),
        ],
        free=lambda typed: Choice(typed, typed, f"not an action of {dialect.version}"),
        free_last=True,
    )


def frame_trouble(written: str) -> str:
    """What is wrong with a text that is to be JSON."""
    try:
        json.loads(written)
    except RecursionError:
        return "nested too deep"
    except ValueError as error:
        return f"not JSON: {error}"
    return ""


class SaySheet(ValueSheet):
    """One message before it is said."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "send", show=False),
        Binding("j", "as_json", show=False),
        Binding("d,delete,backspace", "leave_out", show=False),
    ]
    HOW: ClassVar[str] = "s sends, enter changes, d leaves out, j as JSON, esc goes back"
    DETAIL_ROWS: ClassVar[int] = 4

    def __init__(
        self,
        look: Look,
        action: str,
        payload: Mapping[str, Any] | None,
        subprotocol: str,
        facts: Mapping[str, Any],
        ask: Callable[[Command], Awaitable[Outcome]],
        told_late: Callable[[str], None],
    ) -> None:
        """`payload`: what to begin with; None: the least that is allowed, from `facts`. `told_late`
        is told a refusal that comes when the sheet is closed already."""
        super().__init__(look)
        self._action = action
        self._dialect = dialect_of(subprotocol)
        known = action in self._dialect.schemas.actions
        self._schema = self._dialect.schemas.request_schema(action) if known else {}
        self._facts = dict(facts)
        if "evseId" in self._schema.get("properties", {}):
            self._facts["connectorId"] = 1  # of its EVSE, and here each has one
        self._payload: Any = (
            form.filled(self._schema, self._schema, self._facts) if payload is None else payload
        )
        if not isinstance(self._payload, dict):
            self._payload = {}
        self._ask = ask
        self._told_late = told_late
        self._fields: dict[str, Field] = {}

    # -- showing -----------------------------------------------------------------------------------

    def heading(self, rows: Sequence[ValueRow]) -> str:
        return f"{self._action} to the CSMS"

    def rows(self) -> Sequence[ValueRow]:
        fields = form.form(self._schema, self._payload)
        self._fields = {_id(field): field for field in fields}
        return [
            ValueRow(SEND, "send it now", label_role="accent"),
            ValueRow(AS_JSON, "as JSON", self._one_line, label_role="accent", value_role="muted"),
            *(_row(name, field) for name, field in self._fields.items()),
        ]

    @property
    def _one_line(self) -> str:
        return json.dumps(self._payload, ensure_ascii=False)

    def detail(self, row: ValueRow, cells: int) -> Sequence[Line]:
        lines: list[Line] = []
        field = self._fields.get(row.id)
        if field is not None:
            lines.append(_about(field))
        meaning = MEANINGS.get(self._action, "")
        flaw = self._flaw()
        if flaw:
            lines.append((Span(f"{self.look.symbol('trouble')} {flaw}", "warning"),))
        else:
            lines.append((Span(f"{self._dialect.version} allows it as it is", "success"),))
        lines.append((Span(f"{self._action}: {meaning}" if meaning else self._action, "muted"),))
        return lines

    def _flaw(self) -> str:
        if self._action not in self._dialect.schemas.actions:
            return f"{self._dialect.version} has no such action: it can be sent all the same"
        if self._action not in self._dialect.asks:
            return "a CSMS asks this, not a charge point: it can be sent all the same"
        fault = self._dialect.schemas.request_fault(self._action, self._payload)
        return f"{fault.description}: it can be sent all the same" if fault else ""

    # -- changing ----------------------------------------------------------------------------------

    async def taken(self, row: ValueRow) -> None:
        if row.id == SEND:
            self.action_send()
        elif row.id == AS_JSON:
            self.action_as_json()
        else:
            self._change(row, self._fields[row.id])

    def _change(self, row: ValueRow, field: Field) -> None:
        if field.adds:
            schema = form.at(self._schema, field.path).get("items", {})
            item = form.filled(self._schema, schema, self._facts, str(field.path[-1]))
            self._set((*field.path, len(field.value)), item)
        elif field.choices:
            self._choose(field)
        elif field.holds_others and not field.present:
            schema = form.at(self._schema, field.path)
            self._set(field.path, form.filled(self._schema, schema, self._facts, field.name))
        elif field.holds_others:
            self.refuse("it holds the rows below: change those, or take j for the JSON of it all")
        else:
            self.edit(row)

    def _choose(self, field: Field) -> None:
        question = Question(
            f"{self._action}: {field.name}",
            "one of these, or anything else on purpose",
            [Choice(one, one) for one in field.choices],
            free=lambda typed: Choice(typed, typed, "not allowed by the schema"),
            free_last=True,
        )

        def answered(chosen: Chosen | None) -> None:
            if chosen is not None:
                self._set(field.path, chosen.choice.value)

        self.app.push_screen(Picker(self.look, question), answered)

    async def typed(self, row: ValueRow, value: str) -> str:
        field = self._fields[row.id]
        self._set(field.path, form.read(field, value))
        return ""

    def _set(self, path: form.Path, value: object) -> None:
        self._payload = form.with_value(self._payload, path, value)
        self.refuse("")
        self.refresh_rows()

    def action_leave_out(self) -> None:
        """Leave the field under the bar out of the message."""
        row = self.row_list.chosen
        field = self._fields.get(row.id) if row else None
        if field is None or field.adds or not field.present:
            return
        self._payload = form.without(self._payload, field.path)
        self.refresh_rows()

    def action_as_json(self) -> None:
        """Write the payload as JSON."""

        def written(said: str | None) -> None:
            if said is None:
                return
            try:
                payload = json.loads(said)
            except (ValueError, RecursionError) as error:
                self.refuse(f"this is not JSON, so nothing has changed: {error}")
                return
            if isinstance(payload, dict):
                self._payload = payload
                self.refresh_rows()
            else:
                self._insist("the payload is no object, and OCPP-J wants one", said)

        said = json.dumps(self._payload, indent=2, ensure_ascii=False)
        if any(text.plain(line) != line for line in said.split("\n")):
            said = json.dumps(self._payload, indent=2)
        title = f"{self._action}: its payload"
        self.app.push_screen(TextEditor(self.look, title, said, frame_trouble), written)

    # -- sending -----------------------------------------------------------------------------------

    def action_send(self) -> None:
        """Say it."""
        self.run_worker(self._send(self._one_line, anyway=False), group="say", exclusive=True)

    async def _send(self, payload: str, *, anyway: bool) -> None:
        asked = asyncio.ensure_future(self._ask(Send(self._action, payload, anyway)))
        self.say("sent, the answer is awaited")
        done, _ = await asyncio.wait({asked}, timeout=SOON_S)
        if not done:
            asked.add_done_callback(self._answered_late)
            self.dismiss(None)
            return
        outcome = asked.result()
        if not isinstance(outcome, Refused):
            self.dismiss(None)
        elif outcome.may_insist:
            self.say("")
            self._insist(outcome.reason, payload)
        else:
            self.say("")
            self.refuse(outcome.reason)

    def _answered_late(self, asked: asyncio.Future[Outcome]) -> None:
        if not asked.cancelled() and isinstance(outcome := asked.result(), Refused):
            self._told_late(outcome.reason)

    def _insist(self, reason: str, payload: str) -> None:
        def answered(sure: bool | None) -> None:
            if sure:
                self.run_worker(self._send(payload, anyway=True), group="say", exclusive=True)

        sentence = f"{self._dialect.version} does not allow it: {reason}."
        question = Sure(self.look, "Send it all the same?", sentence, "Send it", "Go back")
        self.app.push_screen(question, answered)


def _id(field: Field) -> str:
    return f"{json.dumps(field.path)}{'+' if field.adds else ''}"


def _row(row_id: str, field: Field) -> ValueRow:
    if field.adds:
        label = f"+ one more {field.path[-1]}"
        return ValueRow(row_id, label, depth=field.depth + 1, label_role="accent")
    value = ABSENT
    if field.present:
        value = text.count(len(field.value), "item") if isinstance(field.value, list) else ""
        value = value if field.holds_others else form.shown(field)
    unknown = not field.kind
    note = "unknown" if unknown else "required" if field.required else ""
    return ValueRow(
        row_id,
        field.name,
        value,
        note,
        depth=field.depth,
        typed=form.shown(field) if field.present else "",
        label_role="text" if field.present else "muted",
        value_role="strong" if field.present and not field.holds_others else "faint",
        note_role="warning" if unknown or (field.required and not field.present) else "faint",
    )


def _about(field: Field) -> Line:
    if field.adds:
        return (Span("enter adds one more"),)
    kind = {"string": "a text", "integer": "a whole number", "number": "a number"}.get(
        field.kind, {"boolean": "true or false", "array": "a list"}.get(field.kind, "an object")
    )
    if not field.kind:
        return (Span(field.name, "strong"), Span("  the schema knows no such field", "warning"))
    most = f" of at most {field.longest} characters" if field.longest else ""
    which = f": {', '.join(field.choices)}" if field.choices else ""
    need = "must be there" if field.required else "may be left out"
    return (Span(field.name, "strong"), Span(f"  {kind}{most}, {need}{which}", "muted"))
