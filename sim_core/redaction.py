"""What may be shown: without secrets, and as one line that no terminal obeys.

A URL may carry a name, a password and a token, a frame may set a key that is a secret, and a text
that a CSMS chose may carry anything. Whoever shows one, in a log, over HTTP or in an error, shows
what is made of it here.

There is one reader of URLs, and it trusts none: a password that was typed as it is may have `/`,
`?`, `#` or `@` in it, and no parser finds its end then. So what stands between `://` and the last
`@` is hidden, and so is what follows the `?` or `#` behind it. Where it cannot be told whether that
`@` belongs to a password or to a token, nothing behind the `://` is shown at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

HIDDEN = "(hidden)"
SECRET = "(secret)"
"""In the place of a value that a frame sets; see `public_frame`."""

KEY_CODE = "KeyCode"
"""The type of an idToken that is a code (IdTokenEnumType)."""
LITERAL = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)("|\\?\Z)', re.DOTALL)
"""A string of JSON, wherever in a text; the last one may be cut off."""
IN_FRAME = re.compile(r"(:(?:\\?/){2})([^\s\"\\]*(?:\\.[^\s\"\\]*)*)")
IN_SENTENCE = re.compile(r"(://)(\S*)")
WHOLE_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
TOKEN = re.compile(
    r"([?&;][\w.-]{0,40}(?:sig|token|key|secret|passw|credential|auth)[\w.-]{0,40}=)[^&;#\s\"']+",
    re.IGNORECASE,
)
"""A parameter that sounds like a secret, in what is left of a URL that somebody has cut up."""
AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.%]*\]|[^:@\[\]]*)(?::[0-9]*)?")
MARKS = re.compile(r"[?#]")
NOT_LETTERS = re.compile(r"[\W_]+")
REPORTED = frozenset({"component", "variable", "variableAttribute", "variableCharacteristics"})
"""The fields of an entry of a report."""
FRAME_NAMES = frozenset(
    {"key", "value", "vendorid", "messageid", "data", "component", "variable", "name"}
    | {"variableattribute", "variablecharacteristics", "mutability"}
)
"""Names of fields that are shown in a frame of which nothing else is."""


def public_url(url: str) -> str:
    """`url` without the name, the password, the query and the fragment that may be in it.

    What is no URL is shown as it is, but for what stands before an @ and behind a ?.
    """
    scheme, mark, rest = url.partition("://")
    if not mark:
        return _tail_hidden(_until_at(url))
    shown = f"{_until_at(scheme)}{mark}{_rest(rest)}"
    try:
        urlsplit(shown)
    except ValueError:  # brackets without an end
        return HIDDEN
    return shown


def without_users(text: str) -> str:
    """A text, a frame or a line of a log, without the users of the URLs in it, nor their queries.

    A string of JSON is read as JSON does, whatever is written as an escape in it.
    """
    if "://" not in text and "\\" not in text and "?" not in text:
        return text
    form = IN_FRAME if text.lstrip()[:1] in ("[", "{") else IN_SENTENCE
    text = form.sub(_in_text, text)
    if '"' in text:
        text = LITERAL.sub(_literal, text)
    return TOKEN.sub(rf"\1{HIDDEN}", text)


def public_frame(text: str, secret_keys: frozenset[str] = frozenset(), limit: int = 65_536) -> str:
    """The first `limit` characters of a frame, as they may be kept: without passwords, and without
    the value of a secret key.

    A code of a keypad (idToken of type KeyCode, OCPP 2.0.1 C04) is never shown, whoever says it.

    `secret_keys` are the names of configuration keys in lower case. A frame that names one, however
    it writes that and whether or not OCPP knows such a frame, shows no other value of its payload;
    one that is no JSON shows nothing. To ask for keys (GetConfiguration) sets none, and of a report
    (NotifyReport) each entry is looked at by itself.
    """
    if KEY_CODE in text or ("\\u" in text and KEY_CODE in _unescaped(text)):
        text = _without_codes(text)
    if secret_keys and names_secret(text, secret_keys):
        text = _without_values(text, secret_keys)
    return without_users(text[: 2 * limit])[:limit]


def names_secret(text: str, secret_keys: Iterable[str]) -> bool:
    """Whether a frame names one of these keys, whatever its case, its blanks and its escapes."""
    folded = (_unescaped(text) if "\\" in text else text).casefold()
    letters = frozenset(folded)
    return any(
        letters.issuperset(key) and key in NOT_LETTERS.sub("", folded) for key in secret_keys
    )


def one_line(text: str) -> str:
    """`text` without anything that a terminal would obey: such characters show as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# -- URLs ------------------------------------------------------------------------------------------


def _rest(rest: str) -> str:
    """What stands behind `://`."""
    before, at, place = rest.rpartition("@")
    if not at:
        return _tail_hidden(rest)
    marks = [found.start() for found in MARKS.finditer(before)]
    if marks:
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        # A host may end there, or a name and password: then the @ is one of the query.
        if AUTHORITY.fullmatch(authority.rpartition("@")[2]) or "@" in before[: marks[-1]]:
            return HIDDEN
    return f"{HIDDEN if before else ''}@{_tail_hidden(place)}"


