"""Where an option was said, for whoever has to mend it.

It may be said on the command line, in the environment, in `.env` and in a TOML file, and a sentence
about an option is of little use without the place of the value that it complains of.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ENV_FILE = ".env"
CONFIG_FILE, CONFIG_VARIABLE = "chargeforge.toml", "CHARGEFORGE_CONFIG"
OLDER_NAMES = {
    "TLS_CA_CERT": "ca_cert",
    "TLS_CLIENT_CERT": "client_cert",
    "TLS_CLIENT_KEY": "client_key",
}
"""Environment variables of the first simulator that still work."""
ABOUT_OPTION = re.compile(r"([A-Z][A-Z0-9_]+)(?: \(--|: )")


@dataclass(frozen=True)
class OptionFile:
    """What a file says, option by option, and on which line."""

    path: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    """Sentences about what is probably a mistake."""

    def place(self, option: str) -> str:
        """Where it says an option; empty if it does not."""
        if option not in self.lines and option not in self.options:
            return ""
        line = self.lines.get(option)
        return f"{self.path}, line {line}" if line else self.path


@dataclass(frozen=True)
class Sources:
    """The places of one run."""

    flags: frozenset[str] = frozenset()
    """Options on the command line: whoever typed them knows."""
    dotenv: OptionFile = field(default_factory=OptionFile)
    toml: OptionFile = field(default_factory=OptionFile)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences about what is probably a mistake."""
        return (*self.dotenv.remarks, *self.toml.remarks)

    def has(self, option: str) -> bool:
        """Whether somebody has said anything about an option."""
        return option in self.flags or bool(self.of(option))

    def of(self, option: str) -> str:
        """Where an option comes from, in a sentence; empty for a flag and for a default."""
        if option in self.flags:
            return ""
        names = [name for name in os.environ if name.lower() == option and os.environ[name]]
        older = [
            name for name, new in OLDER_NAMES.items() if new == option and os.environ.get(name)
        ]
        if found := [*names, *older]:
            return f" It comes from the environment variable {found[0]}."
        place = self.dotenv.place(option) or self.toml.place(option)
        return f" It comes from {place}." if place else ""

    def named(self, sentence: str) -> str:
        """A sentence about an option, `NAME (--name) …` or `NAME: …`, with its source."""
        about = ABOUT_OPTION.match(sentence)
        return sentence + self.of(about[1].lower()) if about else sentence


NOWHERE = Sources()
"""Nothing was said: every option is its default."""
