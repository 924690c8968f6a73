"""A twin beside a real charger: given what happened to it so far, and held against what it says.

Each look plays anew what has happened since the charger was last at rest, in virtual time and by
nothing but the frames that have passed. So every cause is given at the moment it had, however late
its frame came, and what is judged is judged by the comparison that traces are judged by.
"""
