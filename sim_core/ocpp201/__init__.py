"""What OCPP 2.0.1 says of a charger, and how it reads what a CSMS asks."""
