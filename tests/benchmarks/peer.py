"""A CSMS that does as little as can be done: `websockets` and `json`, no validation.

`python -m tests.benchmarks.peer` prints its port and serves until it is ended. It answers each
request as an accepting CSMS would. A request that comes alone and whole is answered in the turn of
the loop in which it has come: on a computer of few cores the CSMS must not take what is measured.
"""

from __future__ import annotations

import itertools
import json
import re
from datetime import datetime, timezone
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.utils import apply_mask

from sim_core.runtime import event_loops
from sim_core.wire.frame_ends import (
    MASK_BYTES,
    MASKED,
    SHORT,
    TWO_BYTES,
    WHOLE_TEXT,
    left_behind,
)

REQUEST = re.compile(r'\[2, ?"([^"\\]+)", ?"(\w+)"')
READ_BYTES = 96
"""So far into a request it has said its id and its action."""
IDS = itertools.count(1)
ACCEPTED = {"idTagInfo": {"status": "Accepted"}}


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(action: str, subprotocol: str | None = None) -> dict[str, Any]:
    if action == "BootNotification":
        return {"status": "Accepted", "currentTime": now(), "interval": 60}
    if action == "Heartbeat":
        return {"currentTime": now()}
    if action == "StartTransaction":
        return {"transactionId": next(IDS), **ACCEPTED}
    if subprotocol == "ocpp2.0.1":
        return {"idTokenInfo": {"status": "Accepted"}} if action == "Authorize" else {}
    return ACCEPTED if action in ("Authorize", "StopTransaction") else {}


def answer_to(frame: str | bytes, subprotocol: str | None) -> str | None:
    """What is said to a frame; None: nothing. Of a request only its begin is read."""
    text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")  # maybe cut off
    request = REQUEST.match(text)
    if request is None:
        return None
    said = answer(request[2], subprotocol)
    return f'[3,"{request[1]}",{json.dumps(said) if said else "{}"}]'


def framed(text: str) -> bytes:
    """A text as one frame of a server."""
    said = text.encode()
    if len(said) > SHORT:
        return Frame(Opcode.TEXT, said).serialize(mask=False)
    return bytes((WHOLE_TEXT, len(said))) + said


class Peer(ServerConnection):
    """Answers at once what needs no parser."""

    _left = 0
    """Bytes that are yet to come of the frame that arrives. A client sends its first one once the
    opening handshake is over."""

    def data_received(self, data: bytes) -> None:
        if self.protocol.state is not State.OPEN:
            super().data_received(data)
            return
        text = text_in(data) if self._left == 0 else None
        if text is None:
            self._left = left_behind(data, self._left)
            super().data_received(data)
        elif said := answer_to(text, self.subprotocol):
            self.transport.write(framed(said))


def text_in(data: bytes) -> bytes | None:
    """How the text in a frame of a client begins, where that comes alone (RFC 6455 §5.2)."""
    if len(data) < 6 or data[0] != WHOLE_TEXT:
        return None
    length, mask_at = data[1] - MASKED, 2
    if length == TWO_BYTES:
        length, mask_at = int.from_bytes(data[2:4], "big"), 4
    begins_at = mask_at + MASK_BYTES
    if length < 0 or length + begins_at != len(data):
        return None
    return apply_mask(data[begins_at : begins_at + READ_BYTES], data[mask_at:begins_at])


async def converse(connection: ServerConnection) -> None:
    try:
        async for frame in connection:
            if said := answer_to(frame, connection.subprotocol):
                await connection.send(said)
    except ConnectionClosed:
        pass


async def main() -> None:
    server = await serve(
        converse,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol("ocpp1.6"), Subprotocol("ocpp2.0.1")],
        compression=None,
        ping_interval=None,
        backlog=2000,
        create_connection=Peer,
    )
    print(next(iter(server.sockets)).getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    event_loops.run(main())
