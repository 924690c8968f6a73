"""What differs as a person reads it."""

from __future__ import annotations

import pytest

from sim_core.lockstep.words import in_words, kind_of

SAID = (
    (
        "StopTransaction Remote: transactionData has 13 entries, not 2",
        "StopTransaction Remote: transactionData has 13 entries, with the twin 2",
    ),
    (
        "RemoteStartTransaction.conf: status is 'Accepted', not 'Rejected'",
        "RemoteStartTransaction answer: status is 'Accepted', with the twin 'Rejected'",
    ),
    (
        "Preparing NoError: a status on its way takes 2.10 s, not 0.50 to 1.50",
        "Preparing: a status on its way takes 2.10 s, with the twin 0.50 to 1.50",
    ),
    (
        "MeterValues Sample.Clock: fields with ['transactionId']",
        "MeterValues Sample.Clock has transactionId, the twin's has not",
    ),
    (
        "BootNotification: fields without ['iccid', 'imsi']",
        "BootNotification lacks iccid, imsi, the twin's has it",
    ),
    (
        "Authorize: at another place in the order",
        "Authorize comes in another order than with the twin",
    ),
    (
        "MeterValues Transaction.End: before Finishing NoError",
        "MeterValues Transaction.End comes before Finishing, with the twin after it",
    ),
    ("GetConfiguration: no answer", "GetConfiguration is not answered, the twin answers it"),
    ("the message id is no random UUID", "the message id is no random UUID"),
)


@pytest.mark.parametrize(("why", "said"), SAID)
def test_a_reason_is_a_sentence(why: str, said: str) -> None:
    assert in_words(why) == said


def test_the_same_of_other_numbers_is_the_same() -> None:
    one, other = (
        f"Charging: a status on its way takes {took} s, with the twin 0.5 to 1.5"
        for took in ("2.10", "3")
    )
    assert kind_of(one) == kind_of(other)
    assert kind_of(one) != kind_of("Charging comes in another order than with the twin")
