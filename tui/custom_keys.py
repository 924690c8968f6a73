"""Keys that a user has moved: the table `[keys]` of the config file, laid over the key table.

What Textual offers for this ignores a name that it does not know, and takes a key from another
action without a word. Here both are a sentence before the first frame. A key may be taken from an
action that is given another one in the same table; an empty value leaves an action to the palette.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sim_core.settings.spelling import did_you_mean
from tui.keymap import TABLE_KEYS, Keymap, Row

MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
NAMED_KEYS: dict[str, str] = {
    "enter": "enter",
    "escape": "esc",
    "tab": "tab",
    "space": "space",
    "backspace": "backspace",
    "delete": "del",
    "insert": "ins",
    "home": "home",
    "end": "end",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "up",
    "down": "down",
    "left": "left",
    "right": "right",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
"""Keys that print nothing, as they are written and as they are shown."""
SPELLINGS: dict[str, str] = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
    # a terminal sends the same byte for both
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
}
TAKEN_BY_THE_SCREEN: dict[str, str] = {
    "ctrl+c": "it copies what is selected",
    "ctrl+q": "it always asks to quit",
}
ALIKE_ENOUGH = 0.5
"""A wide guess: the names are few, and all of them are ours."""
HOW_TO_WRITE = "a key is written like x, X, ?, f5, space, pageup or ctrl+x"


class CustomKeysError(Exception):
    """The table cannot be used; the message is the sentence that says why."""


def custom_keymap(wanted: Mapping[str, str], table: Keymap = TABLE_KEYS) -> Keymap:
    """The key table with the user's keys. Raises CustomKeysError with a sentence.

    `wanted` is action -> its keys with spaces between them; an action that is not in it keeps its
    own.
    """
    rows = tuple(_moved(row, wanted[row.id]) if row.id in wanted else row for row in table.rows)
    for name in wanted:
        _check_name(name, table)
    _check_clashes(rows, wanted)
    return table.having(rows)


def _check_name(name: str, table: Keymap) -> None:
    names = [row.id for row in table.rows]
    if name == "select":
        raise CustomKeysError("select keeps the keys 1 to 9: take it out of the table of keys")
    if name not in names:
        near = did_you_mean(name, names, ALIKE_ENOUGH)
        instead = f"{near!r} is one" if near else f"there are: {', '.join(names)}"
        raise CustomKeysError(f"there is no action {name!r}; {instead}")


def _moved(row: Row, keys: str) -> Row:
    if row.id == "palette" and not keys.strip():
        raise CustomKeysError("palette needs a key: it is the way to every action that has none")
    named: list[str] = []
    shown: list[str] = []
    for written in keys.split():
        names, face = _key(row, written)
        named += names
        shown.append(face)
    return replace(row, keys=tuple(named), shown=shown[0] if shown else "")


def _key(row: Row, written: str) -> tuple[list[str], str]:
    """Textual's names for a key, and how it is shown."""
    if len(written) == 1:
        return _character(row, written), written
    *held, base = (
        written.split("+") if not written.endswith("++") else [*written[:-2].split("+"), "+"]
    )
    modifiers = sorted({one.lower() for one in held}, key=_order)
    base = SPELLINGS.get(base.lower(), base if len(base) == 1 else base.lower())
    if modifiers == ["shift"] and len(base) == 1 and base.isalpha():
        return _character(row, base.upper()), base.upper()
    if "ctrl" in modifiers and len(base) == 1:
        base = base.lower()
    whole = SPELLINGS.get("+".join((*modifiers, base)), "+".join((*modifiers, base)))
    if whole in TAKEN_BY_THE_SCREEN:
        raise CustomKeysError(
            f"{row.id} cannot have {written!r}: {TAKEN_BY_THE_SCREEN[whole]}; choose another key"
        )
    *kept, base = whole.split("+") if not whole.endswith("++") else [*whole[:-2].split("+"), "+"]
    known = base in NAMED_KEYS or (len(base) == 1 and base.isascii() and base.isprintable())
    if not known or any(one not in MODIFIERS for one in kept):
        raise CustomKeysError(f"{row.id} cannot have {written!r}: {HOW_TO_WRITE}")
    name = base if base in NAMED_KEYS else _character_name(base)
    face = NAMED_KEYS.get(base, base)
    front = "".join("^" if one == "ctrl" else f"{one}+" for one in kept)
    return ["+".join((*kept, name))], front + face


def _order(modifier: str) -> int:
    return MODIFIERS.index(modifier) if modifier in MODIFIERS else len(MODIFIERS)


def _character(row: Row, character: str) -> list[str]:
    if not character.isprintable():
        raise CustomKeysError(f"{row.id} cannot have {character!r}: {HOW_TO_WRITE}")
    if character.isdecimal():
        raise CustomKeysError(
            f"{row.id} cannot have {character!r}: 1 to 9 select the connector; choose another key"
        )
    # with the keyboard protocol of newer terminals an upper case letter comes with its shift
    shifted = [f"shift+{character.lower()}"] if character.isalpha() and character.isupper() else []
    return [_character_name(character), *shifted]


def _character_name(character: str) -> str:
    from tui.textual_private import key_name

    return key_name(character)


def _check_clashes(rows: tuple[Row, ...], wanted: Mapping[str, str]) -> None:
    owner: dict[str, Row] = {}
    moved_last = sorted(rows, key=lambda row: row.id in wanted)
    for row in moved_last:
        for key in row.keys:
            if key in owner and owner[key] is not row:
                other = owner[key]
                raise CustomKeysError(
                    f"{row.id} cannot have {_shown(row, key)!r}: {other.id} has it; give that "
                    "one another key in the same table, or choose a free one"
                )
            owner[key] = row


def _shown(row: Row, key: str) -> str:
    return row.shown if row.keys and key in row.keys[:2] else key
