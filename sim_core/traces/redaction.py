"""Takes out of a trace whom it is about, so that it can be given away.

Cards and their groups, serial numbers, SIM cards, vehicles, hosts and paths of URLs, passwords and
keys, places, and the names of the charge points give way to stand-ins of the same shape
(`sim_core.traces.stand_ins`). What the charger does, its words, its numbers, its spelling and its
times stay as they were, and so do ids of transactions and of messages.

What is secret is told by the name of its field, or of the configuration key that it is the value
of; a text of which nothing is known is searched for what looks like an address, a URL, a MAC. What
was found to be secret in one place is replaced in every other: in the answer, in a message id, in
the name of a file, in JSON within a string. So the whole trace is read before the first line of it
is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from sim_core.traces.formats.own import compact
from sim_core.traces.frames import Trace, TraceFrame
from sim_core.traces.messages import CALL, CALLERROR, is_deep, is_readable
from sim_core.traces.sensitive_fields import Kind, Pairs, kind_of_field, kind_of_value
from sim_core.traces.stand_ins import StandIns, says_nothing

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}://)([^\s\"'<>]+)")
EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}")
MAC = re.compile(r"(?<![0-9A-Fa-f:.-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])")
MARKED = re.compile(r"\b(?:VID|MAC|MACID|EVCCID|EMAID|VIN)[:_= ]{1,2}[0-9A-Za-z-]{4,36}\b")
VIN = re.compile(r"\b(?=[A-HJ-NPR-Z]*\d)(?=\d*[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{17}\b")
EMAID = re.compile(r"\b[A-Z]{2}-?[A-Z0-9]{3}-?C[A-Z0-9]{8}(?:-?[A-Z0-9])?\b")
IPV4 = re.compile(
    r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"
)
IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4}){1,4}(?![\w:])")
POSITION = re.compile(r"-?\d{1,3}\.\d{4,}\s*[,;]\s*-?\d{1,3}\.\d{4,}")
LOOK_SECRET = (MARKED, MAC, IPV6, VIN, EMAID, POSITION)
PEM = re.compile(r"(-----BEGIN [A-Z ]+-----)(.*?)(-----END [A-Z ]+-----|\Z)", re.DOTALL)
WORD = re.compile(r"[0-9A-Za-z:+-]{6,}")
MANY_DIGITS = 6
"""In a word of what a vendor has written: then it is a number of something, not a measure."""
STAMP = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|(?:19|20)\d{6}(?:\d{4}|\d{6})?|\d\d:\d\d-\d\d:\d\d"
)
UUID_OF_A_MAC = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?1[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?([0-9a-f]{12})\b",
    re.IGNORECASE,
)
"""Version 1 has the network card in its last part."""
WORDS_OF_PATHS = frozenset(
    {
        "ocpp",
        "ocppj",
        "ocpp1.6",
        "ocpp16",
        "ocpp201",
        "ocpp2.0.1",
        "1.6",
        "1.6j",
        "2.0.1",
        "ws",
        "wss",
        "websocket",
        "steve",
        "services",
        "centralsystemservice",
        "firmware",
        "diagnostics",
        "logs",
        "log",
        "upload",
        "download",
        "api",
        "v1",
        "v2",
    }
)
EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}(?:\.[A-Za-z]{1,4})?\Z")

COLON = re.compile(r"\s*:")
LITERAL = re.compile(
    r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[\[\]{},:]|true|false|null', re.DOTALL
)
SHORTEST_ELSEWHERE = 4
"""A shorter secret is replaced in its own field only: it comes up anywhere by chance."""
LONGEST_ELSEWHERE = 64
SURE_LENGTH, SURE_DIGITS, SURE_DIFFERENT = 6, 4, 3
"""A secret like this is found within words, too."""


class Redactor:
    """Redacts the frames of one trace, or of several that belong together."""

    def __init__(self, key: bytes | None = None) -> None:
        self._stand_ins = StandIns(key)
        self._secrets: dict[str, None] = {}
        self._given: dict[str, str] = {}
        """What was given once stays, whatever is learnt later to be a part of it."""
        self._elsewhere: re.Pattern[str] | None = None

    def learn(self, frames: Iterable[TraceFrame]) -> None:
        """Find out what is secret, before anything is written."""
        before = len(self._secrets)
        for frame in frames:
            if frame.charge_point:
                self._keep_secret(frame.charge_point)
            text = _text_of(frame)
            if is_readable(text):
                self._learn_text(text)
        if len(self._secrets) > before:
            self._elsewhere = None

    def frame(self, frame: TraceFrame) -> TraceFrame:
        """The frame without its secrets; one that is no JSON has no message then."""
        text = _text_of(frame)
        name = self.name(frame.charge_point)
        if not is_readable(text):
            return replace(frame, text=self.text(text), message=(), charge_point=name)
        text = self._rewritten(text)
        message = json.loads(text)
        parts = tuple(message) if isinstance(message, list) else ()
        return replace(frame, text=text, message=parts, charge_point=name)

    def trace(self, trace: Trace) -> Trace:
        """The trace without its secrets."""
        self.learn(trace.frames)
        frames = tuple(self.frame(frame) for frame in trace.frames)
        return replace(trace, frames=frames, name=self.text(trace.name))

    def name(self, charge_point: str) -> str:
        """The stand-in of a charge point's id."""
        return self._secret(charge_point) if charge_point else ""

    def text(self, text: str, kind: Kind = Kind.FILE) -> str:
        """A text without the secrets that are known, and without what looks like one."""
        return self._value(text, kind)

    # -- what is secret ----------------------------------------------------------------------------

    def _keep_secret(self, text: str) -> None:
        if not says_nothing(text) and len(text) <= LONGEST_ELSEWHERE:
            self._secrets[text] = None

    def _learn_text(self, text: str, above: Kind | None = None) -> None:
        for value, kind in _values(_parsed(text), above):
            if kind is Kind.SECRET and isinstance(value, str):
                self._keep_secret(value)
            elif isinstance(value, str):
                self._stand_ins.avoid(found[0] for found in IPV4.finditer(value))
            if kind in (Kind.TEXT, Kind.OPAQUE) and (inner := _json_in(value)) is not None:
                self._learn_text(inner, kind)

    def _known(self) -> re.Pattern[str]:
        """Finds the secrets that are known, wherever they come up."""
        if self._elsewhere is None:
            sure, others = [], []
            for secret in self._secrets:
                if _is_sure(secret):
                    sure.append(secret)
                elif len(secret) >= SHORTEST_ELSEWHERE:
                    others.append(secret)
            parts = [_any_of(sure)] if sure else []
            if others:
                parts.append(rf"(?<![^\W_])(?:{_any_of(others)})(?![^\W_])")
            self._elsewhere = re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)
        return self._elsewhere

    def _secret(self, text: str) -> str:
        """A secret by its stand-in; other secrets that are parts of it keep theirs."""
        if (given := self._given.get(text)) is not None:
            return given
        known = self._known()
        parts: list[str] = []
        at = 0
        end = max(0, len(text) - 1)  # not itself
        while (found := known.search(text, at, end)) or (
            not at and (found := known.search(text, 1))
        ):
            parts += [self._stand_ins.of(text[at : found.start()]), self._secret(found[0])]
            at, end = found.end(), len(text)
        self._given[text] = made = "".join([*parts, self._stand_ins.of(text[at:])])
        return made

    # -- the frames --------------------------------------------------------------------------------

    def _rewritten(self, text: str, above: Kind | None = None) -> str:
        """JSON with its strings and numbers redacted, and all between them as it was; `above` is
        what it is part of, where it is no frame."""
        kinds = iter([kind for _, kind in _values(_parsed(text), above)])
        parts: list[str] = []
        at = 0
        objects: list[bool] = []
        for found in LITERAL.finditer(text):
            token = found[0]
            if token in "[{":
                objects.append(token == "{")
            elif token in "]}":
                objects.pop()
            if token in "[]{},:":
                continue
            is_name = bool(objects) and objects[-1] and _is_name(text, found.end())
            kind = Kind.TEXT if is_name else next(kinds)
            parts += [text[at : found.start()], self._literal(token, kind, is_name=is_name)]
            at = found.end()
        return "".join([*parts, text[at:]])

    def _literal(self, token: str, kind: Kind, *, is_name: bool) -> str:
        if token[0] != '"':
            is_number = token[0] in "-0123456789"
            return self._stand_ins.number(token) if is_number and kind is Kind.SECRET else token
        value = json.loads(token)
        made = self._known().sub(self._in_name, value) if is_name else self._value(value, kind)
        if made == value:
            return token
        written = json.dumps(made, ensure_ascii=token.isascii())
        return written.replace("/", "\\/") if "\\/" in token else written

    def _value(self, value: str, kind: Kind) -> str:
        if kind is Kind.KEPT:
            return value
        if kind is Kind.SECRET:
            return self._secret_text(value)
        if kind is Kind.HOST:
            return self._host(value)
        if kind is Kind.MESSAGE_ID:
            value = UUID_OF_A_MAC.sub(self._of_a_mac, value)
            return self._known().sub(self._found, value)
        if (inner := _json_in(value)) is not None:
            return self._rewritten(inner, kind)
        return self._searched(value, numbers=kind in (Kind.OPAQUE, Kind.FILE))

    def _secret_text(self, value: str) -> str:
        if URL.search(value) or PEM.search(value):
            return self._searched(value)
        return self._secret(value)

    def _searched(self, text: str, *, numbers: bool = False) -> str:
        """A text without the secrets that are known, and without what looks like one; `numbers`:
        long numbers are somebody's, too."""
        stand_in = self._stand_ins
        steps: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
            (PEM, lambda found: found[1] + stand_in.of(found[2]) + found[3]),
            (URL, self._url),
            (EMAIL, self._email),
            (self._known(), self._found),
            *((pattern, lambda found: stand_in.of(found[0])) for pattern in LOOK_SECRET),
            (IPV4, lambda found: stand_in.host(found[0])),
        ]
        if numbers:
            steps.append((WORD, self._word))
        pieces = [(text, False)]
        for pattern, made in steps:
            pieces = [
                piece
                for one, done in pieces
                for piece in ([(one, True)] if done else _replaced(pattern, made, one))
            ]
        return "".join(one for one, _ in pieces)

    def _found(self, found: re.Match[str]) -> str:
        return self._secret(found[0])

    def _in_name(self, found: re.Match[str]) -> str:
        """In the name of a field only what cannot be there by chance is replaced."""
        return self._secret(found[0]) if _digits(found[0]) >= SURE_DIGITS else found[0]

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        if STAMP.fullmatch(word) or _digits(word) < MANY_DIGITS:
            return word
        return self._stand_ins.of(word)

    def _of_a_mac(self, found: re.Match[str]) -> str:
        return found[0][: -len(found[1])] + self._stand_ins.of(found[1])

    def _email(self, found: re.Match[str]) -> str:
        name, _, host = found[0].partition("@")
        return f"{self._stand_ins.of(name)}@{self._stand_ins.host(host)}"

    def _host(self, value: str) -> str:
        if URL.search(value) or " " in value.strip():
            return self._searched(value)
        host, colon, rest = value.partition(":")
        if rest and not rest.partition("/")[0].isdecimal():
            return self._searched(value) if "::" not in value else self._stand_ins.of(value)
        port, slash, path = rest.partition("/")
        return f"{self._stand_ins.host(host)}{colon}{port}{slash}{self._path(path)}"

    def _url(self, found: re.Match[str]) -> str:
        scheme, rest = found[1], found[2]
        bare = rest.rstrip(".,;:!)]}")
        behind = rest[len(bare) :]
        before, at, place = bare.rpartition("@")
        users = "".join(self._whole(one) for one in re.split(r"([:/?#@])", before)) + at
        end = re.search(r"[/?#]", place)
        host, tail = (place[: end.start()], place[end.start() :]) if end else (place, "")
        name, colon, port = host.partition(":") if not host.startswith("[") else (host, "", "")
        known = self._known().fullmatch(name)
        shown = self._found(known) if known else self._stand_ins.host(name)
        return f"{scheme}{users}{shown}{colon}{port}{self._path(tail)}{behind}"

    def _path(self, path: str) -> str:
        return "".join(self._segment(one) for one in re.split(r"([/?#&=;])", path))

    def _segment(self, text: str) -> str:
        if not text or text in "/?#&=;" or text.casefold() in WORDS_OF_PATHS:
            return text
        extension = found[0] if (found := EXTENSION.search(text)) else ""
        stem = text[: len(text) - len(extension)]
        return self._whole(stem) + extension

    def _whole(self, text: str) -> str:
        """All of a text, where it is part of a URL."""
        return self._secret(text) if text and text not in ":/?#@" else text


