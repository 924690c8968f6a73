"""From a command line and all that stands behind it to settings: the fast way where it will do."""

from __future__ import annotations

from typing import TypeVar

from sim_core.settings.fast_loading import load_fast
from sim_core.settings.options import Settings

S = TypeVar("S", bound=Settings)


def load(argv: list[str], prog: str = "chargeforge") -> Settings:
    """`load_as` for one charge point."""
    return load_as(Settings, argv, prog)


def load_as(kind: type[S], argv: list[str], prog: str) -> S:
    """Read every source and return the settings, which may have more options than `Settings`.

    Raises ConfigError with a sentence for the user; SystemExit(0) after `--help`.
    """
    settings = load_fast(kind, argv)
    if settings is None:
        from sim_core.settings.full_loading import load_full

        settings = load_full(kind, argv, prog)
    return settings
