"""What is kept for the end of a transaction is the register at begin and end, and no more.

Hangs on `kept_measurands`. Measured: two entries of one value in every StopTransaction.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Measurands, Points
from sim_core.charging.vocabulary import Context

REGISTER = "Energy.Active.Import.Register"


def _two(measurands: Measurands, context: Context) -> Measurands:
    ends = context in (Context.BEGIN, Context.END)
    return (REGISTER,) if measurands and ends else ()


def hang(points: Points) -> Points:
    return replace(points, kept_measurands=_two)
