"""What can be broken in a module, and what is left alone because nobody could tell.

Left alone, each by one rule below:

- what only a type checker reads: annotations, type aliases, `cast`, `if TYPE_CHECKING`;
- what only people read: docstrings, sentences (a string with a blank in it, an f-string) and what
  stands in their place, `note` and the log, `__repr__` and `__str__`;
- what only memory and speed feel: `__slots__`, decorators and with them the size of a cache;
- what only a reader of the code feels: `strict` of `zip`, the `name` of a task;
- False made None: both are no;
- what only another system runs (`if sys.platform == …`);
- of a string one break instead of mutmut's three: another case is no other kind of fault.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

FOR_PEOPLE = ("note", "getLogger", "debug", "info", "warning", "error", "exception")
"""Calls whose arguments end in front of somebody's eyes."""
FOR_TYPES = ("cast", "TypeVar", "overload")
FOR_READERS = ("strict", "name")
"""Arguments that change nothing that runs."""
BUILT_INS = ("len", "isinstance", "super")
"""Calls that break at once without their arguments."""

UNSEEN = (
    m.Annotation()
    | m.Import()
    | m.ImportFrom()
    | m.Decorator()
    | m.FormattedString()
    | m.ConcatenatedString()
    | m.SimpleStatementLine([m.Expr(m.SimpleString())])
    | m.Assign([m.AssignTarget(m.Name("__slots__"))])
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.FunctionDef(name=m.Name("__repr__") | m.Name("__str__"))
    | m.Call(m.OneOf(*(m.Name(name) for name in FOR_TYPES)))
    | m.Call(m.Attribute(attr=m.OneOf(*(m.Name(name) for name in FOR_PEOPLE))))
    | m.Arg(keyword=m.OneOf(*(m.Name(name) for name in FOR_READERS)))
)
"""Nothing in these is broken."""
UNSEEN_KINDS = (
    cst.Annotation,
    cst.Import,
    cst.ImportFrom,
    cst.Decorator,
    cst.FormattedString,
    cst.ConcatenatedString,
    cst.SimpleStatementLine,
    cst.Assign,
    cst.If,
    cst.FunctionDef,
    cst.Call,
    cst.Arg,
)
"""The same by kind: looked at first, because it is quick."""
PLATFORM = m.Comparison(
    m.Attribute(m.Name("sys"), m.Name("platform")),
    [m.ComparisonTarget(m.Equal(), m.SimpleString())],
)
"""Where a system is named; that of the tests goes another way."""
SENTENCE = m.FormattedString() | m.ConcatenatedString()
ALIAS = m.Assign(value=m.Subscript() | m.BinaryOperation(m.DoNotCare(), m.BitOr()))


@dataclass(frozen=True)
class Mutant:
    """One break of one module."""

    path: str
    line: int
    before: str
    """The lines that change, without their indentation, in one."""
    after: str
    code: str
    """The whole module with the break in it."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is wherever its line has moved to."""
        return self.path, self.before, self.after

    def __str__(self) -> str:
        return f"{self.path}:{self.line}\n    - {self.before}\n    + {self.after}"


@dataclass(frozen=True)
class Place:
    """Where something can be broken; the broken module is made when it is asked for."""

    path: str
    module: cst.Module
    line: int
    node: cst.CSTNode
    broken: cst.CSTNode

    def mutant(self) -> Mutant:
        before = self.module.code
        after = self.module.deep_replace(self.node, self.broken).code  # type: ignore[arg-type]
        old, new = _changed(before, after)
        return Mutant(self.path, self.line, old, new, after)


def places(path: Path, root: Path) -> list[Place]:
    """Everything that can be broken in a module, in the order of its lines."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text("utf-8")), unsafe_skip_copy=True)
    visitor = _Visitor()
    wrapper.visit(visitor)
    name = path.relative_to(root).as_posix()
    return [Place(name, wrapper.module, *found) for found in visitor.found]


class _Visitor(cst.CSTVisitor):
    """Collects the line, the node, and what would stand in its place."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, cst.CSTNode, cst.CSTNode]] = []
        self._depth = 0
        """How many functions this is inside of."""
        self._elsewhere: set[cst.CSTNode] = set()
        """What runs on another system."""

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_unseen(node) or (not self._depth and m.matches(node, ALIAS)):
            return False
        if node in self._elsewhere:
            return False
        if isinstance(node, cst.If) and m.matches(node.test, PLATFORM):
            system = node.test.comparisons[0].comparator.evaluated_value
            self._elsewhere |= {node.test, *([] if sys.platform == system else [node.body])}
        self._depth += isinstance(node, (cst.FunctionDef, cst.Lambda))
        for broken in _breaks(node):
            line = self.get_metadata(PositionProvider, node).start.line
            self.found.append((line, node, broken))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, (cst.FunctionDef, cst.Lambda)):
            self._depth -= not _is_unseen(original_node)


def _breaks(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            broken: Iterable[cst.CSTNode] = operator(node)
            if operator is operator_string:
                broken = list(broken)[:1]
            yield from (other for other in broken if not _changes_nothing(node, other))


def _changes_nothing(node: cst.CSTNode, broken: cst.CSTNode) -> bool:
    """Whether only a sentence is another one, or gone, or no is said in another way."""
    if isinstance(node, cst.SimpleString):
        return _is_sentence(node)
    if isinstance(node, (cst.Assign, cst.AnnAssign)):
        value = node.value
        return value is not None and (_is_sentence(value) or m.matches(value, m.Name("False")))
    if isinstance(node, cst.Call) and isinstance(broken, cst.Call):
        if m.matches(node.func, m.OneOf(*(m.Name(name) for name in BUILT_INS))):
            return True
        kept = {id(arg) for arg in broken.args}
        lost = [arg for arg in node.args if id(arg) not in kept]
        return any(_is_sentence(arg.value) or _is_unseen(arg) for arg in lost)
    return False


def _is_sentence(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleString):
        return " " in node.value.strip("\"' ")
    return m.matches(node, SENTENCE)


def _is_unseen(node: cst.CSTNode) -> bool:
    return isinstance(node, UNSEEN_KINDS) and m.matches(node, UNSEEN)


def _changed(before: str, after: str) -> tuple[str, str]:
    """The lines that differ, each side in one."""
    old, new = before.splitlines(), after.splitlines()
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [block for block in blocks if block[0] != "equal"]
    gone = [line.strip() for _, start, end, _, _ in changes for line in old[start:end]]
    come = [line.strip() for _, _, _, start, end in changes for line in new[start:end]]
    return " ".join(gone), " ".join(come)
