"""The state of a charge point that nobody keeps: what `interface` promises, in plain dictionaries.

A fleet kept in memory has a thousand of these on one loop. A database each costs 60 KiB before a
word is written, and a commit for every sample; here nothing survives anyhow, so all that is left
of the promises is their order and that `together` is all or nothing. `undo` sees to that, `store`
puts the areas together, and they are where those of `sqlite` are.
"""
