"""The dashboard over a charger that speaks out of a log."""
