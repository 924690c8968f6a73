"""Many charge points from one process: load for a CSMS, without a screen for each.

Every charge point is a whole `Station`; nothing in here knows how one behaves. What is added is
who they are (`ids`), who drives them (`drivers`), when they boot (`stations`), and what may be seen
of them all at once (`snapshot`, `metrics`).
"""
