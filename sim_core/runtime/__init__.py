"""Time and chance, and what asyncio lacks: nothing of chargers."""
