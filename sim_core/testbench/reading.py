"""Reads a scenario from YAML, and says where one is wrong.

A step is known by its first word: a name of the table of actions, or a word of `VERBS`. What a step
may have beside it stands in one row each. What can be known before anything runs is checked here:
names of actions, options and fields, messages of the version that is spoken, variables that nobody
sets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from sim_core.commands import ACTION_BY_NAME, ACTIONS, AddWireFault, ClosesOnItself
from sim_core.ocpp_versions import VERSIONS, Version
from sim_core.scenarios.fault_file import fault_of
from sim_core.scenarios.recording import RecordingError, command_of
from sim_core.scenarios.yaml_nodes import Fields, Node, ScenarioError, parsed, text_of
from sim_core.settings.options import Settings, options_of
from sim_core.settings.spelling import guess
from sim_core.testbench.invariants.heard import ANSWERS_WITHIN_S
from sim_core.testbench.invariants.table import INVARIANT_BY_NAME
from sim_core.testbench.patterns import CONDITIONS, PRESENT, Pattern, flaw_in
from sim_core.testbench.scenario import (
    FIRST,
    WITHIN_S,
    Act,
    Again,
    AnyOrder,
    Ask,
    ChargePointOptions,
    Expect,
    Message,
    Meter,
    Never,
    Power,
    Scenario,
    Status,
    Step,
    Together,
    Wait,
)
from sim_core.testbench.variables import names_in
from sim_core.wire_faults import WireFault, why_not

TOP = (
    "scenario",
    "proves",
    "clause",
    "must not",
    "ocpp",
    "charge points",
    "faults",
    "variables",
    "tolerates",
    "always",
    "answers within",
    "seed",
    "steps",
)
"""What a file may have."""
OCPP = {version.dialect.version.removeprefix("OCPP "): version for version in VERSIONS}
NOT_HERE = frozenset(
    {
        "cpid",
        "csms_url",
        "charge_points",
        "ocpp_version",
        "http_host",
        "http_port",
        "http_api_key",
        "http_open",
        "state_dir",
        "log_file",
        "log_format",
        "stop_on_exit",
        "message_log_size",
        "theme",
        "ascii",
        "keys",
        "keep_running",
        "play",
        "faults",
        "seed",
        "time_scale",
        "fps",
    }
)
"""Options that the test bench sets, or nobody needs."""
OPTIONS = frozenset(options_of(Settings)) - NOT_HERE
DO = tuple(row for row in ACTIONS if row.command not in ClosesOnItself)
MESSAGE = ("where", "answer", "error", "as", "from", "charge point")
DEEPEST = 8
"""How deep files may include each other."""
MOST_STEPS = 10_000


@dataclass
class _Reading:
    """What is known while one file is read."""

    path: Path
    version: Version
    points: tuple[str, ...]
    known: set[str]
    """Variables that are set by now."""
    within: tuple[Path, ...] = ()
    """The files that include this one."""
    steps: list[Step] = field(default_factory=list)
    may_include: bool = True


class _Verb(NamedTuple):
    """A word that a step may begin with."""

    beside: tuple[str, ...]
    read: Callable[[_Reading, Node, Fields, Node], None]


def read_file(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError."""
    return read(text_of(path), path)


def read(text: str, path: Path, *, may_include: bool = True) -> Scenario:
    """The scenario that this text is; it includes no files unless it may. Raises ScenarioError."""
    top = parsed(text, str(path))
    fields = top.fields("a scenario", TOP)
    for name in ("scenario", "steps"):
        if name not in fields:
            raise top.wrong(f"{name}: is missing")
    ocpp = fields["ocpp"][1].text("ocpp") if "ocpp" in fields else "1.6"
    if ocpp not in OCPP:
        raise fields["ocpp"][1].wrong(f"ocpp is one of {', '.join(OCPP)}")
    points = _charge_points(fields["charge points"][1]) if "charge points" in fields else ()
    points = points or (ChargePointOptions(FIRST),)
    variables = _variables(fields["variables"][1]) if "variables" in fields else {}
    names = tuple(one.name for one in points)
    reading = _Reading(path, OCPP[ocpp], names, set(variables), may_include=may_include)
    faults = tuple(_fault(reading, one) for one in _listed(fields, "faults"))
    _steps(reading, fields["steps"][1])
    return Scenario(
        title=fields["scenario"][1].text("scenario"),
        name=path.stem,
        at=top.at,
        proves=_said(fields, "proves"),
        clause=_said(fields, "clause"),
        must_not=_said(fields, "must not"),
        ocpp=ocpp,
        charge_points=points,
        faults=faults,
        variables=variables,
        tolerates=tuple(one.text("a code") for one in _listed(fields, "tolerates")),
        always=tuple(_invariant(one) for one in _listed(fields, "always")),
        answers_within_s=(
            fields["answers within"][1].seconds("answers within")
            if "answers within" in fields
            else ANSWERS_WITHIN_S
        ),
        seed=fields["seed"][1].whole("seed") if "seed" in fields else 1,
        steps=tuple(reading.steps),
    )


