"""What a make says once a link is up, in its own order (`on_connect`, `on_reconnect`).

A make without such a list says what OCPP 1.6 §4.2 has in mind: BootNotification, and behind it the
connectors. What stands before BootNotification in a list leaves before it, and what stands behind
it once that is Accepted; a list without it is said at once, and the charge point takes itself for
registered, as those makes do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from sim_core.hardware.model import Identity, TransferText
from sim_core.ocpp16.phrasing import filled
from sim_core.wire.answers import Payload

BOOT, STATUS, HEARTBEAT = "BootNotification", "StatusNotification", "Heartbeat"
SECURITY, TRANSFER = "SecurityEventNotification", "DataTransfer"


class Greeting:
    """See the module."""

    __slots__ = ("_acts", "_identity", "_say_later", "_transfers", "first", "later")

    def __init__(
        self,
        first: Sequence[str],
        later: Sequence[str],
        transfers: Sequence[TransferText],
        say: Callable[[str, Payload], None],
        identity: Callable[[], Identity],
        acts: Mapping[str, Callable[[bool], None]],
    ) -> None:
        """`first` is what is said after a start, `later` on the next links; `acts` is who says the
        words of OCPP that are more than one message, and is told whether the charge point is
        registered; `say` sends one message in its turn."""
        self.first = tuple(first)
        self.later = tuple(later)
        self._transfers = {one.message_id: one for one in transfers}
        self._say_later = say
        self._identity = identity
        self._acts = acts

    def boots(self, *, usual: bool, anew: bool) -> bool:
        """Whether BootNotification is said by itself; `usual` where no list says it."""
        words = self.words(anew=anew)
        return BOOT in words if words else usual

    def words(self, *, anew: bool) -> tuple[str, ...]:
        """The list for this link; empty: what OCPP has in mind."""
        return self.first if anew else self.later

    async def before(self, *, anew: bool) -> None:
        """Say what stands before BootNotification; it has its place in the queue then."""
        words = self.words(anew=anew)
        if BOOT in words and words[0] != BOOT:
            self._say(words[: words.index(BOOT)], registered=False)
            await asyncio.sleep(0)

    def behind(self, *, anew: bool) -> bool:
        """Say what stands behind it; False where there is no list."""
        words = self.words(anew=anew)
        if words:
            rest = words[words.index(BOOT) + 1 :] if BOOT in words else words
            self._say(rest, registered=True)
        return bool(words)

    def _say(self, words: Sequence[str], *, registered: bool) -> None:
        for word in words:
            action, _, message_id = word.partition(" ")
            if action == TRANSFER:
                payload = transfer_payload(self._transfers[message_id], {}, self._identity())
                self._say_later(TRANSFER, payload)
            elif action == HEARTBEAT:
                self._say_later(HEARTBEAT, {})
            else:
                self._acts[action](registered)


def transfer_payload(
    transfer: TransferText, said: Mapping[str, object], identity: Identity
) -> Payload:
    """What a DataTransfer of the make's own says, behind a message that says this."""
    fields = {
        "vendorId": transfer.vendor_id,
        "messageId": transfer.message_id,
        "data": filled(transfer.data, said, identity),
    }
    return {name: text for name, text in fields.items() if text}
