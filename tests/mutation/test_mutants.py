"""The breaks that `make mutate` makes, and the looking."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.mutation.__main__ import EQUIVALENT, GROUPS, drawn, equivalent, files, within_budget
from tests.mutation.mutants import places
from tests.mutation.reach import ROOT, Reach, importers

LEFT_ALONE = '''
"""A docstring."""
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    SIZE = 1

Rule = dict[str, int]
Either = int | None


class Thing:
    """Another."""

    __slots__ = ("a", "b")
    size: int

    def __repr__(self) -> str:
        return str(1 + 1)

    @cached(maxsize=100)
    def tell(self, a: int | None) -> str:
        self.note("x", 1 + 2)
        logger.warning("%s", 3)
        return f"{a + 1} things"


if sys.platform == "none that there is":
    LIMIT = 2

LOG = logging.getLogger(__name__)


def gone(why):
    raise ValueError("there is nothing here any more")
'''


def breaks(tmp_path: Path, code: str) -> list[tuple[str, str]]:
    (tmp_path / "some.py").write_text(code, "utf-8")
    found = [place.mutant() for place in places(tmp_path / "some.py", tmp_path)]
    assert all(mutant.path == "some.py" and mutant.code != code for mutant in found)
    for mutant in found:
        compile(mutant.code, mutant.path, "exec")
    return [(mutant.before, mutant.after) for mutant in found]


def test_what_nobody_could_notice_is_left_alone(tmp_path: Path) -> None:
    assert breaks(tmp_path, LEFT_ALONE) == [("LOG = logging.getLogger(__name__)", "LOG = None")]


def test_what_runs_on_this_system_is_broken(tmp_path: Path) -> None:
    code = f'if sys.platform == "{sys.platform}":\n    A = 1\nelse:\n    A = 2\n'
    assert ("A = 1", "A = 2") in breaks(tmp_path, code)
    code = 'if sys.platform == "none that there is":\n    A = 1\nelse:\n    A = 2\n'
    assert breaks(tmp_path, code) == [("A = 2", "A = None"), ("A = 2", "A = 3")]


def test_decorated_functions_constants_and_words_of_the_protocol_are_broken(
    tmp_path: Path,
) -> None:
    code = (
        'WORD = "Accepted"\n'
        "LIMIT_S = 2\n"
        "class A:\n"
        "    @property\n"
        "    def busy(self) -> bool:\n"
        "        return self.a and not self.b\n"
        "def f(a, why):\n"
        "    return Refused(why) if a < 1 else g(a, strict=True)\n"
    )
    found = breaks(tmp_path, code)
    for change in (
        ('WORD = "Accepted"', 'WORD = "XXAcceptedXX"'),
        ('WORD = "Accepted"', "WORD = None"),
        ("LIMIT_S = 2", "LIMIT_S = 3"),
        ("return self.a and not self.b", "return self.a or not self.b"),
        ("return self.a and not self.b", "return self.a and self.b"),
        (
            "return Refused(why) if a < 1 else g(a, strict=True)",
            "return Refused(why) if a <= 1 else g(a, strict=True)",
        ),
        (
            "return Refused(why) if a < 1 else g(a, strict=True)",
            "return Refused(None) if a < 1 else g(a, strict=True)",
        ),
    ):
        assert change in found, change
    assert not any("accepted" in after or "ACCEPTED" in after for _, after in found)
    assert all("strict=True" in after for before, after in found if "strict" in before)


def test_each_group_has_modules() -> None:
    assert all(files([group]) for group in GROUPS)


def test_a_seed_draws_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GROUPS, "hardware", ("sim_core/hardware/cabinet.py",))
    one, again, other = (drawn(["hardware"], seed, 20) for seed in (1, 1, 2))
    assert [place.mutant().key for place in one] == [place.mutant().key for place in again]
    assert [place.mutant().key for place in one] != [place.mutant().key for place in other]


def test_what_was_judged_is_still_there_to_be_broken() -> None:
    judged = equivalent()
    assert EQUIVALENT.exists()
    for path, before, after in judged:
        assert before != after
        lines = {line.strip() for line in (ROOT / path).read_text("utf-8").splitlines()}
        text = " ".join(line.strip() for line in (ROOT / path).read_text("utf-8").splitlines())
        assert before in lines or before in text, f"{path} has no {before!r}: judge it anew"


def test_tests_are_asked_by_line_the_quickest_first_and_within_a_budget() -> None:
    known = Reach(
        [("slow", 2.0), ("quick", 0.1), ("never", 100.0), ("long", 59.0)],
        {"some.py": {"3": [0, 1, 2], "4": [3], "1": []}},
    )
    assert known.tests_of("some.py", 3) == ["quick", "slow"]
    assert known.tests_of("some.py", 1) == ["quick", "slow"], "while it is imported: anybody's"
    assert known.tests_of("other.py", 1) == []
    assert "tests/sim_core/test_left_out.py" in importers("sim_core/hardware/model.py")
    assert within_budget(known, ["quick", "slow", "long"]) == ["quick", "slow"]
