"""Chaos: random sessions, cuts, wrong answers and kill -9, against the CSMS's ledger."""
