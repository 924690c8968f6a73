"""What is put before every line of a log by whoever passes it on: e-mail, docker, journald,
syslog, Kubernetes, Markdown, and what numbers lines.

A frame that goes on in the next line, or a form that counts on how a line begins, is read behind
that. Numbers are only taken off where they count on from line to line, for text begins with digits
too.
"""

from __future__ import annotations

import re

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What colours a line on a terminal."""
WRAPPER = re.compile(
    r"(?:>\s?)+"
    r"|[\w.-]{1,80}\s+\|\s"
    r"|[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d \S+ [^\s\[:]+(?:\[\d+\])?: "
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* \S+ [^\s\[:]+\[\d+\]: "
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* (?:stdout|stderr) [FP] "
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) "
    r"|<\d{1,3}>1 (?:\S+ ){5}(?:-|\[[^\]]*\]) "
    r"|[│┃|•*-]\s"
    r"|`"
)
NUMBERED = re.compile(
    r"\s{0,9}(?P<number>\d{1,9})(?:[:\t-]| {2})|[^\s:]{1,200}[:-](?P<in_file>\d{1,9})[:-]"
)
"""`grep -n`, `cat -n` and their like."""


def behind(line: str) -> int:
    """Where a line begins behind what is put before each."""
    at = 0
    while (found := WRAPPER.match(line, at)) is not None:
        at = found.end()
    return at


def behind_number(line: str, first: str, further: int) -> int:
    """The same, in lines that are numbered; it stands so many `further` down than `first`."""
    own, base = NUMBERED.match(line), NUMBERED.match(first)
    if own is None or base is None or _number(own) != _number(base) + further:
        return 0
    return own.end()


def _number(found: re.Match[str]) -> int:
    return int(found["number"] or found["in_file"])