def _in_text(found: re.Match[str]) -> str:
    """A URL in a sentence: quotes and stops behind it are not part of it."""
    rest: str = found[2]
    bare = rest.rstrip(".,;:!'\")]}>")
    bare += ")" * (bare + ")").endswith(HIDDEN)
    return f"{found[1]}{_rest(bare)}{rest[len(bare) :]}"


def _until_at(text: str) -> str:
    before, at, after = text.rpartition("@")
    return f"{HIDDEN}@{after}" if at and before else text


def _tail_hidden(text: str) -> str:
    found = MARKS.search(text)
    if found is None or found.end() == len(text):
        return text
    return f"{text[: found.end()]}{HIDDEN}"


def _literal(found: re.Match[str]) -> str:
    """A string of JSON with its URLs made public; as it was where there is nothing to hide."""
    body, ends = found[1], found[2] == '"'
    if "\\" not in body and "://" not in body:
        return str(found[0])
    said = _unescaped(body)
    if not WHOLE_URL.match(said):
        shown = IN_SENTENCE.sub(_in_text, said)
    elif ends:
        shown = public_url(said)
    else:  # the @ may have been cut off
        shown = f"{said.partition('://')[0]}://{HIDDEN}"
    if shown == said:
        return str(found[0])
    return json.dumps(shown)[: None if ends else -1]


def _unescaped(text: str) -> str:
    """The text of a string of JSON, as far as its escapes make sense."""
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
        return text.replace("\\/", "/")


# -- frames ----------------------------------------------------------------------------------------


def _without_codes(text: str) -> str:
    def shown(value: Any) -> Any:
        if isinstance(value, list):
            return [shown(one) for one in value]
        if not isinstance(value, dict):
            return value
        coded = value.get("type") == KEY_CODE and "idToken" in value
        said = {**value, "idToken": SECRET} if coded else value
        return {name: shown(one) for name, one in said.items()}

    try:
        message = json.loads(text)
        hidden = shown(message)
        return text if hidden == message else json.dumps(hidden, separators=(",", ":"))
    except (ValueError, RecursionError):
        return f"{SECRET}: {len(text)} characters that are no JSON and name a code of a keypad"


def _without_values(text: str, secret_keys: frozenset[str]) -> str:
    def shown(value: Any) -> Any:
        if isinstance(value, dict):
            return {name(key): shown(one) for key, one in value.items()}
        if isinstance(value, list):
            return [shown(one) for one in value]
        return value if isinstance(value, str) and is_key(value) else SECRET

    def name(text: str) -> str:
        return text if text.casefold() in FRAME_NAMES or is_key(text) else SECRET

    def entries(value: Any) -> Any:
        """A field of a report: what of it names no secret key is not that key's value."""
        if isinstance(value, list):
            return [entries(one) for one in value]
        told = json.dumps(value, ensure_ascii=False)
        return shown(value) if names_secret(told, secret_keys) else value

    def head(value: Any) -> Any:
        """One of the first three things in a frame: its kind, its id, its action."""
        told = isinstance(value, int) or (
            isinstance(value, str) and not names_secret(value, secret_keys)
        )
        return value if told else shown(value)

    def is_key(text: str) -> bool:
        return NOT_LETTERS.sub("", text.casefold()) in secret_keys

    try:
        message = json.loads(text)
        if _only_asks(message):
            return text
        if _is_report(message):
            message[3] = {key: entries(value) for key, value in message[3].items()}
        elif isinstance(message, list):
            message = [*map(head, message[:3]), *map(shown, message[3:])]
        else:
            message = shown(message)
        return json.dumps(message, separators=(",", ":"))
    except (ValueError, RecursionError):
        return f"{SECRET}: {len(text)} characters that are no JSON and name a key that is a secret"


def _only_asks(message: object) -> bool:
    """Whether a frame is GetConfiguration and nothing else, which names keys and sets none."""
    if not isinstance(message, list) or message[:1] + message[2:3] != [2, "GetConfiguration"]:
        return False
    payload = message[3] if len(message) == 4 else None
    asked = payload.get("key") if isinstance(payload, dict) and len(payload) == 1 else None
    return isinstance(asked, list) and all(isinstance(key, str) for key in asked)


def _is_report(message: object) -> bool:
    """Whether a frame is NotifyReport (2.0.1 B07, B08), whose entries name one variable each."""
    if not isinstance(message, list) or message[:1] + message[2:3] != [2, "NotifyReport"]:
        return False
    payload = message[3] if len(message) == 4 else None
    fields = {"requestId", "generatedAt", "tbc", "seqNo", "reportData"}
    if not isinstance(payload, dict) or not payload.keys() <= fields:
        return False
    data = payload.get("reportData")
    return isinstance(data, list) and all(_is_of_one_variable(one) for one in data)


def _is_of_one_variable(entry: object) -> bool:
    """Whether an entry has its value beside the name that it is of."""
    if not isinstance(entry, dict) or not entry.keys() <= REPORTED:
        return False
    variable = entry.get("variable")
    return isinstance(variable, dict) and isinstance(variable.get("name"), str)
