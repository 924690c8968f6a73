"""What the commands that are no charge point have alike on their command line: what is wrong is one
sentence, and how far they are stands on a line that is written over."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from sim_core.redaction import one_line


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        text = one_line(message)
        end = "" if text.endswith((".", "?")) else "."
        self.exit(2, f"{text[:1].upper()}{text[1:]}{end} `{self.prog} --help` explains it.\n")


def live_line(text: str, width: int) -> None:
    """Show what is done just now on stderr, in the place of what was shown before, `width` cells at
    the most; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r{one_line(text)[:width]:<{width}}", end="\r", file=sys.stderr, flush=True)
