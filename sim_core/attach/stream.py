"""What comes over `GET /watch`, taken over: picture, messages, events, clock.

Pure: it is fed with the data of one look after the other, and knows no socket. A sidecar that has
been started anew tells another life: then messages and events begin anew too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sim_core.events import Event, Ring
from sim_core.picture_json import Document, NoPictureError, PatchError, decoded, patch
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog

EVENTS_KEPT = 2_000
SLACK = timedelta(seconds=1)
"""A look that is late by less than this does not set the clock back."""


class NotUnderstoodError(Exception):
    """What came is not what a sidecar tells; the text says what was odd, in a few words."""


class Taken:
    """All that has come over one charger's streams."""

    def __init__(self, log_size: int) -> None:
        self._log_size = log_size
        self.life = ""
        self.revision = 0
        self.event = 0
        """How far it has come, to be gone on with by the next stream."""
        self.wants_key = False
        self.commands = True
        """What may be done there."""
        self.messages = MessageLog(log_size)
        self.events: Ring[Event] = Ring(EVENTS_KEPT)
        self.picture: StationSnapshot | None = None
        self._document: Document = {}
        self._ahead: timedelta | None = None

    def now(self, here: datetime) -> datetime:
        """The charger's time of day, at this moment of our own clock."""
        return here + self._ahead if self._ahead is not None else here

    def take(self, look: Mapping[str, Any], here: datetime) -> None:
        """Take over a look that came at this moment of our own clock. Raises NotUnderstoodError."""
        try:
            self._take(look, here)
        except NotUnderstoodError:
            raise
        except NoPictureError as error:
            raise NotUnderstoodError(f"its picture is of another version ({error})") from None
        except PatchError as error:
            raise NotUnderstoodError(f"a change did not fit ({error})") from None
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise NotUnderstoodError(f"{type(error).__name__}: {error}") from None

    def _take(self, look: Mapping[str, Any], here: datetime) -> None:
        self._set_clock(datetime.fromisoformat(look["now"]) - here)
        if "picture" in look:
            if look["life"] != self.life:
                self._begin_anew(look["life"])
            self.wants_key, self.commands = bool(look["wants_key"]), bool(look["commands"])
            self._document = look["picture"]
            self.picture = decoded(self._document)
        elif "patch" in look:
            patch(self._document, look["patch"])
            self.picture = decoded(self._document)
        for exchange in look.get("exchanges", ()):
            self._take_exchange(exchange)
        self.revision = int(look.get("revision", self.revision))
        for event in look.get("events", ()):
            at = datetime.fromisoformat(event["at"])
            self.events.append(
                Event(at, str(event["kind"]), str(event["text"]), event["connector"])
            )
        self.event = int(look.get("event", self.event))

    def _set_clock(self, ahead: timedelta) -> None:
        """The look that was least late says most of the charger's clock."""
        if self._ahead is None or ahead > self._ahead or self._ahead - ahead > SLACK:
            self._ahead = ahead

    def _begin_anew(self, life: str) -> None:
        self.life, self.revision, self.event = life, 0, 0
        self._ahead = None
        self.events = Ring(EVENTS_KEPT)
        # last: it is by another log that another thread knows of another life
        self.messages = MessageLog(self._log_size)

    def _take_exchange(self, told: Mapping[str, Any]) -> None:
        number = int(told["number"])
        if number != self.messages.count + 1 and number > self.messages.count:
            # what lies between was forgotten there before it was told here
            self.messages = MessageLog(self._log_size, first=number)
        state = ExchangeState(told["state"])
        if number == self.messages.count + 1:
            self.messages.open(
                Direction(told["direction"]),
                str(told["action"]),
                str(told["message_id"]),
                str(told["request"]),
                datetime.fromisoformat(told["requested_at"]),
                connector_id=told["connector_id"],
                transaction_id=told["transaction_id"],
            )
        known = self.messages.get(number)
        injected = str(told.get("injected", ""))
        if known is not None and injected != known.injected:
            self.messages.mark(number, injected.removeprefix(f"{known.injected}; "))
        if state is not ExchangeState.WAITING:
            self.messages.close(
                number,
                state,
                answer=str(told["answer"]),
                latency_s=told["latency_s"],
                trouble=str(told["trouble"]),
            )
