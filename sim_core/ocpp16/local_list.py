"""Local Auth List Management: what a CSMS sends and asks of the list (OCPP 1.6 §5.10, §5.15).

A request is read to its end, then checked, then written in one commit before it is answered. The
list itself is `charging.token_list`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, UpdateStatus, UpdateType

from sim_core.charging.environment import Note
from sim_core.charging.token_list import Changes, TokenList
from sim_core.store.records import KnownToken
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment

PROFILE = "LocalAuthListManagement"
NO_LIST = -1
"""The version that a charge point without a list tells (§5.10)."""
LARGEST_VERSION = 2**31 - 1


class LocalListProfile:
    """The handlers of the Local Auth List Management profile."""

    __slots__ = ("_list", "_note")

    def __init__(self, token_list: TokenList, note: Note) -> None:
        self._list = token_list
        self._note = note

    @on(Action.get_local_list_version)
    def local_list_version(self) -> Reply:
        """§5.10: 0 for an empty list, -1 where there is none."""
        version = self._list.version if self._list.enabled else NO_LIST
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
        if status is not UpdateStatus.not_supported:
            length = self._list.length
            self._note(
                "list",
                f"the CSMS sent version {list_version} of the local list: {status.value}, "
                f"{length} {'card is' if length == 1 else 'cards are'} on it",
            )
        settles = status is UpdateStatus.accepted and bool(self._list.contradiction)
        return Reply(
            call_result.SendLocalList(status), then=self._list.reconciled if settles else None
        )

    def _take(self, version: int, update_type: str, sent: list[dict[str, Any]]) -> UpdateStatus:
        if not self._list.enabled:
            return UpdateStatus.not_supported
        full = update_type == UpdateType.full
        if not full and version <= self._list.version:
            return UpdateStatus.version_mismatch
        if not (0 if full and not sent else 1) <= version <= LARGEST_VERSION:
            return UpdateStatus.failed
        changes = read_changes(sent, full=full)
        if changes is None or not self._list.change(version, changes, full=full):
            return UpdateStatus.failed
        return UpdateStatus.accepted


def read_changes(sent: Iterable[dict[str, Any]], *, full: bool) -> Changes | None:
    """What a localAuthorizationList asks for, or None when it makes no sense (§6.1).

    An entry without idTagInfo takes its card off the list, which only a differential update can
    ask for; no card may be named twice.
    """
    entries: list[KnownToken] = []
    gone: list[str] = []
    met: set[str] = set()
    for data in sent:
        token, info = data["idTag"], data.get("idTagInfo")
        if not (token and token.isprintable()) or token.casefold() in met:
            return None
        met.add(token.casefold())
        if info is None:
            if full:
                return None
            gone.append(token)
            continue
        expiry = moment(info["expiryDate"]) if "expiryDate" in info else None
        parent = info.get("parentIdTag", "")
        if (expiry is None and "expiryDate" in info) or not parent.isprintable():
            return None
        entries.append(KnownToken(token, info["status"], parent or None, expiry))
    return Changes(tuple(entries), tuple(gone))