def _said(fields: Fields, name: str) -> str:
    return " ".join(fields[name][1].text(name).split()) if name in fields else ""


def _invariant(node: Node) -> str:
    name = node.text("an invariant")
    if name not in INVARIANT_BY_NAME:
        known = list(INVARIANT_BY_NAME)
        raise node.wrong(f"there is no invariant {name[:50]!r}{guess(name, known)}")
    return name


def _listed(fields: Fields, name: str) -> list[Node]:
    return fields[name][1].elements(name) if name in fields else []


# -- charge points and variables -------------------------------------------------------------------


def _charge_points(node: Node) -> tuple[ChargePointOptions, ...]:
    if node.is_list:
        return tuple(ChargePointOptions(one.text("a charge point")) for one in node.elements(""))
    found = []
    for name, (_, value) in node.fields("charge points").items():
        given: dict[str, str] = {}
        if not value.is_empty:
            for option, (key, said) in value.fields("a charge point").items():
                word = option.replace(" ", "_").replace("-", "_")
                if word not in OPTIONS:
                    raise key.wrong(f"there is no option {option!r}{guess(word, OPTIONS)}")
                given[word] = _option(said)
        found.append(ChargePointOptions(name, given))
    return tuple(found)


def _option(node: Node) -> str:
    """The value of an option, as a command line has it."""
    return json.dumps(node.plain()) if node.is_mapping else node.text("an option")


def _variables(node: Node) -> dict[str, Any]:
    return {name: value.plain() for name, (_, value) in node.fields("variables").items()}


def _fault(reading: _Reading, node: Node) -> tuple[str, AddWireFault]:
    """A fault from the beginning, with its charge point."""
    fields = node.fields("a fault")
    on = _on(reading, fields)
    fields.pop("charge point", None)
    return on, fault_of(node, fields, reading.version.dialect.schemas.actions)


# -- steps -----------------------------------------------------------------------------------------


def _steps(reading: _Reading, node: Node) -> None:
    for one in node.elements("steps"):
        _step(reading, one)
        if len(reading.steps) > MOST_STEPS:
            raise one.wrong(f"a scenario has at most {MOST_STEPS} steps")


def _step(reading: _Reading, node: Node) -> None:
    if not node.is_mapping and not node.is_list:
        word = node.text("a step")
        verb = _verb(node, word)
        verb.read(reading, node, {}, parsed("''", str(reading.path)))
        return
    fields = node.fields("a step")
    if not fields:
        raise node.wrong("a step says what is done or expected")
    word = next(iter(fields))
    key, value = fields.pop(word)
    verb = _verb(key, word)
    for name, (said, _) in fields.items():
        if name not in verb.beside:
            listed = f"; beside {word} there may be {', '.join(verb.beside)}" if verb.beside else ""
            raise said.wrong(f"{word!r} has no {name!r}{listed}")
    verb.read(reading, node, fields, value)


def _verb(node: Node, word: str) -> _Verb:
    if word in VERBS:
        return VERBS[word]
    if word in ACTION_BY_NAME and ACTION_BY_NAME[word] in DO:
        return _Verb(("charge point", "refused"), _acts(word))
    known = [*VERBS, *(row.name for row in DO)]
    raise node.wrong(f"there is no step {word[:50]!r}{guess(word, known)}")


def _on(reading: _Reading, fields: Fields) -> str:
    if "charge point" not in fields:
        return reading.points[0]
    node = fields["charge point"][1]
    name = node.text("charge point")
    if name not in reading.points:
        raise node.wrong(f"there is no charge point {name!r}; there is {', '.join(reading.points)}")
    return name


