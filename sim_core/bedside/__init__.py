"""Between a real charger and its CSMS: a relay that changes nothing, and who looks at it."""
