"""A recorded charger that speaks again, to a CSMS under test: `chargeforge replay`."""
