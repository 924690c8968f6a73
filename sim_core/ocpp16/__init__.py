"""What in reality is firmware: OCPP 1.6."""
