"""The application's commands: registered by the bot, offered to people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.doubles.discord import rules, validate
from tests.doubles.discord.errors import Refusal
from tests.doubles.discord.messages import Attachment
from tests.doubles.discord.model import Channel, Guild, User
from tests.doubles.discord.server import Answer, Call, Endpoint

if TYPE_CHECKING:
    from tests.doubles.discord.double import DiscordDouble

SUB_COMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)


class Commands:
    """Global commands (scope 0) and those of single servers."""

    def __init__(self, double: DiscordDouble) -> None:
        self.double = double
        self.scopes: dict[int, list[dict[str, Any]]] = {}
        self.writes = 0
        self._created: list[Any] = []

    def routes(self) -> list[Endpoint]:
        """Bulk reading and overwriting, and single commands."""
        own = "/applications/{application_id}"
        found = []
        for base in (f"{own}/commands", f"{own}/guilds/{{guild_id}}/commands"):
            found += [
                Endpoint("GET", base, self.read),
                Endpoint("PUT", base, self.overwrite, check=self._check),
                Endpoint("POST", base, self.upsert, check=self._check),
                Endpoint("DELETE", base + "/{command_id}", self.delete),
            ]
        return found

    def _scope(self, call: Call) -> int:
        if call.number("application_id") != self.double.application_id:
            raise Refusal(50001, fault=True)
        scope = call.number("guild_id") if "guild_id" in call.params else 0
        guild = self.double.guilds.get(scope)
        if scope and (guild is None or not guild.present):
            raise Refusal(50001 if guild else 10004)
        return scope

    def _check(self, call: Call) -> None:
        validate.commands(call.body if call.method == "PUT" else [call.body], in_guild="guild_id" in call.params)

    def read(self, call: Call) -> Answer:
        return 200, self.scopes.get(self._scope(call), [])

    def overwrite(self, call: Call) -> Answer:
        scope = self._scope(call)
        self.writes += 1
        before = {(command["type"], command["name"]): command for command in self.scopes.get(scope, [])}
        self.scopes[scope] = [self._stored(scope, body, before) for body in call.body]
        return 200, self.scopes[scope]

    def upsert(self, call: Call) -> Answer:
        scope = self._scope(call)
        before = {(command["type"], command["name"]): command for command in self.scopes.get(scope, [])}
        stored = self._stored(scope, call.body, before)
        key = (stored["type"], stored["name"])
        others = [command for command in self.scopes.get(scope, []) if (command["type"], command["name"]) != key]
        self.scopes[scope] = [*others, stored]
        return 200 if key in before else 201, stored

    def delete(self, call: Call) -> Answer:
        scope = self._scope(call)
        left = [command for command in self.scopes.get(scope, []) if command["id"] != call.params["command_id"]]
        if len(left) == len(self.scopes.get(scope, [])):
            raise Refusal(10063)
        self.scopes[scope] = left
        return 204, None

    def _stored(
        self, scope: int, body: dict[str, Any], before: dict[tuple[int, str], dict[str, Any]]
    ) -> dict[str, Any]:
        kind = body.get("type") or 1
        known = before.get((kind, body["name"]))
        if known is None:
            # "200 application command creates per day, per guild"; upserts by name are free.
            day_ago = self.double.clock() - timedelta(days=1)
            self._created = [entry for entry in self._created if entry[1] > day_ago] + [(scope, self.double.clock())]
            if sum(entry[0] == scope for entry in self._created) > rules.COMMAND_CREATES_A_DAY:
                raise Refusal(30034)
        permissions = body.get("default_member_permissions")
        ident = known["id"] if known else str(self.double.entity_id())
        return {
            "description": "",
            "options": [],
            "dm_permission": True,
            "contexts": None,
            "integration_types": [0],
            "nsfw": False,
            **body,
            "id": ident,
            "type": kind,
            "application_id": str(self.double.application_id),
            "version": ident,
            "default_member_permissions": None if permissions is None else str(permissions),
            **({"guild_id": str(scope)} if scope else {}),
        }

    def offered(self, name: str, channel: Channel, user: User) -> dict[str, Any]:
        """The chat command of this name that people see in the channel."""
        guild = channel.guild.id if channel.guild else 0
        chat = [c for scope in {guild, 0} for c in self.scopes.get(scope, []) if c["type"] == 1]
        command = next((command for command in chat if command["name"] == name), None)
        if command is None:
            raise LookupError(f"/{name} is not registered; /{', /'.join(sorted(c['name'] for c in chat))} are")
        installed = {0} if channel.guild is None or channel.guild.present else set()
        if not (installed | ({1} if user.installed else set())) & set(command["integration_types"] or [0]):
            raise LookupError(f"/{name} is not installed for {user.name} here")
        context = 0 if guild else 1
        contexts = command["contexts"] or ([0, 1, 2] if command["dm_permission"] else [0])
        if context not in contexts:
            raise LookupError(f"/{name} is not offered {'in direct messages' if context else 'in servers'}")
        return command


def hidden(command: dict[str, Any], channel: Channel, user: User) -> bool:
    """The command isn't shown to this user, unless the server's administrators changed who may use it."""
    needed = command["default_member_permissions"]
    if channel.guild is None or needed is None:
        return False
    permissions = channel.permissions_of(user)
    wanted = int(needed) or rules.ADMINISTRATOR
    return permissions & wanted != wanted


def filled(
    command: dict[str, Any],
    path: list[str],
    given: dict[str, Any],
    resolved: dict[str, Any],
    focused: str | None = None,
) -> list[dict[str, Any]]:
    """The options of an interaction. A person can't leave out what is required or fill in what isn't there."""
    options = command.get("options") or []
    if path:
        found = next((o for o in options if o["name"] == path[0] and o["type"] in (SUB_COMMAND, GROUP)), None)
        if found is None:
            raise LookupError(
                f"{command['name']} has no sub-command {path[0]!r}; it has {[o['name'] for o in options]}"
            )
        inner = filled(found, path[1:], given, resolved, focused)
        return [{"name": found["name"], "type": found["type"], "options": inner}]
    if any(option["type"] in (SUB_COMMAND, GROUP) for option in options):
        raise LookupError(f"{command['name']} needs one of {[option['name'] for option in options]}")
    known = {option["name"]: option for option in options}
    if unknown := set(given) - set(known):
        raise LookupError(f"{command['name']} has no option {sorted(unknown)}; it has {sorted(known)}")
    missing = [option["name"] for option in options if option.get("required") and option["name"] not in given]
    if missing and focused is None:
        raise LookupError(f"{command['name']} needs {missing}")
    return [_option(known[name], value, resolved, focused == name) for name, value in given.items()]


def _option(option: dict[str, Any], value: Any, resolved: dict[str, Any], focused: bool) -> dict[str, Any]:
    kind = option["type"]
    if isinstance(value, Attachment) != (kind == ATTACHMENT):
        raise LookupError(f"{option['name']} takes {'a file' if kind == ATTACHMENT else 'no file'}")
    if isinstance(value, Attachment):
        value = str(value.id)
    elif isinstance(value, User | Channel):
        _resolve(value, resolved)
        value = str(value.id)
    elif choices := option.get("choices"):
        choice = next((c for c in choices if value in (c["value"], c["name"])), None)
        if choice is None:
            raise LookupError(f"{option['name']} has no choice {value!r}; it has {[c['name'] for c in choices]}")
        value = choice["value"]
    elif kind == STRING:
        value = str(value)
        least, most = option.get("min_length") or 0, option.get("max_length") or 6_000
        if not focused and not least <= len(value) <= most:
            raise LookupError(f"{option['name']} takes {least} to {most} characters")
    return {"name": option["name"], "type": kind, "value": value, **({"focused": True} if focused else {})}


def _resolve(thing: User | Channel, resolved: dict[str, Any]) -> None:
    ident = str(thing.id)
    if isinstance(thing, User):
        resolved.setdefault("users", {})[ident] = thing.payload()
        guild: Guild | None = next(iter(thing.guilds), None)
        if guild is not None:
            member = guild.members[thing.id].payload(with_user=False)
            resolved.setdefault("members", {})[ident] = {**member, "permissions": str(guild.permissions_of(thing))}
        return
    # app_permissions since 2026-07: whether the bot can post there.
    permissions = {"permissions": str(rules.EVERYTHING), "app_permissions": str(thing.permissions_of(thing.world.bot))}
    resolved.setdefault("channels", {})[ident] = {**thing.payload(), **permissions}
