"""What Python has compiled of the project is kept, also where the environment forbids it.

`PYTHONDONTWRITEBYTECODE` is usual in containers. Each worker would then compile all tests anew,
and each of the many processes that they start all of the product: a third of what both take to be
there. git ignores what is kept.
"""

from __future__ import annotations

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
