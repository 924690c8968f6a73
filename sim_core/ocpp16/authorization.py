"""May this card charge: the CSMS, the local list, the cache, offline (OCPP 1.6 §3.5, §4.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from ocpp.v16.enums import AuthorizationStatus

from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.local_list import LocalList
from sim_core.ocpp16.timestamps import moment
from sim_core.store.records import KnownTag
from sim_core.store.sqlite import Store
from sim_core.wire.answers import Answer, Error, Payload, Result

ACCEPTED = "Accepted"
STATUSES = {status.value.casefold(): status.value for status in AuthorizationStatus}
"""Each word as OCPP spells it, by the word in lower case."""


@dataclass(frozen=True)
class Verdict:
    """What was decided about a card. `reason` is the sentence for a refusal."""

    status: str
    parent_id_tag: str | None = None
    reason: str = ""

    @property
    def accepted(self) -> bool:
        return self.status == ACCEPTED


def id_tag_info(payload: Payload) -> Verdict | None:
    """IdTagInfo of an answer, read leniently: None where it is missing or says no status.

    Words of 1.6 are known in any spelling of theirs. A word that 1.6 does not have (`NoCredit` of
    OCPP 2.0.1) is no Accepted: the card is Invalid.
    """
    info = payload.get("idTagInfo")
    said = info.get("status") if isinstance(info, dict) else None
    if not isinstance(info, dict) or not isinstance(said, str) or not said.strip():
        return None
    status = STATUSES.get(said.strip().casefold(), AuthorizationStatus.invalid.value)
    parent = info.get("parentIdTag")
    usable = isinstance(parent, str) and 0 < len(parent) <= 20 and parent.isprintable()
    return Verdict(status, parent if usable else None)


class Caller(Protocol):
    """Sends a plain call."""

    async def __call__(self, action: str, payload: Payload) -> Answer: ...


class Authorizer:
    """Decides about cards."""

    def __init__(
        self,
        configuration: Configuration,
        store: Store,
        local_list: LocalList,
        call: Caller,
        *,
        online: Callable[[], bool],
        how_alone: Callable[[], str],
        now: Callable[[], datetime],
    ) -> None:
        self._configuration = configuration
        self._store = store
        self._list = local_list
        self._call = call
        self._online = online
        self._how_alone = how_alone
        self._now = now

    async def decide(self, id_tag: str) -> Verdict:
        """May `id_tag` charge? Asks the CSMS unless a local answer is enough or all there is."""
        known = self._known(id_tag)
        if self._configuration.flag("LocalPreAuthorize") and known and known.status == ACCEPTED:
            return Verdict(ACCEPTED, known.parent_id_tag)
        if self._online():
            answer = await self._call("Authorize", {"idTag": id_tag})
            if isinstance(answer, Result):
                return self._heard(id_tag, answer.payload)
            if isinstance(answer, Error):
                return Verdict(
                    "Invalid",
                    reason=f"the CSMS could not authorise {id_tag} (CALLERROR {answer.code})",
                )
            if answer.late is not None:
                answer.late.add_done_callback(partial(self._heard_late, id_tag))
        return self._decide_offline(id_tag, known)

    def learn(self, id_tag: str, payload: Payload) -> Verdict | None:
        """Remember the IdTagInfo that an answer carries (§3.5.1: the authorization cache).

        Of a card on the local list the cache learns nothing (§3.5.3): it is held against the list.
        """
        verdict = id_tag_info(payload)
        if verdict and self._list.entry(id_tag) is not None:
            self._list.compare(id_tag, verdict.status, self._now())
        elif verdict and self._configuration.flag("AuthorizationCacheEnabled"):
            expiry = payload["idTagInfo"].get("expiryDate")
            self._store.learn(
                KnownTag(id_tag, verdict.status, verdict.parent_id_tag, moment(expiry)), self._now()
            )
        return verdict

    def _heard(self, id_tag: str, payload: Payload) -> Verdict:
        verdict = self.learn(id_tag, payload)
        if verdict is None:
            return Verdict("Invalid", reason=f"the CSMS answered for {id_tag} without an idTagInfo")
        if verdict.accepted:
            return verdict
        return Verdict(
            verdict.status, reason=f"the CSMS answered {verdict.status} for the card {id_tag}"
        )

    def _heard_late(self, id_tag: str, late: asyncio.Future[Answer]) -> None:
        """Too late for the driver who stood there, and not for the cache."""
        answer = late.result()
        if isinstance(answer, Result):
            self.learn(id_tag, answer.payload)

    def _known(self, id_tag: str) -> KnownTag | None:
        """What is known here: by the local list first, then by the cache (§3.5.3).

        A card whose time has run out is Expired (§3.5.4); what else the cache knew of it is out of
        date.
        """
        listed = known = self._list.entry(id_tag)
        if known is None and self._configuration.flag("AuthorizationCacheEnabled"):
            known = self._store.known_tag(id_tag)
        if known is None or not known.expired(self._now()):
            return known
        if known.status == ACCEPTED:
            return replace(known, status=AuthorizationStatus.expired.value)
        return listed

    def _decide_offline(self, id_tag: str, known: KnownTag | None) -> Verdict:
        """§3.5.2 and §3.5.3: a known card by LocalAuthorizeOffline, a stranger only if allowed."""
        alone = f"the charge point is {self._how_alone()} and"
        if not self._configuration.flag("LocalAuthorizeOffline"):
            return Verdict(
                "Invalid",
                reason=f"{alone} may not decide about the card {id_tag} itself "
                "(LocalAuthorizeOffline is false)",
            )
        if known is not None:
            if known.status == ACCEPTED:
                return Verdict(ACCEPTED, known.parent_id_tag)
            return Verdict(
                known.status,
                reason=f"{alone} knows the card {id_tag} as {known.status}",
            )
        if self._configuration.flag("AllowOfflineTxForUnknownId"):
            return Verdict(ACCEPTED)
        return Verdict(
            "Invalid",
            reason=f"{alone} does not know the card {id_tag} (AllowOfflineTxForUnknownId is false)",
        )
