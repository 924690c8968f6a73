"""How the habits of a room are found: a module there is a habit, and bears the name of its switch.

So a new habit is a new module, and no list has to be kept beside the switches. Only those that are
on are imported: a charge point without habits starts without them.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import fields
from importlib import import_module
from typing import TypeVar

from sim_core.hardware.model import Quirks

Row = TypeVar("Row")
"""A dataclass whose fields are points."""


def habits_in(path: Iterable[str]) -> frozenset[str]:
    """The names of the habits of a room; `path` is the `__path__` of its package."""
    return frozenset(module.name for module in pkgutil.iter_modules(path))


def hung(points: Row, quirks: Quirks, room: str, path: Iterable[str]) -> Row:
    """These points with what hangs there of the quirks that are on.

    `room` is the name of a package, `path` its `__path__`. Quirks of another room are left to it.
    They are hung in the order of `Quirks`: of two on one point the later one decides first.
    """
    on = [field.name for field in fields(quirks) if getattr(quirks, field.name)]
    here = habits_in(path) if on else frozenset()
    for name in on:
        if name in here:
            hang: Callable[[Row], Row] = import_module(f"{room}.{name}").hang
            points = hang(points)
    return points
