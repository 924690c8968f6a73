"""What somebody typed, and what they probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sim_core.errors import UserError
from sim_core.redaction import one_line, without_users

ALIKE, VERY_ALIKE = 0.6, 0.84
"""How alike two words are, from 0 to 1, for a guess; and for a guess at a word that may well be
somebody else's."""
HELP = frozenset({"-h", "--help"})


class SpellingError(UserError):
    """Something that was typed is not known."""


def did_you_mean(word: str, known: Iterable[str], at_least: float = ALIKE) -> str:
    """The known word that is most like this one; empty when none is."""
    import difflib  # only those who mistyped wait for it

    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=at_least)
    return near[0] if near else ""


def guess(word: str, known: Iterable[str]) -> str:
    """`: did you mean …?`, or a full stop."""
    near = did_you_mean(word, known)
    return f": did you mean {near}?" if near else "."


def with_switches_on(argv: list[str], switches: Collection[str]) -> list[str]:
    """The same words, where a switch that stands alone says `=true`."""
    behind = [*argv[1:], "--"][: len(argv)]
    return [
        f"{word}=true" if word in switches and following.startswith("-") else word
        for word, following in zip(argv, behind, strict=True)
    ]


def in_one_piece(argv: list[str], flags: Mapping[str, str], prog: str) -> list[str]:
    """The words of a command line as `--flag=value`; `flags` has what each may be.

    Raises SpellingError with a sentence for a word that is no flag and for a flag without value.
    """
    pieces: list[str] = []
    words = iter(argv)
    for word in words:
        flag, is_one, text = word.partition("=")
        flag = flag if flag in flags else flag.replace("_", "-")
        if word in HELP:
            pieces.append(word)
            continue
        if flag not in flags:
            raise SpellingError(_not_known(flag, flags, prog))
        if not is_one:
            text = next(words, "--")
            if text in HELP or text == "--" or text.partition("=")[0] in flags:
                raise SpellingError(f"{flag} wants a value: {flags[flag]}.")
        pieces.append(f"{flag}={text}")
    return pieces


def _not_known(word: str, flags: Mapping[str, str], prog: str) -> str:
    word = one_line(without_users(word))
    if word.startswith("-"):
        word = word.partition("=")[0]  # its value may be a secret
        meant = "--" + word.lstrip("-").lower()
        return f"There is no option {word}{guess(meant, flags)} `{prog} --help` explains every one."
    near = did_you_mean(f"--{word.lower()}", flags, VERY_ALIKE)
    hint = (
        f"did you mean {near}?" if near else "an option begins with --, and a command comes first"
    )
    return f"'{word}' is neither an option nor the value of one: {hint}"
