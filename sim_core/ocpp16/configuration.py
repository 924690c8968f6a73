"""The configuration keys of one charge point, with their values (OCPP 1.6 §9).

What a key is stands in its row (`configuration_keys`), what it does is written where it is read;
`on_change` tells those who cannot wait to be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from ocpp.v16.enums import ConfigurationStatus

from sim_core.ocpp16.configuration_keys import (
    SUPPORTED,
    Key,
    Kind,
    bounded,
    cannot_leave,
    with_counts,
)
from sim_core.setting_changes import SettingChanges
from sim_core.snapshot import ChangedBy

NONE_OWN: Mapping[str, str] = {}


@dataclass(frozen=True)
class _Known:
    """What the keys are before a CSMS has set any. A fleet of one make shares it: do not change."""

    keys: Mapping[str, Key]
    names: Mapping[str, str]
    """The name of a key by what it is in any case: a key is a CiString50 (§6.23)."""
    supported: frozenset[str]


@lru_cache(maxsize=8)
def _known(keys: tuple[Key, ...], initial: tuple[tuple[str, str], ...]) -> _Known:
    """Raises ValueError with a sentence when an initial value is not allowed."""
    by_name = {key.name: key for key in keys}
    names = {name.casefold(): name for name in by_name}
    for name, value in initial:
        if why := cannot_leave(name, value):
            raise ValueError(f"{why}.")
        key = by_name.get(names.get(name.casefold(), "")) or Key(name, Kind.TEXT, "")
        low = key.low if key.own_low is None else key.own_low
        normal = _allowed(replace(key, low=low), name, value)
        by_name[key.name] = replace(key, default=normal, hidden=False)
        names[key.name.casefold()] = key.name
    by_name, too_many = with_counts(by_name, {names[name.casefold()] for name, _ in initial})
    if too_many:
        raise ValueError(f"{too_many}.")
    by_name = bounded(by_name)
    supported = frozenset({"Core", *by_name[SUPPORTED].default.split(",")})
    shown_keys = {
        name: key if key.profile in supported else replace(key, hidden=True)
        for name, key in by_name.items()
    }
    return _Known(shown_keys, names, supported)


def _allowed(key: Key, name: str, value: str) -> str:
    normal = key.normal(value)
    if normal is None:
        shown = "what it is set to" if key.kind is Kind.SECRET else repr(value)
        raise ValueError(f"the OCPP key {name} cannot be {shown}.")
    return normal


@lru_cache(maxsize=256)
def _listed(text: str) -> tuple[str, ...]:
    """The items of a list: read once, however many charge points have it and samples ask for it."""
    return tuple(text.split(",")) if text else ()


class Configuration:
    """The keys with their values."""

    __slots__ = (
        "_changes",
        "_keys",
        "_names",
        "_on_change",
        "_own",
        "_save",
        "_supported",
        "_values",
        "_waiting",
    )

    def __init__(
        self,
        keys: tuple[Key, ...],
        *,
        initial: Mapping[str, str],
        stored: Mapping[str, str],
        own: Mapping[str, str] = NONE_OWN,
        save: Callable[[str, str], None],
        on_change: Callable[[str], None],
        changes: SettingChanges | None = None,
    ) -> None:
        """`initial` changes defaults and adds the vendor's keys; `stored` is what a CSMS has set.
        `own` are defaults of this charge point only, for keys that `initial` does not have.

        Raises ValueError with a sentence when an initial value is not allowed.
        """
        known_keys = _known(keys, tuple(initial.items()))
        self._keys = known_keys.keys
        self._names = known_keys.names
        self._supported = known_keys.supported
        self._save = save
        self._on_change = on_change
        set_already = {name.casefold() for name in initial}
        self._own = {
            name: _allowed(self._keys[name], name, value)
            for name, value in own.items()
            if name.casefold() not in set_already
        }
        self._values: dict[str, str] = dict(self._own)
        """Those that are not the make's."""
        self._waiting: dict[str, str] = {}
        self._changes = changes or SettingChanges()
        for name, value in stored.items():
            known = self._keys.get(name)
            if known and not known.readonly and known.normal(value) is not None:
                self._values[name] = value

    def text(self, name: str) -> str:
        """The value of a key as it is written."""
        values = self._values
        return values[name] if name in values else self._keys[name].default

    def default(self, key: Key) -> str:
        """What a key is before anybody has set it."""
        return self._own.get(key.name, key.default)

    def flag(self, name: str) -> bool:
        """The value of a boolean key; False when this charger does not have it."""
        return name in self._keys and self.text(name) == "true"

    def number(self, name: str) -> int:
        """The value of an integer key."""
        return int(self.text(name))

    def supports(self, profile: str) -> bool:
        """Whether this charger has a feature profile; Core it always has."""
        return profile in self._supported

    def items(self, name: str) -> tuple[str, ...]:
        """The items of a list."""
        return _listed(self.text(name))

    def report(self, names: list[str]) -> tuple[list[dict[str, object]], list[str]]:
        """(known, unknown) for GetConfiguration; no names mean every key (OCPP 1.6 §5.8)."""
        asked = {name.casefold() for name in names}
        known = [
            {"key": name, "readonly": key.readonly}
            | ({} if key.kind is Kind.SECRET else {"value": self.text(name)})
            for name, key in self._keys.items()
            if not key.hidden and (not names or name.casefold() in asked)
        ]
        unknown = [name for name in dict.fromkeys(names) if self._visible(name) is None]
        return known, unknown

    def change(self, name: str, value: str, by: ChangedBy = ChangedBy.CSMS) -> ConfigurationStatus:
        """Set a key as a CSMS asks for it (OCPP 1.6 §5.3). What is accepted is kept."""
        key = self._visible(name)
        if key is None:
            return ConfigurationStatus.not_supported
        normal = key.normal(value)
        if key.readonly or normal is None:
            return ConfigurationStatus.rejected
        self._save(key.name, normal)
        self._note_change(key, normal, by)
        if key.reboot:
            self._waiting[key.name] = normal
            return ConfigurationStatus.reboot_required
        self._values[key.name] = normal
        self._on_change(key.name)
        return ConfigurationStatus.accepted

    def normal(self, name: str, value: str) -> str | None:
        """A value as it would be kept if a CSMS set it; None: there is no such key for it, it may
        only read it, or the value is not allowed."""
        key = self._visible(name)
        return None if key is None or key.readonly else key.normal(value)

    def key(self, name: str) -> Key | None:
        """The key of that name, in whatever case, as the CSMS sees it; None: it sees none."""
        return self._visible(name)

    def assume(self, name: str, value: str) -> None:
        """Let a value count from the start that is only so while the charge point runs."""
        self._values[name] = value

    def override(self, name: str, value: str, by: ChangedBy = ChangedBy.CSMS) -> None:
        """Set a key from within (the interval that BootNotification brings)."""
        self._note_change(self._keys[name], value, by)
        self._values[name] = value
        self._save(name, value)
        self._on_change(name)

    def rebooted(self) -> None:
        """What waited for a reboot counts from now on."""
        waited, self._waiting = self._waiting, {}
        self._values.update(waited)
        self._changes.raise_revision()
        for name in waited:
            self._on_change(name)

    @property
    def visible(self) -> tuple[Key, ...]:
        """The keys that a CSMS sees, in the order in which they are told."""
        return tuple(key for key in self._keys.values() if not key.hidden)

    def after_reboot(self, name: str) -> str | None:
        """What will count after a reboot; None: what counts now."""
        return self._waiting.get(name)

    def _note_change(self, key: Key, value: str, by: ChangedBy) -> None:
        secret = key.kind is Kind.SECRET
        before, after = ("", "") if secret else (self.text(key.name), value)
        self._changes.note(key.name, before, after, by)

    def _visible(self, name: str) -> Key | None:
        key = self._key(name)
        return None if key is None or key.hidden else key

    def _key(self, name: str) -> Key | None:
        return self._keys.get(self._names.get(name.casefold(), ""))
