"""The keypads: a code that is typed counts as the card of that code, shown at the reader.

Who tries codes until one fits has to wait after each wrong one, and twice as long every time
(OCPP 2.0.1 C04).
"""

from __future__ import annotations

import math

from sim_core.charging.authorization import Authorizer
from sim_core.charging.cards import Cards
from sim_core.charging.codes import Codes
from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.charging.facts import why_not
from sim_core.commands import Outcome, Refused, Swipe, TypeCode, unsayable
from sim_core.snapshot import TextLimits

WAIT_S, LONGEST_WAIT_S = 5.0, 3600.0
"""How long nothing can be typed after the first wrong code, and at most."""


class Keypad:
    """The keypads of all connectors."""

    __slots__ = (
        "_authorizer",
        "_cards",
        "_codes",
        "_condition",
        "_environment",
        "_limits",
        "_open_at_s",
        "_wrong",
    )

    def __init__(
        self,
        environment: Environment,
        condition: Condition,
        codes: Codes,
        cards: Cards,
        authorizer: Authorizer,
        limits: TextLimits,
    ) -> None:
        self._environment = environment
        self._condition = condition
        self._codes = codes
        self._cards = cards
        self._authorizer = authorizer
        self._limits = limits
        self._wrong: dict[int, int] = {}
        """By connector how many codes were wrong since the last one that was not."""
        self._open_at_s: dict[int, float] = {}
        """By connector since when something can be typed again."""

    async def type_code(self, connector: Connector, command: TypeCode) -> Outcome:
        """Somebody types a code."""
        number = connector.number
        facts = connector.facts(self._condition)
        if reason := why_not("type_code", facts) or unsayable(command, self._limits):
            return Refused(reason)
        left_s = self._open_at_s.get(number, 0.0) - self._environment.clock.monotonic()
        if left_s > 0:
            return Refused(
                f"the keypad of {connector.place} waits after a wrong code: try again in "
                f"{math.ceil(left_s)} s"
            )
        name = self._codes.name_of(command.pin)
        before = self._authorizer.refusals
        outcome = await self._cards.swipe(connector, Swipe(number, name))
        if not isinstance(outcome, Refused):
            self._wrong.pop(number, None)
        elif self._authorizer.refusals != before and self._authorizer.refused == name:
            wrong = self._wrong[number] = self._wrong.get(number, 0) + 1
            wait_s = min(LONGEST_WAIT_S, WAIT_S * 2.0 ** (min(wrong, 32) - 1))
            self._open_at_s[number] = self._environment.clock.monotonic() + wait_s
            note = f"a wrong code, the keypad waits for {wait_s:g} s"
            self._environment.note_at("authorization", number, note)
        return outcome
