"""A CSMS put to the test: scenarios with a verdict.

`scenario` is what a scenario is, `reading` with `yaml_nodes` reads one and says where it is wrong,
`patterns` and `variables` say whether a payload fits. `stage` has the charge points and the CSMS
before them, in real or in virtual time; `listening` waits for messages, `playing` goes through the
steps, `verdicts` are what came of it, and `reports` tell them: lines, JSON, JUnit, a page.
`shipped` is the set that comes with the program, `command` is `chargeforge test`; `driving` is
one charge point in somebody's hands; by `driven` and `pytest_plugin` it is in other people's tests,
by `drive` in other programs.
"""
