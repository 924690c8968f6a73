"""The local authorization list: whom the CSMS has told us about (OCPP 1.6 §3.5.2, §5.10, §5.15).

Only SendLocalList changes it, and either as a whole or not at all: a request is read to its end,
then checked, then written in one commit before it is answered. Who may charge is decided in
`authorization`, which asks here before it asks the cache; where the CSMS then says otherwise than
the list, that is told as LocalListConflict of connector 0, until the list is sent anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, UpdateStatus, UpdateType

from sim_core.ocpp16.routing import on
from sim_core.ocpp16.timestamps import moment
from sim_core.store.records import KnownTag
from sim_core.wire.routes import Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

PROFILE = "LocalAuthListManagement"
NO_LIST = -1
"""The version that a charge point without a list tells (§5.10)."""
LARGEST_VERSION = 2**31 - 1
VALID = frozenset({"Accepted", "ConcurrentTx"})
"""What marks a card as valid (§3.5.2): one that charges elsewhere just now is still a good one."""


@dataclass(frozen=True)
class Changes:
    """What a SendLocalList comes to."""

    entries: tuple[KnownTag, ...] = ()
    gone: tuple[str, ...] = ()


class LocalList:
    """The list, and the handlers of the Local Auth List Management profile."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self.conflict = ""
        """The card of which the CSMS has said otherwise than the list; empty if there is none."""

    @property
    def enabled(self) -> bool:
        """Whether the list counts: this make has one, and LocalAuthListEnabled is true."""
        configuration = self._cp.configuration
        return configuration.supports(PROFILE) and configuration.flag("LocalAuthListEnabled")

    def entry(self, id_tag: str) -> KnownTag | None:
        """What the list says of a card, as it was sent."""
        return self._cp.store.listed_tag(id_tag) if self.enabled else None

    def compare(self, id_tag: str, status: str, now: datetime) -> None:
        """The CSMS has said this of a card: is it what the list says? (§3.5.2)"""
        entry = self.entry(id_tag)
        if entry is None:
            return
        valid = entry.status in VALID and not entry.expired(now)
        if valid == (status in VALID):
            if entry.id_tag == self.conflict:
                self._settle("")
        elif entry.id_tag != self.conflict:
            self._cp.note(
                "authorization",
                f"the local list has {id_tag} as {entry.status if valid else 'not valid'}, "
                f"the CSMS says {status}: it should send the list anew",
            )
            self._settle(entry.id_tag)

    def switched(self) -> None:
        """LocalAuthListEnabled has a new value: what is not used contradicts nobody."""
        if self.conflict and not self.enabled:
            self._settle("")

    def _settle(self, conflict: str) -> None:
        self.conflict = conflict
        self._cp.charge_point_changed()

    @on(Action.get_local_list_version)
    def local_list_version(self) -> Reply:
        """§5.10: 0 for an empty list, -1 where there is none."""
        version = self._cp.store.local_list_version() if self.enabled else NO_LIST
        return Reply(call_result.GetLocalListVersion(version))

    @on(Action.send_local_list)
    def local_list_send(
        self,
        list_version: int,
        update_type: str,
        local_authorization_list: list[dict[str, Any]] | None = None,
    ) -> Reply:
        """§5.15. What is Accepted is on disk before it is answered."""
        status = self._take(list_version, update_type, local_authorization_list or [])
        accepted = status is UpdateStatus.accepted
        if status is not UpdateStatus.not_supported:
            length = self._cp.store.local_list_length()
            self._cp.note(
                "list",
                f"the CSMS sent version {list_version} of the local list: {status.value}, "
                f"{length} {'card is' if length == 1 else 'cards are'} on it",
            )
        return Reply(
            call_result.SendLocalList(status),
            then=(lambda: self._settle("")) if accepted and self.conflict else None,
        )

    def _take(self, version: int, update_type: str, sent: list[dict[str, Any]]) -> UpdateStatus:
        if not self.enabled:
            return UpdateStatus.not_supported
        full = update_type == UpdateType.full
        store, number = self._cp.store, self._cp.configuration.number
        if not full and version <= store.local_list_version():
            return UpdateStatus.version_mismatch
        if not (0 if full and not sent else 1) <= version <= LARGEST_VERSION:
            return UpdateStatus.failed
        if len(sent) > number("SendLocalListMaxLength"):
            return UpdateStatus.failed
        changes = read_changes(sent, full=full)
        most = number("LocalAuthListMaxLength")
        if changes is None or not store.change_local_list(
            version, changes.entries, changes.gone, full=full, most=most
        ):
            return UpdateStatus.failed
        return UpdateStatus.accepted


def read_changes(sent: Iterable[dict[str, Any]], *, full: bool) -> Changes | None:
    """What a localAuthorizationList asks for, or None when it makes no sense (§6.1).

    An entry without idTagInfo takes its card off the list, which only a differential update can
    ask for; no card may be named twice.
    """
    entries: list[KnownTag] = []
    gone: list[str] = []
    met: set[str] = set()
    for data in sent:
        id_tag, info = data["idTag"], data.get("idTagInfo")
        if not (id_tag and id_tag.isprintable()) or id_tag.casefold() in met:
            return None
        met.add(id_tag.casefold())
        if info is None:
            if full:
                return None
            gone.append(id_tag)
            continue
        expiry = moment(info["expiryDate"]) if "expiryDate" in info else None
        parent = info.get("parentIdTag", "")
        if (expiry is None and "expiryDate" in info) or not parent.isprintable():
            return None
        entries.append(KnownTag(id_tag, info["status"], parent or None, expiry))
    return Changes(tuple(entries), tuple(gone))
