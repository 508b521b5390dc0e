"""The double as a process of its own, for measurements: prints its addresses, then takes orders over HTTP.

- ``POST /control/say {"text": ..., "channel": ...}`` has a person say something (in the first channel, or in the one
  with this number) and answers with the bot's next message there: ``{"content": ..., "seconds": ...}``.
- ``POST /control/slash {"command": ..., "options": {...}}`` does the same with a command.
- ``GET /control/ready`` answers once the bot is connected: ``{"ready": true, "seconds": ...}``, since the start here.
- ``GET /control/state`` counts, and lists violations.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.doubles.discord import rules
from tests.doubles.discord.double import TOKEN, DiscordDouble
from tests.doubles.discord.model import Channel, User

PATIENCE = 60.0


class Control:
    """Orders from whoever measures."""

    def __init__(self, double: DiscordDouble, channels: list[Channel], person: User) -> None:
        self.double = double
        self.channels = channels
        self.person = person
        self.begun = time.monotonic()

    def routes(self) -> list[web.RouteDef]:
        """What can be ordered."""
        return [
            web.post("/control/say", self.say),
            web.post("/control/slash", self.slash),
            web.get("/control/ready", self.ready),
            web.get("/control/state", self.state),
        ]

    async def say(self, request: web.Request) -> web.Response:
        """A message, and the answer to it."""
        order: dict[str, Any] = await request.json()
        channel = self.channels[int(order.get("channel", 0))]
        begun = time.perf_counter()
        message = await self.double.say(self.person, channel, str(order["text"]))
        replies = await self.double.replies_to(message, timeout=float(order.get("timeout", PATIENCE)))
        return web.json_response({"content": replies[0].text, "seconds": time.perf_counter() - begun})

    async def slash(self, request: web.Request) -> web.Response:
        """A command, and the answer to it."""
        order: dict[str, Any] = await request.json()
        channel = self.channels[int(order.get("channel", 0))]
        begun = time.perf_counter()
        interaction = await self.double.slash(self.person, channel, order["command"], order.get("options"))
        content = [message.text for message in interaction.messages]
        return web.json_response({"content": content, "seconds": time.perf_counter() - begun})

    async def ready(self, request: web.Request) -> web.Response:
        """Waits for the bot."""
        await self.double.until(lambda: self.double.ready, PATIENCE)
        return web.json_response({"ready": True, "seconds": time.monotonic() - self.begun})

    async def state(self, request: web.Request) -> web.Response:
        """What has happened so far."""
        double = self.double
        return web.json_response(
            {
                "ready": double.ready,
                "guilds": len(double.guilds),
                "identifies": double.identifies,
                "resumes": double.resumes,
                "requests": len(double.requests),
                "sends": double.sends,
                "commands": len(double.commands),
                "command_writes": double.command_writes,
                "violations": double.violations,
                "refusals": double.refusals,
            }
        )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.discord", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--guilds", type=int, default=1)
    parser.add_argument("--channels", type=int, default=5, help="in each server")
    parser.add_argument("--members", type=int, default=10, help="told of in each server")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--global-limit", type=int, default=0, help="requests a second; 0, the default: none")
    parser.add_argument("--no-message-content", action="store_true")
    return parser.parse_args()


async def main() -> None:
    """Runs until it is interrupted."""
    options = arguments()
    double = DiscordDouble(
        clock=lambda: datetime.now(UTC),
        token=options.token,
        message_content=not options.no_message_content,
        port=options.port,
    )
    double.global_limit = options.global_limit
    # A measurement asks the same thing of one channel as fast as it is answered.
    double.bucket_limit = 1_000_000
    person = double.add_user("anna")
    channels = []
    for number in range(options.guilds):
        guild = double.add_guild(f"Server {number}", filler=options.members)
        guild.join(person)
        channels += [guild.add_channel(f"channel-{place}", rules.GUILD_TEXT) for place in range(options.channels)]
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    double.app.add_routes(Control(double, channels, person).routes())
    async with double:
        sys.stdout.write(json.dumps({"api": double.api, "gateway": double.gateway, "cdn": double.cdn}) + "\n")
        sys.stdout.flush()
        parent = os.getppid()
        # Nobody is left to stop this process when whoever measures has crashed.
        while not stop.is_set() and os.getppid() == parent:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1)


if __name__ == "__main__":
    asyncio.run(main())
