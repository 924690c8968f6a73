"""The codes of a CALLERROR (OCPP-J §4.2.3), and what a charge point makes of each.

OCPP 1.6 and OCPP 2.0.1 spell two of them differently, and a CSMS may mix both up: what is read is
known in every spelling. Which one is written, the `Dialect` says.
"""

from __future__ import annotations

from typing import Literal

ErrorCode = Literal[
    "FormationViolation",
    "FormatViolation",
    "GenericError",
    "InternalError",
    "MessageTypeNotSupported",
    "NotImplemented",
    "NotSupported",
    "OccurenceConstraintViolation",
    "OccurrenceConstraintViolation",
    "PropertyConstraintViolation",
    "ProtocolError",
    "RpcFrameworkError",
    "SecurityError",
    "TypeConstraintViolation",
]
"""Every code that a CALLERROR may have: whoever writes another one is told so by the type checker.
"""

BREAKS_SCHEMA: frozenset[str] = frozenset[ErrorCode](
    {
        "FormationViolation",
        "FormatViolation",
        "OccurenceConstraintViolation",
        "OccurrenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "TypeConstraintViolation",
    }
)
"""Codes with which a peer says that a payload breaks its schema."""

HOPELESS: frozenset[str] = BREAKS_SCHEMA | frozenset[ErrorCode]({"NotImplemented", "NotSupported"})
"""Codes that the same message meets again, however often it is sent."""
