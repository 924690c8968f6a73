"""ChargeForge: a charge point that speaks OCPP, without a screen."""
