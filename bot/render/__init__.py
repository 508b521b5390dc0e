"""Turning answers and briefings into what a medium shows: terminal text, Discord messages, JSON, HTML."""
