"""What happened around a trace: a trace shows effects, and the causes are read off them.

A cause is what metal cannot do by itself: a cable, a card, a button, a vehicle that ends, a cut, a
request. What the charger does is its own affair (habits, delays, chances), and nothing of it may be
told to a twin: it would be flattered. Causes are read off in the same way where there was no link.
"""
