"""The forms that people's logs come in: a module a form, and one table of them."""
