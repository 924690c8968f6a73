"""What came of a comparison as test cases, whoever writes them down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One test case."""

    suite: str
    name: str
    whys: Mapping[str, int]
    """Why it has failed, and how often; empty: it has not."""
    said: str = ""
    """What is to be known of it besides."""
