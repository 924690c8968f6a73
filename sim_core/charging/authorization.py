"""May this card charge: the CSMS, the local list, the cache, alone (OCPP 1.6 §3.5, §4.1).

Who is asked first is a matter of settings and of the link; what counts locally is the list before
the cache. What the CSMS says is learned wherever it says it, also when it comes too late for the
driver who stood there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sim_core.charging.csms import CardAuthority
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.token_list import TokenList
from sim_core.charging.vocabulary import ACCEPTED, EXPIRED, INVALID, Verdict
from sim_core.store.interface import Store
from sim_core.store.records import KnownToken


class Authorizer:
    """Decides about cards."""

    __slots__ = ("_csms", "_list", "_now", "_policy", "_store", "refusals", "refused")

    def __init__(
        self,
        policy: Policy,
        store: Store,
        token_list: TokenList,
        csms: CardAuthority,
        now: Callable[[], datetime],
    ) -> None:
        self._policy = policy
        self._store = store
        self._list = token_list
        self._csms = csms
        self._now = now
        self.refused = ""
        """The card that was refused last."""
        self.refusals = 0
        """How many were."""

    @property
    def caches(self) -> bool:
        """Whether what the CSMS says of cards is remembered."""
        return self._policy.flag(Setting.CACHES_TOKENS)

    async def decide(self, token: str) -> Verdict:
        """May this card charge? Asks the CSMS unless what is known here is enough or all there is;
        a refusal has its sentence."""
        verdict = await self._decided(token)
        if not verdict.accepted:
            self.refused, self.refusals = token, self.refusals + 1
        return verdict

    async def _decided(self, token: str) -> Verdict:
        if not self._policy.flag(Setting.ASKS_ABOUT_CARDS):
            return Verdict(ACCEPTED)
        known = self._known(token)
        if known is not None and known.status != ACCEPTED and self._trusts_refusal(token):
            return Verdict(known.status, reason=f"the card {token} is known here as {known.status}")
        if self._policy.flag(Setting.PREAUTHORIZES) and known and known.status == ACCEPTED:
            return Verdict(ACCEPTED, known.group)
        if self._csms.online:
            asked = await self._csms.ask(token, self.learn)
            if asked.refusal:
                return Verdict(INVALID, reason=asked.refusal)
            if asked.verdict is not None:
                return self._heard(token, asked.verdict)
        return self._decide_alone(token, known)

    def _trusts_refusal(self, token: str) -> bool:
        """Whether a card that is known as refused is not asked about: it depends on who says so."""
        listed = self._list.entry(token) is not None
        return self._policy.flag(
            Setting.TRUSTS_REFUSED_LISTED if listed else Setting.TRUSTS_REFUSED_CACHED
        )

    def learn(self, token: str, verdict: Verdict) -> None:
        """Remember what the CSMS has said of a card (§3.5.1: the authorization cache).

        Of a card on the local list the cache learns nothing (§3.5.3): it is held against the list.
        """
        if self._list.entry(token) is not None:
            self._list.compare(token, verdict.status, self._now())
        elif self._policy.flag(Setting.CACHES_TOKENS):
            known = KnownToken(token, verdict.status, verdict.group, verdict.expires_at)
            self._store.tokens.learn(known, self._now())

    def _heard(self, token: str, verdict: Verdict) -> Verdict:
        self.learn(token, verdict)
        if verdict.accepted:
            return verdict
        return Verdict(
            verdict.status, reason=f"the CSMS answered {verdict.status} for the card {token}"
        )

    def _known(self, token: str) -> KnownToken | None:
        """What is known here: by the local list first, then by the cache (§3.5.3).

        A card whose time has run out is Expired (§3.5.4); what else the cache knew of it is out of
        date.
        """
        listed = known = self._list.entry(token)
        if known is None and self._policy.flag(Setting.CACHES_TOKENS):
            known = self._store.tokens.find(token)
        if known is None or not known.expired(self._now()):
            return known
        if known.status == ACCEPTED:
            return replace(known, status=EXPIRED)
        return listed

    def _decide_alone(self, token: str, known: KnownToken | None) -> Verdict:
        """§3.5.2 and §3.5.3: known cards if that is allowed, a stranger only if that is, too."""
        policy = self._policy
        alone = f"the charge point is {self._csms.why_alone()} and"
        if not policy.flag(Setting.DECIDES_OFFLINE):
            return Verdict(
                INVALID,
                reason=f"{alone} may not decide about the card {token} itself: "
                f"{policy.name(Setting.DECIDES_OFFLINE)} = true lets it",
            )
        if known is not None:
            if known.status == ACCEPTED:
                return Verdict(ACCEPTED, known.group)
            return Verdict(known.status, reason=f"{alone} knows the card {token} as {known.status}")
        if policy.flag(Setting.ADMITS_UNKNOWN_OFFLINE):
            return Verdict(ACCEPTED)
        return Verdict(
            INVALID,
            reason=f"{alone} does not know the card {token}: "
            f"{policy.name(Setting.ADMITS_UNKNOWN_OFFLINE)} = true lets it charge all the same",
        )
