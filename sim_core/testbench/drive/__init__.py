"""`chargeforge drive` and `chargeforge mcp`: charge points in the hands of other programs.

`requests` is all that may be asked and what is answered, as data; `session` does it. Two faces ask:
`command` over lines of JSON, `mcp_server` as tools of an agent. Both speak through `pipes`, in
`json_text` that any reader can read; `schema` describes the lines, and the tools.
"""
