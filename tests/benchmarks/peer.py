"""A CSMS that does as little as can be done: raw `websockets` and `json`, no validation.

`python -m tests.benchmarks.peer` prints its port and serves until it is ended. It answers each
request as an accepting CSMS would. A charge point whose name begins with `pace-` is asked for
`TriggerMessage` instead as fast as it answers.
"""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timezone
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from sim_core.runtime import event_loops

IDS = itertools.count(1)
ACCEPTED = {"idTagInfo": {"status": "Accepted"}}


def answer(action: str, subprotocol: str | None = None) -> dict[str, Any]:
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if action == "BootNotification":
        return {"status": "Accepted", "currentTime": now, "interval": 60}
    if action == "Heartbeat":
        return {"currentTime": now}
    if action == "StartTransaction":
        return {"transactionId": next(IDS), **ACCEPTED}
    if subprotocol == "ocpp2.0.1":
        return {"idTokenInfo": {"status": "Accepted"}} if action == "Authorize" else {}
    return ACCEPTED if action in ("Authorize", "StopTransaction") else {}


async def converse(connection: ServerConnection) -> None:
    try:
        async for frame in connection:
            kind, message_id, action, *_ = json.loads(frame)
            if kind == 2:
                await connection.send(
                    json.dumps([3, message_id, answer(action, connection.subprotocol)])
                )
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
    )
    print(next(iter(server.sockets)).getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    event_loops.run(main())
