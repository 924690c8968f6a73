"""The dashboard over charge points that run elsewhere, and in a browser."""
