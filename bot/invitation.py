"""The link that invites the bot into a server, with the least permissions."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

_PERMISSIONS: Final = (
    (1 << 10, "View Channel", "to see the channel it posts in"),
    (1 << 11, "Send Messages", "to answer and to post"),
    (1 << 38, "Send Messages in Threads", "the same in threads"),
    (1 << 15, "Attach Files", "for pictures; without it they are left out"),
    (1 << 16, "Read Message History", "to reply, and to see what it has posted, so that nothing is posted twice"),
)
"""What the invitation asks for. No embeds, no mentions of everyone, nothing that changes a server."""


def link(application_id: int) -> str:
    """Return the link for an application's id."""
    asked = sum(bit for bit, _, _ in _PERMISSIONS)
    query = urlencode({"client_id": application_id, "scope": "bot applications.commands", "permissions": asked})
    return f"https://discord.com/oauth2/authorize?{query}"


def explained(application_id: int) -> str:
    """Return the link, and what each permission it asks for is needed for."""
    lines = [link(application_id), "", "It asks for:"]
    lines += [f"- {name}: {purpose}" for _, name, purpose in _PERMISSIONS]
    return "\n".join(lines)
