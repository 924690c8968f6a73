"""The small language that picks messages: `action:Meter* c:1 tx:1042 err slow>500 !Boot "text"`.

Every term must hold; `!` turns one round. A bare word is looked for in the action and in both
frames. What cannot be understood is answered with a sentence, and nothing is hidden meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sim_core.wire.message_log import Direction, Exchange, ExchangeState

Test = Callable[[Exchange], bool]

LANGUAGE: tuple[tuple[str, str], ...] = (
    ("word", "somewhere in the action or the frames"),
    ('"two words"', "exactly this text"),
    ("action:Meter*", "the action, with * and ?"),
    ("c:1", "the connector"),
    ("tx:1042", "the transaction"),
    ("err", "answered by an error, or not at all"),
    ("wait", "still without an answer"),
    ("slow>500", "answered after more than 500 ms"),
    ("sent  recv", "who asked: the charge point, the CSMS"),
    ("!term", "the opposite"),
)

_TERM = re.compile(r'(!?)(?:"([^"]*)"?|(\S+))')
_SLOW_STARTS = ("slow>", "slow<", "slow=", "slow:")
_SLOW = re.compile(r"slow>(\d+(?:\.\d+)?)(ms|s)?$", re.IGNORECASE)


_MEANT: dict[str, str] = {
    **dict.fromkeys(("connector", "connectorid", "conn", "cid"), "c:1"),
    **dict.fromkeys(("transaction", "transactionid", "txid"), "tx:1042"),
    **dict.fromkeys(("act", "message", "msg", "type"), "action:Meter*"),
}
"""What somebody means who guesses a name: taken for text, it would hide everything."""


class FilterError(Exception):
    """The text cannot be understood; the message is the sentence that says why."""


@dataclass(frozen=True)
class LogFilter:
    """A compiled filter; the empty one lets everything pass."""

    text: str = ""
    tests: tuple[tuple[bool, Test], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tests)

    def matches(self, exchange: Exchange) -> bool:
        """Whether every term holds."""
        return all(test(exchange) is wanted for wanted, test in self.tests)


def failed(exchange: Exchange) -> bool:
    """Whether the exchange went wrong."""
    return exchange.state in (ExchangeState.ERROR, ExchangeState.UNANSWERED) or (
        exchange.direction is Direction.NOISE
    )


def _text_test(word: str) -> Test:
    wanted = word.casefold()

    def test(exchange: Exchange) -> bool:
        return (
            wanted in exchange.action.casefold()
            or wanted in exchange.request.casefold()
            or wanted in exchange.answer.casefold()
            or wanted in exchange.injected.casefold()
        )

    return test


def _action_test(pattern: str) -> Test:
    wanted = pattern.casefold()
    return lambda exchange: fnmatchcase(exchange.action.casefold(), wanted)


def _number(name: str, value: str) -> int:
    if not value.isdecimal():
        raise FilterError(f"{name} wants a number, not {value!r}")
    return int(value)


_WORDS: dict[str, Test] = {
    "err": failed,
    "wait": lambda exchange: exchange.state is ExchangeState.WAITING,
    "sent": lambda exchange: exchange.direction is Direction.SENT,
    "recv": lambda exchange: exchange.direction is Direction.RECEIVED,
}


def _term(word: str) -> Test:
    lower = word.lower()
    if lower in _WORDS:
        return _WORDS[lower]
    if lower.startswith(_SLOW_STARTS):
        found = _SLOW.match(word)
        if found is None:
            raise FilterError(f"slow> wants milliseconds, as in slow>500, not {word!r}")
        limit = float(found[1]) / (1 if (found[2] or "").lower() == "s" else 1000)
        return lambda exchange: exchange.latency_s is not None and exchange.latency_s > limit
    name, colon, value = word.partition(":")
    if colon and (meant := _MEANT.get(name.lower())):
        raise FilterError(f"{name}: is no term, {meant} is; in quotes it is looked for as text")
    if colon and name.lower() in ("c", "tx", "action"):
        if not value:
            raise FilterError(f"{name}: wants a value")
        if name.lower() == "action":
            return _action_test(value)
        number = _number(f"{name}:", value)
        if name.lower() == "c":
            return lambda exchange: exchange.connector_id == number
        return lambda exchange: exchange.transaction_id == number
    return _text_test(word)


def parse(text: str) -> LogFilter:
    """Compile a filter. Raises FilterError with a sentence."""
    tests: list[tuple[bool, Test]] = []
    for negated, quoted, word in _TERM.findall(text):
        if word == "!" or not (quoted or word):
            continue  # still being typed
        tests.append((not negated, _text_test(quoted) if quoted else _term(word)))
    return LogFilter(text.strip(), tuple(tests))
