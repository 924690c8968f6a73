"""All that a dashboard shows of one charger, as looks: each has what is new since the last.

A look is JSON: the picture (whole in the first look, then what has changed in it), the exchanges
with the CSMS that have changed, what has happened, and the charger's clock; all of one moment. How
far a listener has come is its `Place`: who is slow gets fewer looks and not old ones.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sim_core.events import Event, Ring
from sim_core.picture_json import changes, encoded
from sim_core.redaction import without_users
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import Exchange, MessageLog

AT_ONCE = 40
"""Exchanges of one look: the first picture does not wait for the whole log."""
CHARACTERS = 64 * 1024
"""A look ends early when frames are long."""
REMEMBERED = 300
"""How many exchanges from before a new listener is told of, unless it asks for others."""
EVENTS_BEFORE = 200


@dataclass
class Place:
    """How far a listener has come."""

    picture: StationSnapshot | None
    revision: int
    """Of the messages; those in `until` it were told, but for those behind `number`."""
    until: int
    number: int
    """The last exchange of those that changed between `revision` and `until`; they go out in
    several looks."""
    event: int


@dataclass(frozen=True)
class Asked:
    """How a listener wants to begin."""

    life: str = ""
    """The word of the stream that it goes on with; empty for none."""
    revision: int = 0
    event: int = 0
    messages: int = REMEMBERED


class Shown(Protocol):
    """What there is to be told of."""

    @property
    def snapshot(self) -> StationSnapshot | None:
        """The newest picture; None while there is none, and then nothing is told."""

    @property
    def messages(self) -> MessageLog: ...

    @property
    def events(self) -> Ring[Event]: ...

    def now(self) -> datetime: ...


def as_shown(seen: StationSnapshot) -> StationSnapshot:
    """The picture as strangers may see it."""
    told = tuple(without_users(one) for one in seen.warnings)
    return seen if told == seen.warnings else replace(seen, warnings=told)


class Looks:
    """Makes the looks at one charger."""

    def __init__(self, shown: Shown, about: Mapping[str, object]) -> None:
        """`about` is told with each first picture."""
        self._shown = shown
        self._about = about
        self._life = secrets.token_hex(4)

    def place(self, asked: Asked | None = None) -> Place:
        """Where a listener begins, or goes on."""
        asked = asked or Asked()
        messages, events = self._shown.messages, self._shown.events
        if asked.life == self._life:
            revision = min(asked.revision, messages.revision)
            return Place(None, revision, revision, 0, min(asked.event, events.last))
        first = max(0, messages.count - asked.messages)
        return Place(None, 0, messages.revision, first, max(0, events.last - EVENTS_BEFORE))

    def look(self, place: Place) -> dict[str, Any] | None:
        """What is new for a listener, who then has come so far; None for nothing."""
        told: dict[str, Any] = {}
        seen = self._shown.snapshot
        if seen is None:
            return None
        picture = as_shown(seen)
        if place.picture is None:
            told |= {**self._about, "life": self._life, "picture": encoded(picture)}
        elif picture is not place.picture and (patch := changes(place.picture, picture)):
            told["patch"] = patch
        messages = [] if place.picture is None else self._messages(place)
        if messages:
            told["exchanges"] = messages
            told["revision"] = place.revision
        if happened := self._events(place):
            told["events"] = happened
            told["event"] = place.event
        place.picture = picture
        return {"now": self._shown.now().isoformat(), **told} if told else None

    def clock(self) -> dict[str, Any]:
        """What is told where nothing is new."""
        return {"now": self._shown.now().isoformat()}

    def more(self, place: Place) -> bool:
        """Whether there is more to tell at once."""
        return place.until != place.revision

    def _messages(self, place: Place) -> list[dict[str, Any]]:
        if place.until == place.revision:
            place.until, place.number = self._shown.messages.revision, 0
            if place.until == place.revision:
                return []
        _, changed = self._shown.messages.since(place.revision)
        behind = [one for one in changed if one.number > place.number]
        told: list[dict[str, Any]] = []
        characters = 0
        for one in behind[:AT_ONCE]:
            told.append(_exchange(one))
            characters += len(one.request) + len(one.answer)
            if characters > CHARACTERS:
                break
        if len(told) < len(behind):
            place.number = behind[len(told) - 1].number
        else:
            place.revision, place.number = place.until, 0
        return told

    def _events(self, place: Place) -> list[dict[str, Any]]:
        place.event, happened = self._shown.events.since(place.event)
        return [
            {
                "at": one.at.isoformat(),
                "kind": one.kind,
                "text": without_users(one.text),
                "connector": one.connector_id,
            }
            for one in happened
        ]


def _exchange(one: Exchange) -> dict[str, Any]:
    """As it is kept: its time is the computer's (the picture says how far the charger's is ahead of
    it)."""
    return one.as_dict() | {
        "direction": one.direction.value,
        "state": one.state.value,
        "requested_at": one.requested_at.isoformat(),
    }
