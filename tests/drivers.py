"""What drivers, vehicles and mishaps do at a charge point, for tests that draw it at random."""

from __future__ import annotations

from hypothesis import strategies as st

from sim_core.commands import (
    ClearExternalLimit,
    ClearFault,
    Command,
    DriveIn,
    DriveOff,
    EVGiveUp,
    EVStop,
    InjectFault,
    Plug,
    Resume,
    SetExternalLimit,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    TypeCode,
    Unplug,
)

numbers = st.sampled_from((1, 2))
tags = st.sampled_from(("TAG_A", "TAG_B"))


def at_a_connector(vehicles: st.SearchStrategy[str | None]) -> st.SearchStrategy[Command]:
    """One command at one of two connectors; the vehicles are names of the garage."""
    return st.one_of(
        st.builds(Plug, numbers, vehicles),
        st.builds(Unplug, numbers),
        st.builds(Swipe, numbers, tags),
        st.builds(Start, numbers, tags),
        st.builds(TypeCode, numbers, st.sampled_from(("1", "22"))),
        st.builds(DriveIn, numbers),
        st.builds(DriveOff, numbers),
        st.builds(Stop, numbers),
        st.builds(EVStop, numbers),
        st.builds(EVGiveUp, numbers),
        st.builds(SuspendEV, numbers),
        st.builds(SuspendEVSE, numbers),
        st.builds(Resume, numbers),
        st.builds(InjectFault, numbers, st.sampled_from(("GroundFailure", "OtherError"))),
        st.builds(ClearFault, numbers),
    )


def by_others() -> st.SearchStrategy[Command]:
    """One command of those who limit the power beside the CSMS."""
    sources = st.sampled_from(("EMS", "SO"))
    return st.one_of(
        st.builds(
            SetExternalLimit,
            st.sampled_from((0, 4_000, 20_000)),
            sources,
            st.sampled_from((0, 1, 2)),
        ),
        st.builds(ClearExternalLimit, st.none() | sources),
    )
