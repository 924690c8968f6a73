"""What there is to read in a help: sections of entries, which a search can thin out.

An entry is a head (a key, a word) with a text beside it that wraps under itself; no sentence is cut
off, however narrow the screen. A section of which a search leaves nothing is left out with its
title.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui import text
from tui.glossary import Term
from tui.look import Look
from tui.widgets.line_widget import Line, Span, line_width

LEAST_WORDS = 20
"""Cells of text beside a head; where there are fewer, the text stands under it."""


@dataclass(frozen=True)
class Entry:
    """A head and the text beside it."""

    head: Line
    words: str
    role: str = "text"
    known_as: str = ""
    """What else a search finds it by."""

    @property
    def name(self) -> tuple[str, str]:
        """What it says, however far it is indented."""
        return "".join(span.text for span in self.head).strip(), self.words

    def answers(self, query: str) -> bool:
        """Whether every word of a search is in it."""
        said = f"{' '.join(self.name)} {self.known_as}".casefold()
        return all(word in said for word in query.casefold().split())

    def lines(self, cells: int) -> list[Line]:
        """All of it, in lines of at most `cells` cells."""
        indent = line_width(self.head)
        if cells - indent < LEAST_WORDS and self.words:
            told = _wrapped(self.words, cells, 4)
            return [self.head, *((Span("    "), Span(line, self.role)) for line in told)]
        told = _wrapped(self.words, cells, indent)
        rest = [(Span(" " * indent), Span(line, self.role)) for line in told[1:]]
        return [(*self.head, Span(told[0], self.role)), *rest]


@dataclass(frozen=True)
class Section:
    """Entries under a title."""

    title: str
    entries: Sequence[Entry]


def _wrapped(words: str, cells: int, indent: int) -> list[str]:
    return text.wrapped(words, max(LEAST_WORDS, cells - indent - 1))


def paragraph(words: str, look: Look) -> Entry:
    """Plain prose; keys in it are written as `{row}`."""
    return Entry((Span("  "),), text.plain(look.with_keys(words), look.ascii))


def key_entry(shown: str, label: str, words: str, look: Look, role: str = "muted") -> Entry:
    """What a key does."""
    head = (
        Span(f"  {shown:>6}  ", "accent"),
        Span(f"{text.plain(label, look.ascii):<17}"),
    )
    return Entry(head, text.plain(words, look.ascii), role)


def words_section(title: str, terms: Sequence[Term], look: Look) -> Section:
    """Terms with what they mean."""
    cells = max((text.width(term.name) for term in terms), default=0)
    return Section(title, [_term_entry(term, cells, look) for term in terms])


def _term_entry(term: Term, cells: int, look: Look) -> Entry:
    head = (Span(f"  {text.fit(term.name, cells)}  ", "accent"),)
    return Entry(head, text.plain(term.meaning, look.ascii), "muted", " ".join(term.also))


def passage_lines(sections: Iterable[Section], query: str, cells: int) -> list[Line]:
    """Everything that answers the search, in lines of at most `cells` cells.

    What stands in two sections is found once.
    """
    lines: list[Line] = []
    told: set[tuple[str, str]] = set()
    for section in sections:
        entries = [entry for entry in section.entries if entry.answers(query)]
        if query:
            entries = [entry for entry in entries if entry.name not in told]
            told |= {entry.name for entry in entries}
        if entries:
            lines += [()] if lines else []
            lines.append((Span(f" {section.title}", "strong"),))
            for entry in entries:
                lines += entry.lines(cells)
    return lines or [(Span(" Nothing has these words: esc shows all again.", "muted"),)]
