"""What can go wrong with a command to a charge point, each with a sentence to show.

The classes differ because callers do different things: the HTTP API maps them to status codes,
a test expects one of them. `str(error)` is always fit for a person.
"""

from __future__ import annotations


class CsmsError(Exception):
    """A command that did not lead to an answer from the charge point."""


class NotConnectedError(CsmsError):
    """The charge point has no connection, or lost it before it answered."""


class CallTimeoutError(CsmsError):
    """The charge point is connected but did not answer in time."""


class InvalidCallError(CsmsError):
    """The request breaks the schema of its OCPP, so it was not sent."""


class CallRefusedError(CsmsError):
    """The charge point answered with a CALLERROR."""

    def __init__(self, sentence: str, code: str, description: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.description = description
