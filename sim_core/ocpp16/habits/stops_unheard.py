"""RemoteStopTransaction whose answer is lost with the link stops all the same.

Hangs on `stops_unheard`. Seen once: the reason was Other, 8.4 s after the request, and the vehicle
may have been unplugged.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, stops_unheard=True)
