"""Why a value cannot be a configuration key's: the sentence behind Rejected (OCPP 1.6 §5.3).

The answer to ChangeConfiguration has no room for a reason, and a list of twenty measurands of which
one is not known here is refused as a whole (§9.1). So the log says which one it is.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.ocpp16.configuration_keys import Key, Kind
from sim_core.settings.authorization_key import KEY_BYTES

SHOWN = 40
"""Characters of what a CSMS sent."""
MOST_SHOWN = 5
"""So many items are named one by one."""


def why_rejected(key: Key, value: str) -> str:
    """What is wrong with a value that the key does not take, as a sentence without full stop."""
    return "a CSMS may only read it" if key.readonly else WORDS[key.kind](key, value)


def _boolean(key: Key, value: str) -> str:
    return f"it is true or false, not {_shown(value)}"


def _integer(key: Key, value: str) -> str:
    off = ", or 0 for never" if key.off and key.low > 0 else ""
    return f"it is a whole number from {key.low} to {key.high}{off}, not {_shown(value)}"


def _list(key: Key, value: str) -> str:
    raw = value.split(",")
    items = [item.strip() for item in raw]
    unknown = [item for item in items if key.allowed is not None and item not in key.allowed]
    if items != raw:
        return "it is a list with commas and without spaces"
    if unknown and key.allowed is not None:
        named = ", ".join(map(_shown, unknown[:MOST_SHOWN]))
        more = f" and {len(unknown) - MOST_SHOWN} more" if len(unknown) > MOST_SHOWN else ""
        known = ", ".join(key.allowed[: 2 * MOST_SHOWN])
        rest = ", …" if len(key.allowed) > 2 * MOST_SHOWN else ""
        return f"it does not know {named}{more}; it knows {known}{rest}"
    if len(set(items)) != len(items):
        return "an item is in the list twice"
    return f"it takes {key.most} items at most, not {len(items)}"


def _text(key: Key, value: str) -> str:
    if not value.isprintable():
        return f"{_shown(value)} has a character that cannot be printed"
    return f"it takes 500 characters at most, not {len(value)}"


def _secret(key: Key, value: str) -> str:
    least, most = KEY_BYTES[0], KEY_BYTES[-1]
    return (
        f"it is {least} to {most} characters, or twice as many hexadecimal digits; "
        f"{len(value)} characters came"
    )


WORDS: dict[Kind, Callable[[Key, str], str]] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.LIST: _list,
    Kind.TEXT: _text,
    Kind.SECRET: _secret,
}


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")
