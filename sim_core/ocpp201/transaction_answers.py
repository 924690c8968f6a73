"""What the CSMS answers to TransactionEvent: a verdict on the card, costs, words for the driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sim_core.charging.authorization import Authorizer
from sim_core.charging.connector import Connector
from sim_core.charging.environment import Note
from sim_core.charging.verdicts import Verdicts
from sim_core.charging.vocabulary import Cause, Verdict
from sim_core.ocpp201.authorization import id_token_info
from sim_core.ocpp201.driver_screen import DriverScreen
from sim_core.ocpp201.spelling import EVENT, Spelling
from sim_core.ocpp201.tokens import NEVER_ASKED, TokenTypes
from sim_core.store.records import SAMPLED, JournalRow
from sim_core.wire.answers import Payload


class AnswersToCome:
    """Who reads answers, for an outbox that is made before them: nothing is sent until then."""

    __slots__ = ("reader",)

    reader: TransactionAnswers

    def settled(self, row: JournalRow, answer: Payload) -> None:
        self.reader.settled(row, answer)

    def half_settled(self, row: JournalRow, answer: Payload) -> None:
        self.reader.half_settled(row, answer)

    def settled_twice(self, row: JournalRow, answer: Payload) -> None:
        self.reader.settled_twice(row, answer)

    def given_up(self, row: JournalRow, why: str) -> None:
        self.reader.given_up(row, why)


class TransactionAnswers:
    """What came of rows, as `wire.spelling.RowListener` has it."""

    __slots__ = (
        "_authorizer",
        "_connectors",
        "_link_settled",
        "_note",
        "_on_change",
        "_screen",
        "_spelling",
        "_tokens",
        "_verdicts",
        "_with_life",
        "drop",
    )

    def __init__(
        self,
        connectors: Mapping[int, Connector],
        verdicts: Verdicts,
        authorizer: Authorizer,
        spelling: Spelling,
        tokens: TokenTypes,
        screen: DriverScreen,
        note: Note,
        *,
        drop: Callable[[Connector, Cause], None],
        with_life: Callable[[Verdict], Verdict],
        link_settled: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        """`drop` takes an authorisation back that waits; `with_life` says how long a verdict is
        remembered."""
        self._connectors = connectors
        self._verdicts = verdicts
        self._authorizer = authorizer
        self._spelling = spelling
        self._tokens = tokens
        self._screen = screen
        self._note = note
        self.drop = drop
        self._with_life = with_life
        self._link_settled = link_settled
        self._on_change = on_change

    def settled(self, row: JournalRow, answer: Payload) -> None:
        """An event was answered and has left the journal."""
        self._link_settled()
        event = self._spelling.payload(row)
        if event is not None:
            self._screen.about_event(row.connector_id, event, answer)
            self._on_change()
        said, token = id_token_info(answer), self._tokens.text_of(self._spelling.id_token(row))
        if said is None:
            return
        verdict = self._with_life(said)
        if not verdict.counts_at(row.connector_id):
            verdict = replace(verdict, status="NotAtThisLocation")
        if token and self._tokens.of(token) not in NEVER_ASKED:
            self._authorizer.learn(token, verdict)
        connector = self._connectors.get(row.connector_id)
        if connector is None:
            return
        session = connector.transaction
        if session is not None:
            if not token or session.token.casefold() == token.casefold():
                self._verdicts.judged(connector.number, session.key, verdict)
        elif (
            connector.authorization is not None
            and not verdict.accepted
            and token.casefold() in ("", connector.authorization.token.casefold())
        ):
            refused = f"the CSMS answered {verdict.status} for {connector.authorization.token}"
            self._note("authorization", refused, connector.number)
            self.drop(connector, Cause.VERDICT)
        self._on_change()

    def half_settled(self, row: JournalRow, answer: Payload) -> None:
        """No answer to an event lacks anything."""

    def settled_twice(self, row: JournalRow, answer: Payload) -> None:
        """An event that was sent twice has the same seqNo: nothing is double."""

    def given_up(self, row: JournalRow, why: str) -> None:
        """The attempts are spent: it is dropped, and the next one goes (E13.FR.03)."""
        if row.kind != SAMPLED:
            text = f"{EVENT} of EVSE {row.connector_id} was given up: {why}"
            self._note("journal", text, row.connector_id)
        self._on_change()
