"""What a CSMS must keep to, whatever its charge points live through: a row each.

A row is given all that has been said so far (`heard`) and returns the first that speaks against the
CSMS, as a sentence; so it can be asked after each step, and an order of events that nobody thought
of is judged like any other. What is judged is what was said on the wire and, where somebody tells
of it, what the CSMS has made of it. `exchanges`, `transactions`, `requests`, `greetings` and
`sessions_kept` find what speaks against it; `table` has the rows.
"""
