"""What in reality is metal: pure, without asyncio, OCPP or I/O; time is an argument."""
