"""What the readers of TOML files that people write share: the reading, and words for mistakes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sim_core.errors import UserError
from sim_core.settings.spelling import did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHOWN = 80
"""Characters of a wrong value that a sentence shows."""


def read_toml(path: Path, refused: type[UserError]) -> dict[str, Any]:
    """What a TOML file says. Raises `refused` with a sentence for the user."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise refused(f"{path} is not UTF-8: save it as UTF-8 and start again.") from None
    except RecursionError:
        raise refused(f"{path} is nested too deep to be read.") from None
    except (OSError, ValueError) as error:  # ValueError: no TOML, or a number without end
        raise refused(f"{path}: {error}") from None


def meant(name: str, known: Iterable[str]) -> str:
    """ " Did you mean …?" where one of the known names is nearly this one; else nothing."""
    names = {one.casefold(): one for one in known}
    near = did_you_mean(name.casefold(), names)
    return f" Did you mean {names[near]}?" if near else ""


def shown(value: object) -> str:
    """A value as its file has it, of a length that can be read."""
    text = repr(value)
    size = f" ({len(value)} characters)" if isinstance(value, str) else ""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…{size}"
