"""The state of a charge point in a file of its own.

`store` puts it together: the `place` that is ours alone, the `file` that lies there with its tables
(`schema`), the `database` that goes on where the disk refuses, and the areas of the promise, a
module a subject, under the names that they have in `memory`.
"""
