"""The verdict on a payload: the `ocpp` package's schema files, compiled once.

The package validates with `jsonschema`, in a thread pool; the same files compiled by jsonschema-rs
give the same verdicts a hundred times faster. Formats are not checked, as the package does not.
A verdict names the CALLERROR code in OCPP 1.6's spelling (OCPP-J §4.2.3).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import jsonschema_rs

ErrorCode = Literal[
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
]
"""Every code that a CALLERROR may have (OCPP-J §4.2.3): whoever writes another one is told so by
the type checker."""

CODE_BY_KEYWORD: dict[str, ErrorCode] = {
    "required": "ProtocolError",
    "type": "TypeConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
    "enum": "PropertyConstraintViolation",
    "multipleOf": "PropertyConstraintViolation",
    "maximum": "PropertyConstraintViolation",
    "minimum": "PropertyConstraintViolation",
    "minItems": "OccurenceConstraintViolation",
    "maxItems": "OccurenceConstraintViolation",
    "additionalProperties": "FormationViolation",
}


@dataclass(frozen=True)
class Fault:
    """Why a payload is not valid."""

    code: ErrorCode
    description: str


@lru_cache(maxsize=256)
def _validator(name: str) -> Any:
    text = (files("ocpp.v16") / "schemas" / f"{name}.json").read_text(encoding="utf-8-sig")
    return jsonschema_rs.Draft4Validator(json.loads(text), validate_formats=False)


@lru_cache(maxsize=1)
def known_actions() -> frozenset[str]:
    """Every action of OCPP 1.6 and its security whitepaper."""
    names = (entry.name for entry in (files("ocpp.v16") / "schemas").iterdir())
    return frozenset(
        name.removesuffix(".json")
        for name in names
        if name.endswith(".json") and not name.endswith("Response.json")
    )


def request_fault(action: str, payload: object) -> Fault | None:
    """What is wrong with a request's payload, or None. `action` is one of `known_actions`."""
    return _fault(action, payload)


def answer_fault(action: str, payload: object) -> Fault | None:
    """What is wrong with an answer's payload, or None."""
    return _fault(f"{action}Response", payload)


def _fault(name: str, payload: object) -> Fault | None:
    validator = _validator(name)
    try:
        if validator.is_valid(payload):
            return None
        error = next(iter(validator.iter_errors(payload)))
    except UnicodeEncodeError:
        return Fault("FormationViolation", "a text has half a surrogate pair, and no character")
    except ValueError as unreadable:  # nested too deep
        return Fault("FormationViolation", str(unreadable))
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    where = ".".join(str(step) for step in error.instance_path)
    code = CODE_BY_KEYWORD.get(keyword, "FormationViolation")
    return Fault(code, f"{where}: {error.message}" if where else str(error.message))
