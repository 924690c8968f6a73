"""`python -m tests.lockstep`: see `sweep`."""

from __future__ import annotations

from tests.lockstep.sweep import main

if __name__ == "__main__":
    raise SystemExit(main())