def _within(fields: Fields) -> float:
    return fields["within"][1].seconds("within") if "within" in fields else WITHIN_S


def _checked(reading: _Reading, node: Node) -> Any:
    """What it says, once each of its variables is known to be set by then."""
    said = node.plain()
    for name in names_in(said):
        if name not in reading.known:
            raise node.wrong(f"nothing has set ${name}{guess(name, reading.known)}")
    return said


def _act(reading: _Reading, node: Node, fields: Fields, value: Node, word: str) -> Act:
    action = ACTION_BY_NAME[word]
    if value.is_mapping:
        said = _checked(reading, value)
    elif value.is_empty:
        said = {}
    elif action.on_connector:
        said = {"connector": _checked(reading, value)}
    else:
        raise value.wrong(f"what {word} says has names: {word}: {{name: value}}")
    if action.on_connector:
        said.setdefault("connector", 1)
    drawn = any(True for _ in names_in(said))
    try:
        made = command_of(action.command, dict.fromkeys(said, "1") if drawn else dict(said), word)
        if isinstance(made, WireFault) and not drawn and (why := why_not(made)):
            raise value.wrong(f"{word}: {why}")
    except RecordingError as error:
        if not drawn or "there is no" in str(error) or "is missing" in str(error):
            raise value.wrong(str(error)) from None
    refused = _refused(fields)
    return Act(at=node.at, on=_on(reading, fields), action=word, said=said, refused=refused)


def _refused(fields: Fields) -> str | None:
    return fields["refused"][1].text("refused") if "refused" in fields else None


