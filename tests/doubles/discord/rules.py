"""Discord's numbers and names, from its documentation and from nowhere in the bot.

The page of the documentation is named beside each group. What is an assumption, because Discord doesn't publish it,
says so.
"""

from __future__ import annotations

import re
import unicodedata

# Snowflakes: docs/reference "Snowflakes".
EPOCH_MS = 1_420_070_400_000

# Messages: docs/resources/message "Create Message", "Embed Limits".
CONTENT = 2_000
NONCE = 25
EMBEDS = 10
EMBED_TOTAL = 6_000
EMBED_TITLE = 256
EMBED_DESCRIPTION = 4_096
EMBED_FIELDS = 25
EMBED_FIELD_NAME = 256
EMBED_FIELD_VALUE = 1_024
EMBED_FOOTER = 2_048
EMBED_AUTHOR = 256
FILES = 10
FILE_BYTES = 10 * 1024 * 1024
FILE_DESCRIPTION = 1_024
REQUEST_BYTES = 25 * 1024 * 1024
ALLOWED_MENTIONS = 100
MENTION_KINDS = frozenset({"users", "roles", "everyone"})
HISTORY = 100

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
VOICE_MESSAGE = 1 << 13
COMPONENTS_V2 = 1 << 15
CROSSPOSTED = 1 << 0
MESSAGE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | VOICE_MESSAGE | COMPONENTS_V2
INTERACTION_FLAGS = MESSAGE_FLAGS | EPHEMERAL
EDIT_FLAGS = SUPPRESS_EMBEDS | COMPONENTS_V2

# Components: docs/components/reference.
ROWS = 5
ROW_BUTTONS = 5
V2_COMPONENTS = 40
V2_TEXT = 4_000  # not in the documentation; JDA's and discord.py's number
CUSTOM_ID = 100
BUTTON_LABEL = 80
BUTTON_URL = 512
OPTIONS = 25
OPTION_TEXT = 100
PLACEHOLDER = 150
SECTION_TEXTS = 3
GALLERY = 10
MODAL_TITLE = 45
MODAL_COMPONENTS = 5
LABEL_TEXT = 45
LABEL_DESCRIPTION = 100
TEXT_INPUT = 4_000

ROW, BUTTON, SELECT, TEXT, SECTION, TEXT_DISPLAY, THUMBNAIL = 1, 2, 3, 4, 9, 10, 11
GALLERY_KIND, FILE_KIND, SEPARATOR, CONTAINER, LABEL = 12, 13, 14, 17, 18
SELECTS = frozenset({3, 5, 6, 7, 8})
LINK_BUTTON, PREMIUM_BUTTON = 5, 6

# Interactions: docs/interactions/receiving-and-responding.
INTERACTION_DEADLINE = 3.0
TOKEN_MINUTES = 15
USER_INSTALL_FOLLOWUPS = 5
CHOICES = 25
CHOICE_TEXT = 100

# Application commands: docs/interactions/application-commands.
COMMAND_NAME = 32
COMMAND_DESCRIPTION = 100
COMMAND_OPTIONS = 25
COMMAND_CHARACTERS = 8_000
COMMANDS = {1: 100, 2: 15, 3: 15}
COMMAND_CREATES_A_DAY = 200
LOCALES = frozenset(
    """id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja
    zh-TW ko he ar""".split()  # noqa: SIM905 - one a line would be 34 lines
)

# Channel types: docs/resources/channel "Channel Types".
GUILD_TEXT, DM, VOICE, CATEGORY, ANNOUNCEMENT = 0, 1, 2, 4, 5
ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, FORUM, MEDIA = 10, 11, 12, 15, 16
THREADS = frozenset({ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD})
THREAD_NAME = 100

# Permissions: docs/topics/permissions "Bitwise Permission Flags".
ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
VIEW = 1 << 10
SEND = 1 << 11
SEND_TTS = 1 << 12
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
MANAGE_THREADS = 1 << 34
SEND_IN_THREADS = 1 << 38
EVERYTHING = (1 << 53) - 1
LEAST = 274_878_024_704  # View, Send, Send in Threads, Embed Links, Attach Files, Read History
ORDINARY = VIEW | SEND | READ_HISTORY | SEND_IN_THREADS

# Rate limits: docs/topics/rate-limits. The size of a bucket is not published; these are knobs.
GLOBAL_PER_SECOND = 50
BUCKET_LIMIT = 100
BUCKET_SECONDS = 1.0
INVALID_REQUESTS = 10_000
NONCE_MINUTES = 5  # "the past few minutes"

# User agents: docs/reference "User Agent". The comma of the documentation is not in discord.py's own.
USER_AGENT = re.compile(r"DiscordBot \(https?://\S+?,? \S+\)")

# Gateway: docs/events/gateway, docs/topics/opcodes-and-status-codes.
GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
ALL_INTENTS = sum(1 << bit for bit in (*range(17), 20, 21, 24, 25))
GATEWAY_SENDS = 120
GATEWAY_WINDOW = 60.0
GATEWAY_BYTES = 4_096
HEARTBEAT_MS = 41_250
GUILDS_PER_SHARD = 2_500

# Application flags: docs/resources/application. "Limited" is what bots below the review threshold get.
FLAG_MESSAGE_CONTENT = 1 << 18
FLAG_MESSAGE_CONTENT_LIMITED = 1 << 19
FLAG_MEMBERS_LIMITED = 1 << 15

# docs/topics/opcodes-and-status-codes "JSON Error Codes": code to HTTP status and text.
ERRORS: dict[int, tuple[int, str]] = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30015: (400, "Maximum number of attachments in a message reached (10)"),
    30032: (400, "Maximum number of application commands reached (100)"),
    30034: (429, "Max number of daily application command creates has been reached (200)"),
    40005: (413, "Request entity too large"),
    40033: (400, "This message has already been crossposted"),
    40058: (400, "Cannot message this channel until thread is created"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has reached the maximum number of follow-up messages"),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50033: (400, "Invalid Recipient(s)"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160005: (400, "This thread is locked"),
    160002: (400, "Cannot reply without permission to read message history"),
}

# A careful bot still meets these: the world changed, or a person closed a door.
NOBODYS_FAULT = frozenset({10003, 10004, 10007, 10008, 10013, 50001, 50007, 50013, 50083, 50278, 160002, 160005})


def command_name(name: str, *, chat_input: bool) -> bool:
    r"""``^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$``, in lower case where there is one; spaces for other types."""
    if not 1 <= len(name) <= COMMAND_NAME:
        return False
    if not chat_input:
        return bool(name.strip())
    return name == name.lower() and all(_in_name(letter) for letter in name)


def _in_name(letter: str) -> bool:
    deva_or_thai = "\u0900" <= letter <= "\u097f" or "\u0e01" <= letter <= "\u0e3a" or "\u0e40" <= letter <= "\u0e5b"
    return letter in "-_'" or unicodedata.category(letter)[0] in "LN" or deva_or_thai
