"""`chargeforge drive` and `chargeforge mcp`: charge points in the hands of other programs.

`requests` is all that may be asked and what is answered, as data; `session` does it. Two faces ask:
`command` over lines of JSON, `mcp_server` as tools of an agent. `schema` describes the one for
people and editors, and the other takes its tools from the same tables.
"""
