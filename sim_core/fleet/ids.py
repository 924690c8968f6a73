"""Who is in the fleet: ids by pattern, and which of them this process is.

Charge points are numbered from 1. In a pattern a run of `#` is where the number goes, with zeros in
front to at least that width. A shard takes every n-th number, so that neighbours in number are
spread over machines and no shard is empty while another is full.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim_core.errors import UserError

MARK = re.compile("#+")
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
"""Set by an Indexed Job of Kubernetes: which of the completions a pod is, from 0."""


class ShardError(UserError):
    """A shard that there cannot be."""


@dataclass(frozen=True)
class Shard:
    """Part `index` (from 0) of `count`."""

    index: int = 0
    count: int = 1

    def numbers(self, total: int) -> range:
        """The numbers of this part, of 1 to `total`."""
        return range(self.index + 1, total + 1, self.count)


def has_mark(pattern: str) -> bool:
    """Whether a pattern says where the number goes."""
    return MARK.search(pattern) is not None


def numbered(pattern: str, number: int) -> str:
    """`pattern` with the number in place of its first run of `#`."""
    return MARK.sub(lambda run: str(number).zfill(len(run[0])), pattern, count=1)


def shard_of(text: str, index_variable: str | None) -> Shard:
    """The shard that `INDEX/COUNT` names; with `/COUNT` the index is what the variable says.

    Raises ShardError with a sentence for the user.
    """
    if not text:
        return Shard()
    index, slash, count = text.partition("/")
    if slash and not index:
        if index_variable is None:
            raise ShardError(
                f"FLEET_SHARD (--shard) is {text!r}: without an index it is taken from "
                f"{INDEX_VARIABLE}, which is not set; say 0{text}, for example."
            )
        index = index_variable
    if not (_whole(index) and _whole(count) and 0 <= int(index) < int(count)):
        given = text if text.partition("/")[0] else f"{text} with {INDEX_VARIABLE}={index}"
        raise ShardError(
            f"FLEET_SHARD (--shard) is {given!r}: allowed is INDEX/COUNT with an index from 0 to "
            "COUNT - 1, such as 0/4."
        )
    return Shard(int(index), int(count))


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6
