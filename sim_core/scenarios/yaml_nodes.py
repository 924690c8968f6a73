"""YAML of which each part knows where it stands.

A scenario, or a file of faults, is read from the nodes of YAML and not from the values that a
loader would make of them: so whatever is wrong is said with file, line and column, and a card that
looks like a number stays the card that it is until somebody wants a number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.settings.spelling import did_you_mean

LONGEST = 1024 * 1024
"""Characters of a file."""
LONGEST_SPAN_S = 31 * 86_400.0
SHOWN = 50
JSON_SCALAR = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null")
"""What a plain scalar is that is no text: as in JSON, without the other spellings of YAML 1.1."""
SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|seconds?|min|minutes?|h|hours?)?")
SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
"""By the first letter of the unit."""

Fields = dict[str, "tuple[Node, Node]"]


@dataclass(frozen=True)
class Place:
    """Where something stands in a file, counted from 1."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class ScenarioError(UserError):
    """A scenario cannot be read; the text says where, what is wrong, and what is allowed there."""

    def __init__(self, at: Place, sentence: str) -> None:
        super().__init__(f"{at}: {one_line(sentence)}")


class _AliasError(Exception):
    """There is an alias."""


class _NoAliases(yaml.SafeLoader):
    """A few bytes of aliases could stand for a billion."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise _AliasError("there are no aliases here (*name): write it out")
        return super().compose_node(parent, index)


class Node:
    """A part of a file."""

    def __init__(self, node: yaml.Node, file: str) -> None:
        self._node = node
        self._file = file

    @property
    def at(self) -> Place:
        """Where it begins."""
        mark = self._node.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def wrong(self, sentence: str) -> ScenarioError:
        """The error that says what is wrong with it."""
        return ScenarioError(self.at, sentence)

    @property
    def is_mapping(self) -> bool:
        """Whether it has fields."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether it has elements."""
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return isinstance(self._node, yaml.ScalarNode) and self._node.value == ""

    def fields(self, what: str, known: Collection[str] | None = None) -> Fields:
        """Its fields by their names, each with the node of its name.

        Raises ScenarioError for what is no mapping, what is said twice and what is not `known`.
        """
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong(f"{what} has fields, `name: value` on lines of their own")
        found: Fields = {}
        for key, value in self._node.value:
            key_node = Node(key, self._file)
            name = key_node.text("a name")
            if name in found:
                raise key_node.wrong(f"{name[:SHOWN]!r} is said twice")
            if known is not None and name not in known:
                listed = ", ".join(sorted(known))
                near = did_you_mean(name, known)
                hint = f": did you mean {near}?" if near else f"; it may have {listed}"
                raise key_node.wrong(f"{what} has no {name[:SHOWN]!r}{hint}")
            found[name] = key_node, Node(value, self._file)
        return found

    def elements(self, what: str) -> list[Node]:
        """Its elements. Raises ScenarioError for what is no list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.wrong(f"{what} is a list, `- …` on lines of their own")
        return [Node(one, self._file) for one in self._node.value]

    def text(self, what: str) -> str:
        """Its text, whatever it looks like. Raises ScenarioError."""
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.wrong(f"{what} is a text")
        value: str = self._node.value
        return value

    def seconds(self, what: str) -> float:
        """A span of time: `90`, `90 s`, `10 min`, `2 h`. Raises ScenarioError."""
        match = SPAN.fullmatch(self.text(what).strip())
        if match is None:
            raise self.wrong(f"{what} is a span of time: 90 s, 10 min, 2 h")
        seconds = float(match[1]) * SECONDS[(match[2] or "")[:1]]
        if seconds > LONGEST_SPAN_S:
            raise self.wrong(f"{what} is at most 31 days")
        return seconds

    def whole(self, what: str, lowest: int = 0, highest: int = 2**31 - 1) -> int:
        """A whole number. Raises ScenarioError."""
        text = self.text(what)
        if not re.fullmatch(r"-?\d{1,12}", text) or not lowest <= int(text) <= highest:
            raise self.wrong(f"{what} is a whole number from {lowest}")
        return int(text)

    def number(self, what: str) -> float:
        """A number. Raises ScenarioError."""
        text = self.text(what)
        if not re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text):
            raise self.wrong(f"{what} is a number")
        return float(text)

    def plain(self) -> Any:
        """What it says, as JSON has it: a scalar without quotes is what it is in JSON."""
        if isinstance(self._node, yaml.MappingNode):
            return {name: value.plain() for name, (_, value) in self.fields("it").items()}
        if isinstance(self._node, yaml.SequenceNode):
            return [Node(one, self._file).plain() for one in self._node.value]
        value: str = self._node.value
        plain = isinstance(self._node, yaml.ScalarNode) and self._node.style is None
        if plain and JSON_SCALAR.fullmatch(value):
            return json.loads(value)
        return value


def text_of(path: Path) -> str:
    """What is in a file. Raises ScenarioError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is no text in UTF-8"
        raise ScenarioError(Place(str(path), 1, 1), f"it cannot be read: {why}") from None


def parsed(text: str, file: str, begins: str = "scenario: what it shows") -> Node:
    """The file. Raises ScenarioError for what is no YAML; `begins` says how one begins."""
    whole = Place(file, 1, 1)
    if len(text) > LONGEST:
        raise ScenarioError(whole, f"a file has at most {LONGEST} characters")
    loader = None
    try:
        loader = _NoAliases(text)
        node = loader.get_single_node()
    except _AliasError as error:
        raise ScenarioError(whole, str(error)) from None
    except RecursionError:
        raise ScenarioError(whole, "it is nested too deep to be read") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Place(file, mark.line + 1, mark.column + 1) if mark else whole
        raise ScenarioError(at, f"this is no YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ScenarioError(whole, f"this is no YAML: {error}") from None
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        raise ScenarioError(whole, f"there is nothing in it: begin with `{begins}`")
    return Node(node, file)