def _again(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    message = _message(reading, {}, value)
    if message.by_csms:
        raise value.wrong(f"{message.action} is nothing that a charge point asks")
    made = Again(
        at=node.at, on=_on(reading, fields), action=message.action, refused=_refused(fields)
    )
    reading.steps.append(made)


def _acts(word: str) -> Callable[[_Reading, Node, Fields, Node], None]:
    def read(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
        reading.steps.append(_act(reading, node, fields, value, word))

    return read


def _together(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    acts: list[Act] = []
    for one in value.elements("together"):
        inside = replace(reading, steps=[])
        _step(inside, one)
        for step in inside.steps:
            if not isinstance(step, Act):
                raise one.wrong("what happens at the same time is done at a charge point")
            acts.append(step)
    reading.steps.append(Together(at=node.at, on=_on(reading, fields), acts=tuple(acts)))


def _wait(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    reading.steps.append(Wait(at=node.at, on=_on(reading, fields), seconds=value.seconds("wait")))


def _message(reading: _Reading, fields: Fields, value: Node) -> Message:
    action = value.text("a message")
    dialect = reading.version.dialect
    actions = dialect.schemas.actions
    if action not in actions:
        version = dialect.version
        raise value.wrong(f"{version} has no {action[:50]!r}{guess(action, actions)}")
    who = fields["from"][1].text("from") if "from" in fields else ""
    if who not in ("", "csms", "charge point"):
        raise fields["from"][1].wrong("from is `csms` or `charge point`")
    by_csms = who == "csms" if who else action not in dialect.asks
    patterns = {
        name: Pattern(_pattern(reading, fields[name][1]))
        for name in ("where", "answer")
        if name in fields
    }
    name = fields["as"][1].text("as") if "as" in fields else ""
    error = fields["error"][1].text("error") if "error" in fields else ""
    if error and "answer" in patterns:
        raise fields["error"][1].wrong("there is an answer or an error, not both")
    made = Message(
        action=action,
        by_csms=by_csms,
        where=patterns.get("where"),
        answer=patterns.get("answer"),
        error=error,
        name=name,
    )
    if name:
        reading.known.add(name)
    return made


def _pattern(reading: _Reading, node: Node) -> Any:
    said = _checked(reading, node)
    if not isinstance(said, dict):
        raise node.wrong("it has fields: {name: value}")
    _conditions(node)
    if why := flaw_in(said):
        raise node.wrong(why)
    return said


def _conditions(node: Node) -> None:
    """Raises ScenarioError where a condition is mixed with fields, which is a slip."""
    if node.is_list:
        for one in node.elements("it"):
            _conditions(one)
    elif node.is_mapping:
        inside = node.fields("it")
        words = inside.keys() & (CONDITIONS.keys() | {PRESENT})
        if words and len(words) != len(inside):
            said = ", ".join(sorted(words))
            raise node.wrong(f"conditions ({said}) stand alone, without fields beside them")
        for _, value in inside.values():
            _conditions(value)


def _expect(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    message = _message(reading, fields, value)
    made = Expect(at=node.at, on=_on(reading, fields), message=message, within_s=_within(fields))
    reading.steps.append(made)


def _any_order(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    messages = []
    for one in value.elements("any order"):
        inside = one.fields("a message", ("expect", *MESSAGE))
        if "expect" not in inside:
            raise one.wrong("expect: is missing")
        messages.append(_message(reading, inside, inside["expect"][1]))
    made = AnyOrder(
        at=node.at, on=_on(reading, fields), messages=tuple(messages), within_s=_within(fields)
    )
    reading.steps.append(made)


def _never(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    message = _message(reading, fields, value)
    for_s = fields["for"][1].seconds("for") if "for" in fields else WITHIN_S
    reading.steps.append(Never(at=node.at, on=_on(reading, fields), message=message, for_s=for_s))


def _connector(fields: Fields) -> int:
    return fields["connector"][1].whole("connector") if "connector" in fields else 1


def _status(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    status = value.text("a status")
    words = reading.version.statuses
    if status not in words:
        raise value.wrong(f"there is no status {status!r}; there is {', '.join(words)}")
    made = Status(
        at=node.at,
        on=_on(reading, fields),
        connector_id=_connector(fields),
        status=status,
        within_s=_within(fields),
    )
    reading.steps.append(made)


def _charged(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    made = Meter(
        at=node.at,
        on=_on(reading, fields),
        connector_id=_connector(fields),
        at_least_wh=value.number("charged"),
        within_s=_within(fields),
    )
    reading.steps.append(made)


def _power(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    bounds = value.fields("power", ("at least", "at most"))
    made = Power(
        at=node.at,
        on=_on(reading, fields),
        connector_id=_connector(fields),
        at_least_w=bounds["at least"][1].number("at least") if "at least" in bounds else 0.0,
        at_most_w=bounds["at most"][1].number("at most") if "at most" in bounds else float("inf"),
        within_s=_within(fields),
    )
    reading.steps.append(made)


def _csms(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    message = _message(reading, {k: v for k, v in fields.items() if k in ("answer", "as")}, value)
    if not message.by_csms and message.action != "DataTransfer":
        raise value.wrong(f"{message.action} is nothing that a CSMS asks")
    payload: Mapping[str, Any] = {}
    if "payload" in fields:
        payload = _pattern(reading, fields["payload"][1])
    made = Ask(
        at=node.at,
        on=_on(reading, fields),
        action=message.action,
        payload=payload,
        answer=message.answer,
        name=message.name,
        within_s=_within(fields),
        refused=_refused(fields),
    )
    reading.steps.append(made)


def _include(reading: _Reading, node: Node, fields: Fields, value: Node) -> None:
    if not reading.may_include:
        raise value.wrong("nothing is included here: write the steps out")
    path = (reading.path.parent / value.text("include")).resolve()
    within = (*reading.within, reading.path.resolve())
    if path in within or len(within) >= DEEPEST:
        raise value.wrong("files that include each other have no end")
    try:
        text = text_of(path)
    except ScenarioError:
        raise value.wrong(f"there is no file {value.text('include')!r} beside this one") from None
    top = parsed(text, str(path))
    inside = replace(reading, path=path, within=within)
    _steps(inside, top if top.is_list else top.fields("an included file", ("steps",))["steps"][1])


VERBS: dict[str, _Verb] = {
    "expect": _Verb((*MESSAGE, "within"), _expect),
    "any order": _Verb(("within", "charge point"), _any_order),
    "never": _Verb((*MESSAGE, "for"), _never),
    "status": _Verb(("connector", "within", "charge point"), _status),
    "charged": _Verb(("connector", "within", "charge point"), _charged),
    "power": _Verb(("connector", "within", "charge point"), _power),
    "wait": _Verb((), _wait),
    "csms": _Verb(("payload", "answer", "as", "within", "charge point", "refused"), _csms),
    "again": _Verb(("charge point", "refused"), _again),
    "together": _Verb((), _together),
    "include": _Verb((), _include),
}
"""What a step may begin with beside the names of actions, and what may stand beside that."""
