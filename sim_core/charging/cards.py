"""Cards: shown at the reader, sent from afar, or said by the vehicle itself.

One method an act. Each asks what speaks against it first, changes facts at once, and only then
waits for anybody; after a wait it looks at the facts again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from sim_core.charging.authorization import Authorizer
from sim_core.charging.condition import Condition
from sim_core.charging.connector import Authorization, Connector
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import Authorised
from sim_core.charging.environment import Environment
from sim_core.charging.facts import why_not
from sim_core.charging.points import Points
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.profile import Profile
from sim_core.charging.reservations import Reservations
from sim_core.charging.starting import Starting, drop_authorization
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason, Verdict
from sim_core.commands import Accepted, Outcome, Refused, Start, Stop, Swipe, asleep, unsayable

WHOM = {Cause.VEHICLE: "AutoCharge", Cause.REMOTE: "remote start"}
"""Who is refused, where nobody stands before the charger to hear it."""


class Cards:
    """What cards do at the connectors."""

    __slots__ = (
        "_authorizer",
        "_changed",
        "_condition",
        "_connectors",
        "_csms",
        "_default_token",
        "_environment",
        "_needs_vehicle",
        "_open_lock",
        "_points",
        "_policy",
        "_reservations",
        "_starting",
        "_transactions",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        policy: Policy,
        csms: Csms,
        authorizer: Authorizer,
        reservations: Reservations,
        transactions: Transactions,
        starting: Starting,
        points: Points,
        changed: Callable[[Connector, Cause], None],
        open_lock: Callable[[Connector], None],
        *,
        default_token: str,
        needs_vehicle: bool,
    ) -> None:
        """`default_token` is the card that is shown where none is named; `needs_vehicle`: a start
        from afar is refused where no vehicle is plugged in."""
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._policy = policy
        self._csms = csms
        self._authorizer = authorizer
        self._reservations = reservations
        self._transactions = transactions
        self._starting = starting
        self._points = points
        self._changed = changed
        self._open_lock = open_lock
        self._default_token = default_token
        self._needs_vehicle = needs_vehicle

    # -- at the charger ----------------------------------------------

    async def swipe(self, connector: Connector, command: Swipe) -> Outcome:
        """A card at the reader."""
        token = command.id_tag
        if reason := self._unusable(token) or self.why_not("swipe", connector):
            return Refused(reason)
        if connector.held_for is not None and connector.held_for.casefold() == token.casefold():
            self._open_lock(connector)
            return Accepted("unlocked")
        if connector.same_card(token):
            if connector.transaction is not None:
                ended_by = connector.transaction.token
                self._transactions.stop(connector, StopReason.LOCAL, ended_by)
                return Accepted("stopped")
            drop_authorization(connector, Cause.CARD, self._csms)
            self._changed(connector, Cause.CARD)
            return Accepted("the card is taken back")
        if connector.transaction is not None:
            return await self._stop_by_relative(connector, token)
        if reason := self._why_not_its(connector, token):
            return Refused(reason)
        return await self._authorize(connector, token, Cause.CARD)

    async def start(self, connector: Connector, command: Start) -> Outcome:
        """A swipe that demands a plugged vehicle and never stops."""
        token = command.id_tag or self._default_token
        if reason := (
            self._unusable(token)
            or self.why_not("swipe", connector)
            or self._why_not_its(connector, token)
            or self.why_not("local_start", connector)
        ):
            return Refused(reason)
        return await self._authorize(connector, token, Cause.CARD)

    def stop(self, connector: Connector, command: Stop) -> Outcome:
        """The driver ends the transaction at the charger."""
        if reason := self.why_not("local_stop", connector):
            return Refused(reason)
        self._transactions.stop(connector, StopReason.LOCAL, cause=Cause.BUTTON)
        return Accepted()

    async def _stop_by_relative(self, connector: Connector, token: str) -> Outcome:
        """Another card: it may stop when both are of the same group (OCPP 1.6 §3.5.1, §4.10)."""
        transaction = connector.transaction
        asks = self._points.asks_for_any_card or bool(self._policy.items(Setting.MASTER_GROUP))
        if transaction is None or not (transaction.group or asks):
            return Refused(_not_its_card(connector, token))
        connector.authorizing = token
        self._changed(connector, Cause.CARD)
        try:
            verdict = await self._authorizer.decide(token)
        finally:
            connector.authorizing = None
            self._changed(connector, Cause.CARD)
        if connector.transaction is not transaction:
            return Refused(f"{connector.place}: the transaction has ended meanwhile")
        if reason := self.why_not("swipe", connector):
            return Refused(reason)
        if self._is_master(verdict):
            return self._stop_all(token)
        group, own = verdict.group or "", transaction.group or ""
        if verdict.accepted and group and group.casefold() == own.casefold():
            self._transactions.stop(connector, StopReason.LOCAL, token)
            return Accepted("stopped")
        return Refused(_not_its_card(connector, token))

    # -- from afar ---------------------------------------------------

    def why_not_remote_start(self, connector: Connector, token: str) -> str | None:
        """The sentence that refuses a start from afar for this connector, or None."""
        absent = self._needs_vehicle and not connector.metal.plugged
        return (
            self._unusable(token)
            or self.why_not("remote_start", connector)
            or self._why_not_its(connector, token)
            or (self.why_not("local_start", connector) if absent else None)
        )

    def remote_start(
        self, connector: Connector, token: str, profile: Profile | None = None
    ) -> None:
        """A start from afar that was accepted, once that is said."""
        if reason := self.why_not_remote_start(connector, token):
            self.note_refused(connector, Cause.REMOTE, reason)  # a card was quicker
        elif self._policy.flag(
            Setting.AUTHORIZES_REMOTE_STARTS
        ) or self._reservations.needs_authorize(connector, token):
            connector.authorizing = token  # taken from this moment on, whatever is asked next
            self._environment.spawn(self.authorize_for(connector, token, Cause.REMOTE, profile))
        else:
            self.admit(connector, Authorization(token, by=Cause.REMOTE, profile=profile))

    def _why_not_its(self, connector: Connector, token: str) -> str | None:
        """Whose the connector is: not this card's, as a sentence, or None."""
        card = self._csms.card_of(connector.number)
        if card is not None and card.casefold() != token.casefold():
            return (
                f"the transaction of {card} at {connector.place} is still open: unplug first, or "
                f"go on with {card}"
            )
        return self._reservations.why_not(connector, token)

    # -- what becomes of a card --------------------------------------

    async def authorize_for(
        self, connector: Connector, token: str, by: Cause, profile: Profile | None = None
    ) -> None:
        """Authorise for somebody who does not stand before the charger to hear the answer."""
        outcome = await self._authorize(connector, token, by, profile)
        if isinstance(outcome, Refused):
            self.note_refused(connector, by, outcome.reason)

    async def _authorize(
        self, connector: Connector, token: str, by: Cause, profile: Profile | None = None
    ) -> Outcome:
        drop_authorization(connector, by, self._csms)
        connector.authorizing = token
        self._changed(connector, by)
        try:
            verdict = await self._authorizer.decide(token)
        finally:
            connector.authorizing = None
            self._changed(connector, by)
        if not verdict.accepted:
            return Refused(verdict.reason)
        if self._is_master(verdict):
            return self._stop_all(token)
        if not verdict.counts_at(connector.number):
            return Refused(
                f"the CSMS accepts {token} at other {connector.called}s, and not at this one"
            )
        if reason := self.why_not("swipe", connector):
            return Refused(reason)
        if connector.transaction is not None or connector.authorization is not None:
            return Refused(f"{connector.place} was taken by another card meanwhile")
        card = Authorization(token, verdict.group, by, profile)
        if reason := self._reservations.why_not_after(connector, card):
            return Refused(reason)
        self.admit(connector, card)
        if connector.asleep_since_s is not None and connector.authorization is None:
            return Refused(asleep(connector.place))
        if connector.metal.plugged:
            return Accepted("authorised, starting")
        return Accepted("authorised: plug in the vehicle")

    def _is_master(self, verdict: Verdict) -> bool:
        """Whether this is the verdict on a card that stops every transaction (OCPP 2.0.1 C16)."""
        masters = [group.casefold() for group in self._policy.items(Setting.MASTER_GROUP)]
        return verdict.accepted and (verdict.group or "").casefold() in masters

    def _stop_all(self, token: str) -> Outcome:
        """A master pass stops what runs, and never starts anything (OCPP 2.0.1 C12.FR.09)."""
        running = [one for one in self._connectors.values() if one.transaction is not None]
        if not running:
            return Refused(f"{token} is a master pass: it stops transactions and starts none")
        for connector in running:
            self._transactions.stop(connector, StopReason.MASTER_PASS, token)
        return Accepted(f"stopped at {len(running)} by a master pass")

    def admit(self, connector: Connector, card: Authorization) -> None:
        """A card may charge: it starts, or waits for the plug."""
        environment = self._environment
        connector.authorization = card
        connector.authorized_at_s = environment.clock.monotonic()
        self._note(connector, f"{card.token} may charge")
        self._csms.hear(Authorised(connector.number, card.token, card.by))
        # OCPP 1.6 §4.9: from Finishing every way into a session leads over Preparing.
        self._changed(connector, card.by)
        if connector.metal.plugged:
            self._starting.begin(connector)
        else:
            wait_s = self._policy.number(Setting.PLUG_TIMEOUT_S)
            if wait_s > 0:
                connector.plug_by = environment.now() + timedelta(seconds=wait_s)
                connector.plug_timer = environment.clock.call_later(
                    wait_s, lambda: self._lapse(connector, card)
                )
        self._changed(connector, card.by)

    def _lapse(self, connector: Connector, card: Authorization) -> None:
        """Nobody plugged in in time."""
        if connector.authorization is card and not connector.metal.plugged:
            drop_authorization(connector, Cause.TIMEOUT, self._csms)
            self._note(connector, f"nobody plugged in for {card.token} in time")
            self._changed(connector, Cause.TIMEOUT)

    def why_not(self, act: str, connector: Connector) -> str | None:
        """The sentence that refuses an act, or None."""
        return why_not(act, connector.facts(self._condition))

    def note_refused(self, connector: Connector, by: Cause, reason: str) -> None:
        """Write down that somebody was refused who is not there to hear it."""
        self._note(connector, f"{WHOM[by]} refused: {reason}")

    def _unusable(self, token: str) -> str:
        return unsayable(Swipe(0, token), self._policy.text_limits)

    def _note(self, connector: Connector, sentence: str) -> None:
        self._environment.note_at("authorization", connector.number, sentence)


def _not_its_card(connector: Connector, token: str) -> str:
    holder = connector.transaction.token if connector.transaction else "another card"
    return f"{connector.place} charges for {holder}: {token} cannot stop it"
