"""What a charge point says in OCPP 2.0.1."""
