"""The dashboard beside a real charger: what a simulated one lets anybody do is asked of metal."""
