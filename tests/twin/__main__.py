"""Play every trace of a folder to the twin and print what is the same.

`python -m tests.twin FOLDER --seeds 10` is `chargeforge compare FOLDER --seeds 10`.
"""

from __future__ import annotations

import sys

from sim_core.twin.command import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], "python -m tests.twin"))
