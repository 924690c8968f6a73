"""A simulated charger in the place of a real one: the same things happen to it, in virtual time."""
