"""Where a request of the CSMS goes, and what it is answered: the border to an adapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Protocol

from ocpp.charge_point import snake_to_camel_case

from sim_core.wire.answers import Payload
from sim_core.wire.call_errors import ErrorCode


@dataclass(frozen=True)
class Reply:
    """What a handler answers. `then` runs once the answer is on the wire."""

    payload: object
    """A `call_result` dataclass of the `ocpp` package."""
    then: Callable[[], object] | None = None
    first: bool = False
    """`then` runs before the answer, and what it says goes out before it: some makes do so."""
    slow: bool = False
    """It takes the firmware a second turn of its loop."""
    lost: Callable[[], object] | None = None
    """Runs in place of `then` when the link goes before the answer; None: nothing does."""
    why: str = ""
    """Behind a no: the sentence without full stop that the message log keeps beside it. It is not
    said on the wire."""


@dataclass(frozen=True)
class Refusal:
    """A handler's CALLERROR."""

    code: ErrorCode
    description: str


@dataclass(frozen=True)
class Silence:
    """A handler's nothing: this make does not answer."""


Handled = Reply | Refusal | Silence
Handler = Callable[..., Handled]
"""Called with the request's fields in snake case, as the `ocpp` package's `@on` handlers are."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes."""

    handler: Handler
    validate: bool = True
    off: bool = False
    """It only says that there is no such feature here: of what is not well-formed CALLERROR does,
    for whoever has no feature knows nothing of its fields."""


class Routes(Protocol):
    """Where the messages of a CSMS go."""

    def get(self, action: str, /) -> Route | None: ...


@lru_cache(maxsize=256)
def _wire_names(kind: type) -> tuple[tuple[str, str], ...]:
    named = fields(kind)
    return tuple((f.name, next(iter(snake_to_camel_case({f.name: 0})))) for f in named)


def to_wire(message: object) -> Payload:
    """The payload of a `call` or `call_result` dataclass; None is left out.

    Only the outer field names are converted: nested objects are written in wire spelling.
    """
    if isinstance(message, dict):
        return message
    kind: type = type(message)
    return {
        wire: value
        for name, wire in _wire_names(kind)
        if (value := getattr(message, name)) is not None
    }
