"""What was said between a charge point and its CSMS, and when, as data."""
