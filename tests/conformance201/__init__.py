"""What an OCPP 2.0.1 charging station owes, row by row."""
