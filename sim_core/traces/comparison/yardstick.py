"""What the real conversations have in common: the measure for each of them, and for a twin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sim_core.traces.comparison.delays import Gap, gaps, is_fine, is_free, length_s
from sim_core.traces.comparison.distributions import span_of, without_outliers
from sim_core.traces.comparison.measured import Ranges
from sim_core.traces.comparison.orders import Orders, agreed
from sim_core.traces.exchanges import Conversation


@dataclass
class Yardstick:
    """See the module."""

    orders: Orders
    lengths: dict[str, list[float]]
    """How long each kind of thing took, in s."""
    spans: dict[str, tuple[float, float]]
    """How long each may take."""
    ranges: Ranges
    _gaps: dict[int, list[Gap]] = field(default_factory=dict)

    @classmethod
    def of(cls, all_told: Sequence[Conversation]) -> Yardstick:
        """The measure that these conversations give."""
        lengths: dict[str, list[float]] = defaultdict(list)
        found = {id(told): gaps(told) for told in all_told}
        for told in all_told:
            for gap in found[id(told)]:
                took = length_s(gap.ends, gap.first, gap.then)
                if took is not None:
                    lengths[gap.what].append(took)
        spans = {
            what: span
            for what, took in lengths.items()
            if not is_free(what) and (span := span_of(took, fine=is_fine(what)))
        }
        return cls(agreed(all_told), dict(lengths), spans, Ranges.of(all_told), found)

    def gaps_of(self, told: Conversation) -> list[Gap]:
        """The delays of one of its conversations."""
        return self._gaps.get(id(told)) or gaps(told)

    def is_usual(self, what: str, took: float) -> bool:
        """Whether a delay has had no cause of its own."""
        known = self.lengths.get(what, [])
        return took in without_outliers(known)
