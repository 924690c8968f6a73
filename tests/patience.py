"""How long a test waits in real time. Only a failure takes that long, so that it may be long: a
computer that does much beside is no fault."""

from __future__ import annotations

PATIENCE_S = 60.0
"""Until something that ought to come is said not to come."""
PROMPT_S = 10.0
"""Until something that ought to wait for nobody is said to wait: whoever it would wait for takes
longer, or does not come at all."""
