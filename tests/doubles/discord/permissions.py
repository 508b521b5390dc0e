"""Who may do what where, computed as docs/topics/permissions writes it down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.doubles.discord import rules


@dataclass
class Overwrite:
    """What a channel denies and allows one role (kind 0) or one member (kind 1)."""

    id: int
    kind: int
    allow: int = 0
    deny: int = 0

    def payload(self) -> dict[str, Any]:
        return {"id": str(self.id), "type": self.kind, "allow": str(self.allow), "deny": str(self.deny)}


def base(owner: bool, everyone: int, roles: Iterable[int]) -> int:
    """A member's permissions in a guild, before channels have their say."""
    if owner:
        return rules.EVERYTHING
    permissions = everyone
    for bits in roles:
        permissions |= bits
    return rules.EVERYTHING if permissions & rules.ADMINISTRATOR else permissions


def overwritten(permissions: int, overwrites: dict[int, Overwrite], guild: int, roles: list[int], member: int) -> int:
    """The permissions in one channel: @everyone's overwrite first, then the roles' together, then the member's."""
    if permissions & rules.ADMINISTRATOR:
        return rules.EVERYTHING
    if everyone := overwrites.get(guild):
        permissions = permissions & ~everyone.deny | everyone.allow
    denied = allowed = 0
    for role in roles:
        if overwrite := overwrites.get(role):
            denied |= overwrite.deny
            allowed |= overwrite.allow
    permissions = permissions & ~denied | allowed
    if own := overwrites.get(member):
        permissions = permissions & ~own.deny | own.allow
    return permissions


def implied(permissions: int, *, thread: bool) -> int:
    """What a denial denies besides ("Implicit Permissions"): nothing works where one can't look or can't send."""
    if not permissions & rules.VIEW:
        return 0
    if not permissions & (rules.SEND_IN_THREADS if thread else rules.SEND):
        permissions &= ~(rules.MENTION_EVERYONE | rules.SEND_TTS | rules.ATTACH_FILES | rules.EMBED_LINKS)
    return permissions
