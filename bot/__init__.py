"""Rollcall, the people side: who asks, when to post, where things are kept."""
