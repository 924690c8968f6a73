"""What a CSMS may set of how the charger behaves, under names that no protocol has given.

OCPP 1.6 has a configuration key for each, OCPP 2.0.1 a variable of a component. The protocol's side
keeps the values, and knows the name by which people will look for a setting: a refusal that says
which switch is in the way says it in their words (`name`).
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from sim_core.snapshot import TextLimits


class Setting(Enum):
    """Each is a flag, a number or a list, as its block says."""

    __hash__ = object.__hash__
    """There is one of each; that of `Enum` is of its name, and slow where all tables are by it."""

    # flags
    AUTOCHARGE = "the vehicle's own id serves as its card"
    ENDS_ON_UNPLUG = "a transaction ends when the vehicle is unplugged"
    UNLOCKS_ON_UNPLUG = "the cable is released when the vehicle was unplugged at its side"
    ENDS_WHEN_REFUSED = "a transaction ends when its card is refused afterwards"
    AUTHORIZES_REMOTE_STARTS = "a card that was started from afar is asked about all the same"
    PREAUTHORIZES = "a card that is known here is not asked about"
    DECIDES_OFFLINE = "cards are decided about here while nobody can be asked"
    ADMITS_UNKNOWN_OFFLINE = "a card that nobody knows may charge while nobody can be asked"
    CACHES_TOKENS = "what the CSMS says of a card is remembered"
    LIST_COUNTS = "the local list counts"
    ASKS_ABOUT_CARDS = "cards are asked about at all"
    TRUSTS_REFUSED_CACHED = "a card that is remembered as refused is not asked about"
    TRUSTS_REFUSED_LISTED = "a card that is listed as refused is not asked about"
    RESERVES_ANY = "a reservation may leave the connector open"
    SIGNS_SAMPLED = "the meter signs the samples of a transaction"
    SIGNS_ALIGNED = "the meter signs the samples by the clock"
    OBEYS_OTHERS = "others than the CSMS may limit the power"
    # numbers
    PLUG_TIMEOUT_S = "how long an authorisation waits for the plug"
    REPLUG_TIMEOUT_S = (
        "how long a transaction that outlives its plug waits for it; 0: for as long as it may take"
    )
    SAMPLE_INTERVAL_S = "how often a transaction is sampled; 0: never"
    ALIGNED_INTERVAL_S = "how often every meter is sampled by the clock; 0: never"
    REFUSED_ENERGY_WH = "what a card that was refused afterwards may have all the same"
    MOST_LISTED = "how many cards the local list holds"
    MOST_LISTED_AT_ONCE = "how many cards one change of it may bring"
    MOST_PROFILES = "how many charging profiles may be installed"
    HIGHEST_STACK_LEVEL = "the highest stack level of a charging profile"
    MOST_PERIODS = "how many periods a schedule may have"
    # lists
    SAMPLED = "what a sample has"
    ALIGNED = "what a sample by the clock has"
    ENDED_SAMPLED = "what is kept of samples for the end of the transaction"
    ENDED_ALIGNED = "the same of samples by the clock"
    MASTER_GROUP = (
        "cards of this group stop every transaction and start none; nothing: there is none"
    )
    RATE_UNITS = "the units of a schedule: Current, Power"


class Feature(Enum):
    """What a charger has, or has not."""

    __hash__ = object.__hash__
    """As of `Setting`."""

    LOCAL_LIST = "a list of cards"
    RESERVATION = "reservations"
    SMART_CHARGING = "charging profiles"
    FIRMWARE = "updates and diagnostics"
    KEYPAD = "codes that count as cards"


class Policy(Protocol):
    """The settings as they are now."""

    @property
    def text_limits(self) -> TextLimits:
        """What the protocol in use has room for."""

    def flag(self, setting: Setting) -> bool: ...

    def number(self, setting: Setting) -> int: ...

    def items(self, setting: Setting) -> tuple[str, ...]: ...

    def has(self, feature: Feature) -> bool: ...

    def name(self, setting: Setting) -> str:
        """What the protocol in use calls it."""
