"""A CSMS put to the question: lives of charge points that chance has drawn.

`lives` draws one, as a scenario like those that people write; `testbench.playing` plays it and
watches the invariants; `shrinking` makes one that has failed as small as it goes; `trial` does so
with one life after the other, `reports` tell what came of it, `command` is `chargeforge torture`.
"""
