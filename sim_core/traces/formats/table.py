"""The one table of forms. Those that a file tells for sure come first, in this order."""

from __future__ import annotations

from sim_core.traces.formats import alfen, capture, dashboard, har, own_reading, pairs, shiv3
from sim_core.traces.formats.form import Form
from sim_core.traces.formats.logs import LOGS, PLAIN
from sim_core.traces.formats.unread import UNREAD as UNREAD

FORMS: tuple[Form, ...] = (
    capture.FORM,
    own_reading.FORM,
    dashboard.FORM,
    shiv3.FORM,
    har.FORM,
    alfen.FORM,
    pairs.FORM,
    *LOGS,
    PLAIN,
)
FORM: dict[str, Form] = {form.name: form for form in FORMS}
