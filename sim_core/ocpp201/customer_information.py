"""CustomerInformation: what the station knows of somebody, and forgetting it (N09, N10).

It is known by its token: in the authorization cache, in what waits to be told, in what has been
charged. The local list is the CSMS's own, and never told nor cleared here (N10.FR.02).
"""

from __future__ import annotations

import json
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Environment
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.store.interface import Journal, TokenCache
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import stamp

PART = 512
"""Characters of NotifyCustomerInformation.data."""
NOTHING = "nothing is known here"


class CustomerInformation:
    """Handler of CustomerInformation."""

    __slots__ = ("_cache", "_environment", "_journal", "_outbox", "_tokens")

    def __init__(
        self,
        environment: Environment,
        cache: TokenCache,
        journal: Journal,
        outbox: Outbox,
        tokens: TokenTypes,
    ) -> None:
        self._tokens = tokens
        self._environment = environment
        self._cache = cache
        self._journal = journal
        self._outbox = outbox

    @on(Action.customer_information)
    def customer_information(
        self,
        request_id: int,
        report: bool,
        clear: bool,
        id_token: Payload | None = None,
        customer_identifier: str | None = None,
        customer_certificate: Payload | None = None,
        **_: Any,
    ) -> Reply:
        """One of the three names whom it is about; Invalid otherwise (N09.FR.09)."""
        named = [one for one in (id_token, customer_identifier, customer_certificate) if one]
        if len(named) != 1:
            why = "name one of idToken, customerIdentifier and customerCertificate"
            return reply("Invalid", code="InvalidValue", why=why)
        if not (report or clear):
            why = "neither report nor clear is asked for"
            return reply("Rejected", code="MissingParam", why=why)
        text = self._tokens.text_of(id_token) if id_token else None
        data = self._known(text) if report else ""
        if clear and text is not None:
            self._cache.forget(text)
        if not report:
            data = "cleared" if text is not None else NOTHING

        def tell() -> None:
            self._environment.spawn(self._tell(request_id, data or NOTHING))

        return reply("Accepted", then=tell)

    def _known(self, text: str | None) -> str:
        """What is known of a token, as JSON; empty where nothing is."""
        if text is None:
            return ""
        found: Payload = {}
        cached = self._cache.find(text)
        if cached is not None:
            found["cache"] = {"idToken": cached.token, "status": cached.status}
        waiting = 0
        for row in self._journal.first(self._journal.depth):
            told = (row.content.get("event") or {}).get("idToken") or {}
            waiting += self._tokens.text_of(told).casefold() == text.casefold()
        if waiting:
            found["waitingEvents"] = waiting
        return json.dumps(found) if found else ""

    async def _tell(self, request_id: int, data: str) -> None:
        parts = [data[at : at + PART] for at in range(0, len(data), PART)]
        made_at = stamp(self._environment.now())
        for number, part in enumerate(parts):
            payload = {
                "requestId": request_id,
                "data": part,
                "seqNo": number,
                "generatedAt": made_at,
                "tbc": number < len(parts) - 1,
            }
            await self._outbox.call("NotifyCustomerInformation", payload, while_pending=True)
