"""What a charger may ask of whoever speaks to its CSMS: the border to the protocols.

An adapter keeps this promise for its protocol. It hears every domain event, in the same commit in
which the facts change, and says of it what its protocol says, or nothing; and it asks the CSMS
about a card when the charger wants to know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sim_core.charging.domain_events import DomainEvent
from sim_core.charging.vocabulary import Verdict


@dataclass(frozen=True)
class Asked:
    """What came of a question about a card. Without a verdict nobody has answered."""

    verdict: Verdict | None = None
    refusal: str = ""
    """The CSMS could not deal with the question: a sentence, and the card is not accepted."""


class CardAuthority(Protocol):
    """Who knows whether a card may charge."""

    @property
    def online(self) -> bool:
        """It knows this charger, and messages pass."""

    def why_alone(self) -> str:
        """In which way it cannot be asked; it follows "the charge point is"."""

    async def ask(self, token: str, learn: Callable[[str, Verdict], None]) -> Asked:
        """May this card charge? `learn` is called with an answer that came too late."""


class Csms(CardAuthority, Protocol):
    """The CSMS, as the charger knows it."""

    @property
    def accepts(self) -> bool:
        """It has accepted this charger, be the link up or not."""

    def card_of(self, connector_id: int) -> str | None:
        """The card that alone may charge there: what it has begun is not over for the CSMS, though
        no session runs. None: any card."""

    def hear(self, event: DomainEvent) -> None:
        """Something has happened. Called inside the commit that keeps it."""

    async def said_all(self) -> None:
        """Return once all is said and answered, or cannot be: the link is lost."""

    def fall_silent(self) -> None:
        """Say nothing more until the CSMS has accepted the charger anew."""

    def forget(self) -> None:
        """The charger goes down: the same, and after the boot it registers anew."""

    def hang_up(self, seconds: float) -> None:
        """Close the link, and dial again after so many seconds."""
