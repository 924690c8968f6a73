"""A charger of a known make is learnt again, and whatever differs has its reason."""

from __future__ import annotations

from sim_core.from_settings import why_no_key
from sim_core.learning.heard import Log
from sim_core.learning.learner import learn
from sim_core.settings.model_file import load_model
from tests.learning.beside import differences
from tests.lockstep.metal import metal, visit


def test_a_known_make_is_learnt_again_but_for_what_was_not_seen() -> None:
    logs = [Log(f"visit-{seed}", metal(seed, tell=visit), ()) for seed in (1, 2)]
    text = learn(logs, why_no_key).text()
    found = differences(text, load_model("gresgying-f3-eu180"))
    assert [one for one in found if not one.why] == []
    places = {one.place for one in found}
    assert {"quirks.late_power_loss", "timing.real.install_s", "faults.85.info"} <= places
    assert (
        not {
            "identity.firmware_version",
            "behaviour.status_order",
            "behaviour.begin_end_samples",
            "metering.number_format",
            "quirks.two_entry_stop_data",
            "quirks.late_connector_0",
        }
        & places
    )
    # The same file without what it knows that from has no reason left.
    bare = "\n".join(line.partition("  # ")[0] for line in text.splitlines() if line[:1] != "#")
    assert any(not one.why for one in differences(bare, load_model("gresgying-f3-eu180")))
