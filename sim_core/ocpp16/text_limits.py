"""How long the texts of a command may be that OCPP 1.6 has to carry."""

from __future__ import annotations

from sim_core.snapshot import TextLimits

TEXT_LIMITS = TextLimits(token=20, fault_text=50)
"""CiString20Type (IdToken, §7.28) and CiString50Type (StatusNotification.req, §6.47)."""
