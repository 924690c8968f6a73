"""Mistakes that a user can mend."""


class UserError(Exception):
    """Something that was asked for cannot be had; the text is the sentence for the user."""
