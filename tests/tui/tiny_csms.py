"""A CSMS of a few lines, on a thread, that notes when each frame came."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from websockets.sync.server import Server, ServerConnection, serve


class TinyCsms:
    """Answers boots, heartbeats and starts, and remembers the moments."""

    def __init__(self, interval_s: int = 1) -> None:
        """`interval_s` is the heartbeat's, as BootNotification is told."""
        self.heard: list[tuple[float, str]] = []
        self._interval_s = interval_s
        self.server: Server = serve(self._serve, "127.0.0.1", 0, subprotocols=["ocpp1.6"])  # type: ignore[list-item]
        self.port = self.server.socket.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ocpp"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def _serve(self, connection: ServerConnection) -> None:
        for frame in connection:
            message: list[Any] = json.loads(frame)
            if message[0] != 2:
                continue
            self.heard.append((time.monotonic(), message[2]))
            now = {"currentTime": "2026-01-01T00:00:00Z"}
            accepted = {"idTagInfo": {"status": "Accepted"}}
            answers: dict[str, dict[str, Any]] = {
                "BootNotification": {"status": "Accepted", "interval": self._interval_s, **now},
                "Heartbeat": now,
                "Authorize": accepted,
                "StartTransaction": {"transactionId": 7, **accepted},
            }
            connection.send(json.dumps([3, message[1], answers.get(message[2], {})]))

    def count(self, action: str) -> int:
        """How many requests of this action have come."""
        return sum(heard == action for _, heard in list(self.heard))

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.thread.join(5)
