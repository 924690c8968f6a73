"""The verdict on a payload: the schema files of one OCPP version, each compiled once.

The `ocpp` package validates with `jsonschema`, in a thread pool; its files compiled by
jsonschema-rs give the same verdicts a hundred times faster. Formats are not checked, and every file
is read as draft 4, as the package does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import jsonschema_rs

from sim_core.wire.call_errors import ErrorCode


@dataclass(frozen=True)
class Fault:
    """Why a payload is not valid."""

    code: ErrorCode
    description: str


class _Validators(dict[str, Any]):
    """By action, each compiled when it is first asked for."""

    def __init__(self, compiled: Callable[[str], Any]) -> None:
        self._compiled = compiled

    def __missing__(self, action: str) -> Any:
        self[action] = validator = self._compiled(action)
        return validator


class Schemas:
    """The schemas of every request and answer of one version."""

    def __init__(
        self,
        package: str,
        *,
        codes: Mapping[str, ErrorCode],
        malformed: ErrorCode,
        request_suffix: str = "",
    ) -> None:
        """`package` has the files in its folder `schemas`: an answer's name ends in Response, a
        request's in `request_suffix`. `codes` says by keyword of JSON Schema which CALLERROR
        follows; for any other keyword, and for what is no payload at all, it is `malformed`."""
        self._package = package
        self._codes = codes
        self._request_suffix = request_suffix
        self._requests = _Validators(lambda action: self._compiled(action + request_suffix))
        self._answers = _Validators(lambda action: self._compiled(f"{action}Response"))
        self.malformed: ErrorCode = malformed

    @cached_property
    def actions(self) -> frozenset[str]:
        """Every action of this version."""
        names = (entry.name for entry in (files(self._package) / "schemas").iterdir())
        requests = f"{self._request_suffix}.json"
        return frozenset(
            name.removesuffix(requests)
            for name in names
            if name.endswith(requests) and not name.endswith("Response.json")
        )

    def request_fault(self, action: str, payload: object) -> Fault | None:
        """What is wrong with a request's payload, or None. `action` is one of `actions`."""
        return self._fault(self._requests[action], payload)

    def answer_fault(self, action: str, payload: object) -> Fault | None:
        """What is wrong with an answer's payload, or None; so of an action that there is not."""
        if action not in self.actions:
            return None
        return self._fault(self._answers[action], payload)

    def request_schema(self, action: str) -> dict[str, Any]:
        """The JSON schema of a request, to be looked at. `action` is one of `actions`."""
        return self._read(action + self._request_suffix)

    def answer_schema(self, action: str) -> dict[str, Any]:
        """The same of the answer to it."""
        return self._read(f"{action}Response")

    def _read(self, name: str) -> dict[str, Any]:
        file = files(self._package) / "schemas" / f"{name}.json"
        schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8-sig"))
        return schema

    def _compiled(self, name: str) -> Any:
        return jsonschema_rs.Draft4Validator(self._read(name), validate_formats=False)

    def _fault(self, validator: Any, payload: object) -> Fault | None:
        try:
            if validator.is_valid(payload):
                return None
            error = next(iter(validator.iter_errors(payload)))
        except UnicodeEncodeError:
            return Fault(self.malformed, "a text has half a surrogate pair, and no character")
        except ValueError as unreadable:  # nested too deep
            return Fault(self.malformed, str(unreadable))
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        where = ".".join(str(step) for step in error.instance_path)
        code = self._codes.get(keyword, self.malformed)
        return Fault(code, f"{where}: {error.message}" if where else str(error.message))
