"""Messages as the double keeps them, and the JSON Discord makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.doubles.discord import rules

if TYPE_CHECKING:
    from tests.doubles.discord.model import Channel, User


class Button(NamedTuple):
    """A button as a reader sees it. Link buttons have a ``url``, all others a ``custom_id``."""

    label: str | None
    custom_id: str | None
    url: str | None
    disabled: bool


@dataclass(frozen=True)
class Pings:
    """Whom a message notifies. False when nobody."""

    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    everyone: bool = False

    def __bool__(self) -> bool:
        return bool(self.users or self.roles or self.everyone)


@dataclass
class Attachment:
    """A file that was uploaded with a message."""

    id: int
    filename: str
    data: bytes
    description: str | None
    url: str

    def payload(self) -> dict[str, Any]:
        described = {"description": self.description} if self.description else {}
        return {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.data),
            "url": self.url,
            "proxy_url": self.url,
            **described,
        }


@dataclass(eq=False, repr=False)
class Message:
    """A message as it stands. ``pings`` says whom it notified, or would have."""

    id: int
    channel: Channel
    author: User
    created_at: datetime
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    tts: bool = False
    pings: Pings = field(default_factory=Pings)
    mentions: list[User] = field(default_factory=list)
    reference: Message | None = field(default=None, repr=False)
    edited_at: datetime | None = None
    edits: int = 0
    deleted: bool = False
    interaction: dict[str, Any] | None = field(default=None, repr=False)
    shown_to: User | None = None

    def __repr__(self) -> str:
        return f"<Message by {self.author.name} in {self.channel}: {self.content!r}>"

    @property
    def ephemeral(self) -> bool:
        """Seen by one person only, the one in ``shown_to``."""
        return bool(self.flags & rules.EPHEMERAL)

    @property
    def edited(self) -> bool:
        return self.edits > 0

    @property
    def loading(self) -> bool:
        """A deferred answer that hasn't come yet."""
        return bool(self.flags & rules.LOADING)

    @property
    def suppressed(self) -> bool:
        """No previews of links are shown."""
        return bool(self.flags & rules.SUPPRESS_EMBEDS)

    @property
    def buttons(self) -> list[Button]:
        found = (c for c in walk(self.components) if c.get("type") == rules.BUTTON)
        return [Button(c.get("label"), c.get("custom_id"), c.get("url"), bool(c.get("disabled"))) for c in found]

    @property
    def text(self) -> str:
        """Everything there is to read: content, text displays and embeds."""
        parts = [
            self.content,
            *(c.get("content", "") for c in walk(self.components) if c["type"] == rules.TEXT_DISPLAY),
        ]
        for embed in self.embeds:
            parts += [embed.get("title", ""), embed.get("description", "")]
            parts += [f"{entry['name']}\n{entry['value']}" for entry in embed.get("fields", [])]
            parts.append((embed.get("footer") or {}).get("text", ""))
        return "\n".join(part for part in parts if part)

    def payload(self, *, content: bool = True, event: bool = False, reference: bool = True) -> dict[str, Any]:
        """The JSON. ``content`` False blanks what the message-content intent keeps back; events carry the member."""
        guild = self.channel.guild
        data: dict[str, Any] = {
            "id": str(self.id),
            "type": 20 if self.interaction and self.interaction["type"] == 2 else 19 if self.reference else 0,
            "channel_id": str(self.channel.id),
            "author": self.author.payload(),
            "content": self.content if content else "",
            "timestamp": self.created_at.isoformat(),
            "edited_timestamp": self.edited_at.isoformat() if self.edited_at else None,
            "tts": self.tts,
            "mention_everyone": self.pings.everyone,
            "mentions": [user.payload() for user in self.mentions],
            "mention_roles": [str(role) for role in sorted(self.pings.roles)],
            "attachments": [attachment.payload() for attachment in self.attachments] if content else [],
            "embeds": self.embeds if content else [],
            "components": self.components if content else [],
            "pinned": False,
            "flags": self.flags,
        }
        if self.nonce is not None:
            data["nonce"] = self.nonce
        if self.interaction:
            application = str(self.channel.world.application_id)
            data |= {"interaction_metadata": self.interaction, "webhook_id": application, "application_id": application}
        if self.reference is not None and reference:
            whole = {"message_id": str(self.reference.id), "channel_id": str(self.channel.id), "type": 0}
            data["message_reference"] = whole | ({"guild_id": str(guild.id)} if guild else {})
            gone = self.reference.deleted
            data["referenced_message"] = None if gone else self.reference.payload(content=content, reference=False)
        if event and guild is not None:
            data["guild_id"] = str(guild.id)
            if member := guild.members.get(self.author.id):
                data["member"] = member.payload(with_user=False)
        return data


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All components, however deep: rows, sections with their accessory, containers, labels."""
    for component in components:
        yield component
        for key in ("components", "component", "accessory"):
            inner = component.get(key)
            if inner:
                yield from walk(inner if isinstance(inner, list) else [inner])
