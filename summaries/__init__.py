"""Rollcall newsroom: text in, facts out. Pure."""
