"""The pauses between attempts to connect, as the variables RetryBackOff… have them (Part 4, §5.3).

The first is RetryBackOffWaitMinimum, doubled after each failure, RetryBackOffRepeatTimes times at
most; to each a new part of RetryBackOffRandomRange is added, and what was reached in the end stays.
A connection begins it anew, so the minimum alone keeps a CSMS from being flooded that lets
everybody in and closes again.
"""

from __future__ import annotations

from sim_core.ocpp201.device_model import DeviceModel
from sim_core.runtime.random_numbers import Rng

COMPONENT = "OCPPCommCtrlr"
LEAST_S = 0.1
"""A minimum and a range of 0 would leave no pause at all."""


class BackOff:
    """The pauses of one station; see `wire.pauses.Pauses`."""

    __slots__ = ("_doublings", "_last_s", "_model", "_rng", "_scale")

    def __init__(self, model: DeviceModel, rng: Rng, scale: float) -> None:
        """`scale`: how fast time passes here; the CSMS lives in real time."""
        self._model = model
        self._rng = rng
        self._scale = scale
        self._doublings: int | None = None
        """How often the minimum was doubled for the last pause; None: there was none yet."""
        self._last_s = 0.0

    def next_s(self) -> float:
        most = self._model.number(COMPONENT, "RetryBackOffRepeatTimes")
        if self._doublings is not None and self._doublings >= most:
            return self._last_s
        self._doublings = 0 if self._doublings is None else self._doublings + 1
        least_s = self._model.number(COMPONENT, "RetryBackOffWaitMinimum")
        random_s = self._model.number(COMPONENT, "RetryBackOffRandomRange") * self._rng.random()
        self._last_s = max(LEAST_S, least_s * 2**self._doublings + random_s) * self._scale
        return self._last_s

    def connected(self) -> None:
        self._doublings = None

    def lived(self, seconds: float) -> None:
        pass

    def settled(self) -> None:
        self._doublings = None
