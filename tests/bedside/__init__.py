"""Tests of what stands between a real charger and its CSMS."""
