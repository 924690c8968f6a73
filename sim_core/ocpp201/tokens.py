"""IdTokenType: the token of a card with its type (OCPP 2.0.1 Part 2, block C).

The charger knows cards by their text. Which type a text has is remembered here, as whoever has
named it said: a request of the CSMS, the local list, the reader. Texts are compared without case.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from sim_core.charging.codes import Codes
from sim_core.store.interface import Documents

ISO14443, CENTRAL, MAC, NO_AUTHORIZATION = "ISO14443", "Central", "MacAddress", "NoAuthorization"
KEY_CODE = "KeyCode"
"""The type of a code: within the station it goes by a name that is no secret (C04)."""
NEVER_ASKED = frozenset({CENTRAL, NO_AUTHORIZATION})
"""Types that nobody is asked about, and that the cache learns nothing of (C02, C03)."""
UNNAMED = frozenset({KEY_CODE, NO_AUTHORIZATION})
"""Types whose text a signed reading does not say: a secret, and nobody's."""
IDENTS = {
    "Central": "CENTRAL",
    "eMAID": "EMAID",
    "ISO14443": "ISO14443",
    "ISO15693": "ISO15693",
    KEY_CODE: "KEY_CODE",
    "Local": "LOCAL",
    MAC: "EVCCID",
    NO_AUTHORIZATION: "NONE",
}
"""Type -> what OCMF calls it (IT)."""
REMEMBERED = 1000
NAME = "token types"


class TokenTypes:
    """The types of the tokens that were met last, but for the usual one; they outlive a power cut,
    as the transactions that they were named for do."""

    __slots__ = ("_codes", "_documents", "_nobodys", "_types", "_unsaved")

    def __init__(
        self,
        codes: Codes,
        documents: Documents,
        nobodys: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`nobodys`: whether a text stands for nobody's card, as that of a start button does."""
        self._codes = codes
        self._documents = documents
        self._nobodys = nobodys
        self._types: OrderedDict[str, str] = OrderedDict(documents.get(NAME) or {})
        self._unsaved = False

    def met(self, token: dict[str, Any]) -> str:
        """Remember an IdTokenType; returns its text, or the name of its code."""
        text = self.note(token)
        self.keep()
        return text

    def note(self, token: dict[str, Any]) -> str:
        """The same for one of many, after which all are to be kept."""
        text, kind = self.text_of(token), str(token["type"])
        if kind == KEY_CODE:
            return text
        folded = text.casefold()
        known = self._types.get(folded, ISO14443)
        if kind == ISO14443:
            self._types.pop(folded, None)
        else:
            self._types[folded] = kind
            self._types.move_to_end(folded)
        while len(self._types) > REMEMBERED:
            self._types.popitem(last=False)
        self._unsaved |= kind != known
        return text

    def keep(self) -> None:
        """Put what was noted on the disk."""
        if self._unsaved:
            self._documents.put(NAME, dict(self._types) or None)
            self._unsaved = False

    def text_of(self, token: Mapping[str, Any]) -> str:
        """By which text the station knows an IdTokenType; a code has a name for that."""
        text = str(token.get("idToken", ""))
        return self._codes.name_of(text) if text and token.get("type") == KEY_CODE else text

    def of(self, text: str) -> str:
        """The type of a text."""
        if self._codes.code_of(text) is not None:
            return KEY_CODE
        known = self._types.get(text.casefold())
        if known is not None:
            return known
        if self._nobodys(text):
            return NO_AUTHORIZATION
        return MAC if text.startswith("VID:") else ISO14443

    def ident(self, text: str) -> tuple[str, str]:
        """The same as a signed reading names it: type and text."""
        kind = self.of(text)
        return IDENTS.get(kind, "UNDEFINED"), "" if kind in UNNAMED else text

    def wire(self, text: str) -> dict[str, Any]:
        """IdTokenType; a token of nobody is written as the empty text (C02)."""
        kind = self.of(text)
        said = "" if kind == NO_AUTHORIZATION else self._codes.code_of(text) or text
        return {"idToken": said, "type": kind}
