"""A picture of a charge point as JSON: whole, and as what has changed since another.

Whoever looks from another computer gets the picture once and then only what is new in it, as a JSON
Patch (RFC 6902: `add`, `remove`, `replace`). A picture is frozen and its parts compare equal where
nothing has happened in them, so what has changed is found without making JSON of the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from sim_core.snapshot import StationSnapshot

Document = dict[str, Any]
Change = dict[str, Any]
"""One operation of a JSON Patch."""

FARTHEST = 40
"""By so many places a list is looked at for having moved on: a trace gains a value a second."""


class PatchError(Exception):
    """What should have changed is not there: the document is not the one that was meant."""


class NoPictureError(Exception):
    """This is no picture of a charge point, or one of another version of the program."""


def encoded(value: object) -> Any:
    """A picture, or a part of one, as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        # a text from the wire may hold half a character, which nobody else could read
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [encoded(one) for one in value]
    if isinstance(value, Mapping):
        return {encoded(key): encoded(one) for key, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: encoded(getattr(value, name)) for name in _names(value)}
    return value


def decoded(document: Document) -> StationSnapshot:
    """The picture that this was. Raises NoPictureError with a sentence."""
    from pydantic import ValidationError

    try:
        picture: StationSnapshot = _reader().validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise NoPictureError(f"{where}: {first['msg']}") from None
    return picture


def schema(template: str) -> tuple[Document, dict[str, Document]]:
    """The JSON schema of a picture, and those of its parts; `template` makes a reference of a name,
    as in `#/components/schemas/{model}`."""
    made = _reader().json_schema(ref_template=template, mode="serialization")
    return made, made.pop("$defs", {})


@lru_cache(maxsize=1)
def _reader() -> Any:
    from pydantic import TypeAdapter  # slow to import, and most runs show no picture to anybody

    return TypeAdapter(StationSnapshot)


def _names(value: Any) -> tuple[str, ...]:
    """The fields of a part of a picture."""
    kind = type(value)
    if kind not in _NAMES:
        _NAMES[kind] = tuple(one.name for one in dataclasses.fields(kind))
    return _NAMES[kind]


_NAMES: dict[type, tuple[str, ...]] = {}


# -- what has changed ------------------------------------------------------------------------------


def changes(before: StationSnapshot, after: StationSnapshot) -> list[Change]:
    """What makes the JSON of one picture that of another, in the order in which it is done."""
    return list(_changes(before, after, ""))


def _changes(before: Any, after: Any, path: str) -> Iterator[Change]:
    if before is after or (type(before) is type(after) and before == after):
        return
    if dataclasses.is_dataclass(after) and type(before) is type(after):
        for name in _names(after):
            yield from _changes(getattr(before, name), getattr(after, name), f"{path}/{name}")
    elif isinstance(after, tuple) and isinstance(before, tuple):
        yield from _in_list(before, after, path)
    elif isinstance(after, Mapping) and isinstance(before, Mapping):
        yield from _in_mapping(before, after, path)
    else:
        yield _replace(path, after)


def _in_mapping(
    before: Mapping[str, object], after: Mapping[str, object], path: str
) -> Iterator[Change]:
    for key in before:
        if key not in after:
            yield {"op": "remove", "path": f"{path}/{_escaped(key)}"}
    for key, value in after.items():
        place = f"{path}/{_escaped(key)}"
        if key not in before:
            yield {"op": "add", "path": place, "value": encoded(value)}
        else:
            yield from _changes(before[key], value, place)


def _in_list(before: tuple[Any, ...], after: tuple[Any, ...], path: str) -> Iterator[Change]:
    if before and len(after) - len(before) <= FARTHEST and after[: len(before)] == before:
        yield from _put(path, len(before), after[len(before) :])
        return
    for by in range(1, min(FARTHEST, len(before) - 1, len(after) - 1) + 1):
        if before[by:] == after[: len(before) - by]:  # the first have gone, others came behind
            yield from _cut(path, 0, by)
            yield from _put(path, len(before) - by, after[len(before) - by :])
            return
        if after[by:] == before[: len(after) - by]:  # new ones stand in front, the last have gone
            yield from _cut(path, len(after) - by, len(before) - (len(after) - by))
            yield from _put(path, 0, after[:by])
            return
    if len(before) == len(after) and all(dataclasses.is_dataclass(one) for one in after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _changes(old, new, f"{path}/{place}")
    else:
        yield _replace(path, after)


def _cut(path: str, place: int, count: int) -> Iterator[Change]:
    for _ in range(count):
        yield {"op": "remove", "path": f"{path}/{place}"}


def _put(path: str, place: int, items: tuple[Any, ...]) -> Iterator[Change]:
    for number, item in enumerate(items, place):
        yield {"op": "add", "path": f"{path}/{number}", "value": encoded(item)}


def _replace(path: str, value: object) -> Change:
    return {"op": "replace", "path": path, "value": encoded(value)}


def _escaped(key: str) -> str:
    return str(encoded(key)).replace("~", "~0").replace("/", "~1")


# -- taking it over --------------------------------------------------------------------------------


def patch(document: Document, todo: list[Change]) -> None:
    """Change a document in place. Raises PatchError where it is not the one that was meant; then it
    is half changed."""
    try:
        for change in todo:
            _apply(document, change)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise PatchError(f"{type(error).__name__}: {error}") from None


def _apply(document: Any, change: Change) -> None:
    *way, last = [
        part.replace("~1", "/").replace("~0", "~") for part in change["path"].split("/")[1:]
    ]
    for part in way:
        document = document[int(part)] if isinstance(document, list) else document[part]
    kind = change["op"]
    if isinstance(document, list):
        _apply_in_list(document, kind, int(last), change)
    elif kind == "remove":
        del document[last]
    elif kind in ("add", "replace"):
        document[last] = change["value"]
    else:
        raise ValueError(f"there is no operation {kind!r} here")


def _apply_in_list(items: list[Any], kind: str, place: int, change: Change) -> None:
    if not 0 <= place < len(items) + (kind == "add"):
        raise IndexError(f"there is no place {place}")
    if kind == "remove":
        del items[place]
    elif kind == "add":
        items.insert(place, change["value"])
    elif kind == "replace":
        items[place] = change["value"]
    else:
        raise ValueError(f"there is no operation {kind!r} here")
