"""SendLocalList and GetLocalListVersion (OCPP 2.0.1 Part 2, block D).

A request is read to its end, then checked, then written in one commit before it is answered. The
list itself is `charging.token_list`. Unlike in OCPP 1.6 an empty list keeps the version that it was
sent with.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Note
from sim_core.charging.token_list import Changes, TokenList
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.authorization import group_of
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.store.interface import Documents
from sim_core.store.records import KnownToken
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment

FULL = "Full"
SENT_VERSION = "ocpp201 version of the local list"
LARGEST_VERSION = 2**31 - 1


class LocalListMessages:
    """Handlers of the local list."""

    __slots__ = ("_documents", "_list", "_note", "_tokens")

    def __init__(
        self, token_list: TokenList, documents: Documents, tokens: TokenTypes, note: Note
    ) -> None:
        self._list = token_list
        self._documents = documents
        self._tokens = tokens
        self._note = note

    @property
    def _version(self) -> int:
        """The one that was sent last: the store's own forgets that of a list that nobody is on, and
        does not change where nothing else does."""
        kept = self._documents.get(SENT_VERSION)
        if kept is None or kept["of"] != self._list.version:
            return self._list.version
        return int(kept["version"])

    @on(Action.get_local_list_version)
    def get_local_list_version(self, **_: Any) -> Reply:
        """D02: 0 where no list was sent, or where lists do not count (D02.FR.02)."""
        return Reply({"versionNumber": self._version if self._list.enabled else 0})

    @on(Action.send_local_list)
    def send_local_list(
        self,
        version_number: int,
        update_type: str,
        local_authorization_list: list[Payload] | None = None,
        **_: Any,
    ) -> Reply:
        """D01. What is Accepted is on disk before it is answered."""
        status, why = self._take(version_number, update_type, local_authorization_list or [])
        length = self._list.length
        self._note(
            "list",
            f"the CSMS sent version {version_number} of the local list: {status}, "
            f"{length} {'card is' if length == 1 else 'cards are'} on it",
        )
        settles = status == "Accepted" and bool(self._list.contradiction)
        return reply(
            status,
            code="InvalidValue" if why else "",
            why=why,
            then=self._list.reconciled if settles else None,
        )

    def _take(self, version: int, update_type: str, sent: list[Payload]) -> tuple[str, str]:
        if not self._list.enabled:
            return "Failed", "the local list is switched off (LocalAuthListCtrlr.Enabled)"
        full = update_type == FULL
        if not full and version <= self._version:
            return "VersionMismatch", ""
        if not 0 < version <= LARGEST_VERSION:
            return "Failed", "versionNumber has to be above 0"
        changes = read_changes(sent, self._tokens, full=full)
        if isinstance(changes, str):
            return "Failed", changes
        if not sent and not full:
            self._keep_version(version)
            return "Accepted", ""
        if not self._list.change(version, changes, full=full):
            return "Failed", "there is no room for so many cards"
        self._keep_version(version)
        return "Accepted", ""

    def _keep_version(self, version: int) -> None:
        self._documents.put(SENT_VERSION, {"version": version, "of": self._list.version})


def read_changes(sent: Iterable[Payload], tokens: TokenTypes, *, full: bool) -> Changes | str:
    """What a localAuthorizationList asks for, or the sentence that says why it makes no sense.

    An entry without idTokenInfo takes its card off the list, which only a differential update can
    ask for; no card may be named twice (D01.FR.05, .06).
    """
    entries: list[KnownToken] = []
    gone: list[str] = []
    met: set[tuple[str, str]] = set()
    for data in sent:
        token = data["idToken"]
        name = (token["idToken"].casefold(), token["type"])
        if not (token["idToken"] and token["idToken"].isprintable()):
            return "an idToken cannot be shown"
        if name in met:
            return f"{tokens.text_of(token)} is named twice"
        met.add(name)
        text, info = tokens.note(token), data.get("idTokenInfo")
        if info is None:
            if full:
                return f"{text} has no idTokenInfo, and this is a Full list"
            gone.append(text)
            continue
        expiry = moment(info["cacheExpiryDateTime"]) if "cacheExpiryDateTime" in info else None
        if expiry is None and "cacheExpiryDateTime" in info:
            return f"cacheExpiryDateTime of {text} is no date and time"
        entries.append(KnownToken(text, info["status"], group_of(info.get("groupIdToken")), expiry))
    tokens.keep()
    return Changes(tuple(entries), tuple(gone))
