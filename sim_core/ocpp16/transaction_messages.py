"""StartTransaction, MeterValues and StopTransaction: into the journal, and what came back (§4.8).

Each is a row of facts in the commit in which it happens. An answer to StartTransaction counts as
far as it goes: a status without a usable transactionId is a verdict all the same, and the message
is sent again for the id. Once it is given up (§3.7.1) there is no transaction: charging ends, for
nobody could bill it or stop it from outside, and the samples and the stop behind it go to the dead
letters unsent, for an invented id would be somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim_core.charging import journal_facts
from sim_core.charging.authorization import Authorizer
from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import Sampled, TransactionBegan, TransactionEnded
from sim_core.charging.environment import Note
from sim_core.charging.transactions import Transactions
from sim_core.charging.verdicts import Verdicts
from sim_core.charging.vocabulary import Context, Verdict
from sim_core.hardware.model import Metering
from sim_core.ocpp16 import same_ids
from sim_core.ocpp16.authorization import id_tag_info
from sim_core.ocpp16.metering import sampled_values_of
from sim_core.ocpp16.spelling import ACTIONS, ID, Spelling
from sim_core.store.records import BEGAN, ENDED, SAMPLED, JournalRow
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox

ASIDE = frozenset({Context.CLOCK, Context.TRIGGER})
"""Samples that a make which does not wait for answers sends past the transaction's messages."""


class TransactionMessages:
    """The messages of all transactions of a charge point. `settled` and the like are called by the
    outbox, as `wire.spelling.RowListener` has it."""

    __slots__ = (
        "_authorizer",
        "_connectors",
        "_ids_changed",
        "_link_settled",
        "_note",
        "_on_change",
        "_outbox",
        "_spelling",
        "_told_samples",
        "_transactions",
        "_values",
        "_verdicts",
        "_warn",
    )

    def __init__(
        self,
        connectors: Mapping[int, Connector],
        transactions: Transactions,
        verdicts: Verdicts,
        authorizer: Authorizer,
        outbox: Outbox,
        spelling: Spelling,
        metering: Metering,
        note: Note,
        *,
        warn: Callable[[str, str], None],
        link_settled: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        self._connectors = connectors
        self._transactions = transactions
        self._verdicts = verdicts
        self._authorizer = authorizer
        self._outbox = outbox
        self._spelling = spelling
        self._values = sampled_values_of(metering)
        self._note = note
        self._warn = warn
        self._link_settled = link_settled
        self._on_change = on_change
        self._told_samples = ""
        """Why the last sample was given up, if none was taken since: the same is told once."""
        self._ids_changed = False

    # -- what happens ------------------------------------------------

    def began(self, event: TransactionBegan) -> None:
        """StartTransaction (§4.8)."""
        self._append(BEGAN, journal_facts.began(event), event.key, event.connector_id)

    def sampled(self, event: Sampled) -> None:
        """MeterValues: with a transaction a row of the journal, else a plain call (§4.7)."""
        key, connector_id = event.key, event.connector_id
        transaction = self._connectors[connector_id].transaction
        known = transaction.transaction_id if transaction else None
        aside = event.sample.context in ASIDE and self._outbox.pipelining and known is not None
        if key is not None and not aside:
            self._outbox.append(
                SAMPLED,
                journal_facts.sampled(event.sample),
                key=key,
                connector_id=connector_id,
                of_the_end=event.sample.context is Context.END,
            )
            return
        payload: Payload = {"connectorId": connector_id}
        if key is not None:
            payload[ID] = known
        payload["meterValue"] = [self._values.meter_value(event.sample)]
        self._outbox.post(ACTIONS[SAMPLED], payload)

    def ended(self, event: TransactionEnded) -> None:
        """StopTransaction (§4.10)."""
        self._ids_changed = True
        facts = journal_facts.ended(event)
        self._append(ENDED, facts, event.key, event.connector_id, event.later_s)

    def _append(
        self, kind: str, facts: journal_facts.Facts, key: int, connector: int, later_s: float = 0.0
    ) -> None:
        self._outbox.append(kind, facts, key=key, connector_id=connector, later_s=later_s)

    def ids_changed(self) -> None:
        """Another set of transactions runs than before."""
        self._ids_changed = True

    def look(self) -> None:
        """The dust has settled: say it where a CSMS has given one id to two of them."""
        if self._ids_changed:
            self._ids_changed = False
            self._warn(same_ids.ABOUT, same_ids.sentence(self._connectors.values()))

    # -- what the CSMS answers ---------------------------------------

    def settled(self, row: JournalRow, answer: Payload) -> None:
        """A row was answered and has left the journal."""
        self._link_settled()
        if row.kind == SAMPLED:
            self._told_samples = ""
            return
        verdict = self._learn(row, answer)
        if row.kind == ENDED:
            self._spelling.forget(row)
            return
        charges_on = self._spelling.refused(row)
        running = self._transactions.running(row.connector_id, row.transaction_key)
        if running is None:
            return  # it has ended meanwhile; the rows behind carry the id
        running.transaction_id = row.transaction_id
        if verdict is not None and not charges_on:
            self._verdicts.judged(row.connector_id, row.transaction_key, verdict)
        self._ids_changed = True
        self.look()
        self._on_change()

    def half_settled(self, row: JournalRow, answer: Payload) -> None:
        """StartTransaction was answered without a usable transactionId: the verdict counts."""
        self._say(
            row,
            "the CSMS answered StartTransaction without a transactionId that is a whole number of "
            "64 bits: look at its answer",
        )
        verdict = self._learn(row, answer)
        if verdict is not None and not verdict.accepted:
            self._verdicts.judged(row.connector_id, row.transaction_key, verdict)

    def settled_twice(self, row: JournalRow, answer: Payload) -> None:
        """A message that was sent again has a second answer: the first one counts."""
        other = self._spelling.transaction_id(row, answer)
        running = self._transactions.running(row.connector_id, row.transaction_key)
        if other is not None and running is not None and other != running.transaction_id:
            self._say(
                row,
                f"the CSMS has made a second transaction, {other}, of the same start, which it "
                "had answered too late: end it there",
            )

    def given_up(self, row: JournalRow, why: str) -> None:
        """A message's attempts are spent."""
        self._spelling.forget(row)
        connector_id, sample = row.connector_id, row.kind == SAMPLED
        if not sample or why != self._told_samples:
            name = ACTIONS[row.kind]
            text = f"{name} of connector {connector_id} was given up: {why}"
            self._note("journal", text, connector_id)
        if sample:
            self._told_samples = why
        running = self._transactions.running(connector_id, row.transaction_key)
        if row.kind == BEGAN and running is not None:
            self._say(
                row,
                f"charging for {running.token} ends, for the CSMS did not take its "
                "StartTransaction and knows of no transaction",
            )
            self._transactions.disowned(connector_id, row.transaction_key)
        self._on_change()

    def _learn(self, row: JournalRow, answer: Payload) -> Verdict | None:
        token, verdict = self._spelling.token(row), id_tag_info(answer)
        if token and verdict is not None:
            self._authorizer.learn(token, verdict)
        return verdict if token else None

    def _say(self, row: JournalRow, sentence: str) -> None:
        text = f"connector {row.connector_id}: {sentence}"
        self._note("transaction", text, row.connector_id)
