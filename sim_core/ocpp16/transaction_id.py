"""Ids as CSMSs write them: a whole number, in whichever dress."""

from __future__ import annotations

import re

TEXT = re.compile(r"[+-]?[0-9]{1,19}(\.0+)?")


def whole_number(said: object) -> int | None:
    """An id of 64 bits, also where a CSMS writes it as `17.0` or `"17"`; None if it is none."""
    if isinstance(said, str) and TEXT.fullmatch(said.strip()):
        said = int(said.strip().partition(".")[0])
    elif isinstance(said, float) and said.is_integer():
        said = int(said)
    if not isinstance(said, int) or isinstance(said, bool):
        return None
    return said if -(2**63) <= said < 2**63 else None
