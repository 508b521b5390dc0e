"""``rollcall preview``: a briefing in every medium on one page of this machine, made anew when a template is saved."""
