"""The twin against what the real charger has said: `python -m tests.twin FOLDER`."""
