"""Who speaks which OCPP: the one place that makes a charge point of a version.

With `auto` the CSMS chooses. A charge point speaks one version for as long as it lives, so the one
of the version that was chosen last begins, and gives way to another where the CSMS chooses
otherwise (see `version_choice`): its state stays in the store, and what it has still to say, too.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from sim_core.charging.codes import Codes
from sim_core.charging.config import ChargePointConfig
from sim_core.ocpp16.charge_point import ChargePoint as ChargePoint16
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.text_limits import TEXT_LIMITS
from sim_core.ocpp201.charge_point import ChargePoint as ChargePoint201
from sim_core.ocpp201.dialect import OCPP_201
from sim_core.ocpp201.unheard import back_to_facts
from sim_core.store.interface import Store
from sim_core.wire.dialect import Dialect
from sim_core.wire.speaker import Speaker

ChargePoint = ChargePoint16 | ChargePoint201

MAKERS: dict[str, type[ChargePoint16] | type[ChargePoint201]] = {
    "2.0.1": ChargePoint201,
    "1.6": ChargePoint16,
}
"""By the word of the option `ocpp_version`, the best first."""
DIALECTS: dict[str, Dialect] = {"2.0.1": OCPP_201, "1.6": OCPP_16}
AUTO = "auto"
"""The word of that option that leaves it to the CSMS."""
SPOKEN = "spoken version"
"""A name in the store: the version that the CSMS has chosen last."""


def words_of(version: str) -> tuple[str, ...]:
    """The versions that a word of the option stands for, the best first."""
    return tuple(MAKERS) if version == AUTO else (version,)


def begins_with(version: str, store: Store) -> str:
    """The version to begin with: the one that was spoken last, where there is a choice."""
    words = words_of(version)
    last = (store.documents.get(SPOKEN) or {}).get("version")
    return last if last in words else words[0]


def prepare(speaks: str, store: Store) -> None:
    """Let what waits be told in this version where it can be, before a charge point is made."""
    if speaks == "1.6":  # 2.0.1 retells the facts of 1.6 as they are
        codes = Codes(store.documents)
        back_to_facts(
            store,
            lambda token: codes.code_of(token) is None and len(token) <= TEXT_LIMITS.token,
        )


@cache
def offered(version: str) -> tuple[Speaker, ...]:
    """Who is offered to a CSMS, the best first: as nobody in particular, for it is asked who speaks
    once the CSMS has chosen."""
    return tuple(
        Speaker(DIALECTS[word], {}, lambda _: (), lambda: False) for word in words_of(version)
    )


def word_of(dialect: Dialect) -> str:
    """The word of the option for a dialect."""
    return next(word for word, known in DIALECTS.items() if known is dialect)


def config_for(config: ChargePointConfig, version: str, speaks: str) -> ChargePointConfig:
    """A config as one version takes it. What is set to begin with has the names of either where the
    CSMS chooses: those of variables (`Component.Variable`) are nothing to OCPP 1.6, which has
    keys."""
    if version != AUTO or speaks != "1.6":
        return config
    keys = {name: text for name, text in config.initial_keys.items() if "." not in name}
    return replace(config, initial_keys=keys)
