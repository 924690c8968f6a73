"""What the charge point costs: measured, not asserted. `python -m tests.benchmarks` prints it."""
