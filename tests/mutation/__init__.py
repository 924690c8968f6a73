"""Breaks the code in small ways and looks whether a test notices: `make mutate`.

The breaks are mutmut's (`mutmut.mutation.mutators`). Its own runner is not used: it writes all
breaks into one copy of the project with a switch around each function, so it leaves decorated
functions alone (every property, every cached one), shifts what is timed, and takes no sample by
seed. Here a break is applied to one module as that module is imported, in a forked process that
has nothing of the project loaded yet: nothing on the disk changes, and a run that is interrupted
leaves nothing behind.

`mutants` says what can be broken and what is left alone, `reach` which tests run which line,
`trial` breaks and looks, `__main__` draws the sample and prints the score.
"""
