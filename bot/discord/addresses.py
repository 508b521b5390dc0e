"""Pointing discord.py at another address of Discord than its own: a test double, or a proxy of the operator's."""

from __future__ import annotations

import discord
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.config import DiscordSettings


def point(settings: DiscordSettings) -> None:
    """Use the addresses that are set; the settings allow plain ones to this machine only, so no token can leak."""
    if settings.api:
        Route.BASE = settings.api
    if settings.gateway:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.gateway)
    if settings.cdn:
        Asset.BASE = settings.cdn
    # Voice is never used; its absence needs no warning.
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False