# -- what is what ----------------------------------------------------------------------------------


def _text_of(frame: TraceFrame) -> str:
    return frame.text or compact(list(frame.message))


def _parsed(text: str) -> Any:
    return json.loads(text, object_pairs_hook=lambda items: Pairs(tuple(items)))


def _json_in(value: object) -> str | None:
    """The JSON that a string has in it; None where it has none."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        inner = json.loads(value)
        compact(inner)
    except (ValueError, RecursionError):
        return None
    too_deep = is_deep(value, 0, len(value))
    return value if isinstance(inner, (dict, list)) and not too_deep else None


def _is_name(text: str, end: int) -> bool:
    """Whether the string that ends there is the name of a field."""
    return COLON.match(text, end) is not None


def _is_sure(secret: str) -> bool:
    """Whether it is not by chance where it comes up within a word."""
    different = len(set(secret)) >= SURE_DIFFERENT
    return len(secret) >= SURE_LENGTH and _digits(secret) >= SURE_DIGITS and different


def _digits(text: str) -> int:
    return sum(one.isdigit() for one in text)


def _replaced(
    pattern: re.Pattern[str], made: Callable[[re.Match[str]], str], text: str
) -> Iterator[tuple[str, bool]]:
    """The pieces of a text: what was found as what is made of it, and what lies between."""
    at = 0
    for found in pattern.finditer(text):
        yield text[at : found.start()], False
        yield made(found), True
        at = found.end()
    yield text[at:], False


def _values(value: Any, above: Kind | None) -> Iterator[tuple[Any, Kind]]:
    """Every string, number and word of a value, in the order of its text, and what each is.
    `above` is None where it is a frame of OCPP-J."""
    if above is not None or not isinstance(value, list):
        yield from _within(value, above or Kind.TEXT)
        return
    for place, one in enumerate(value):
        if place == 1 and isinstance(one, str):
            yield one, Kind.MESSAGE_ID
        elif place == 2 and isinstance(one, str) and value[0] in (CALL, CALLERROR):
            yield one, Kind.KEPT
        else:
            yield from _within(one, Kind.TEXT)


def _within(value: Any, kind: Kind) -> Iterator[tuple[Any, Kind]]:
    if isinstance(value, list):
        for one in value:
            yield from _within(one, kind)
    elif isinstance(value, Pairs):
        named = kind_of_value(value)
        for name, one in value.items:
            yield from _within(one, kind_of_field(name, one, value, kind, named))
    else:
        yield value, kind


def _any_of(words: Iterable[str]) -> str:
    """A pattern of one of these, the longest first, that shares what they begin with."""
    tree: dict[str, Any] = {}
    for word in words:
        here = tree
        for letter in word:
            here = here.setdefault(letter, {})
        here[""] = {}
    return _pattern(tree)


def _pattern(tree: dict[str, Any]) -> str:
    parts: list[str] = []
    optional = "" in tree
    for letter, below in tree.items():
        if not letter:
            continue
        text = letter
        while len(below) == 1 and "" not in below:
            ((further, below),) = below.items()
            text += further
        parts.append(re.escape(text) + (_pattern(below) if set(below) != {""} else ""))
    if not parts:
        return ""
    body = parts[0] if len(parts) == 1 and not optional else f"(?:{'|'.join(parts)})"
    return f"{body}?" if optional else body
