"""Words that attack whoever shows them: as titles, names, sentences, addresses, or typed by people."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.conftest import START
from tests.doubles.discord import DiscordDouble, rules

WORLD = DiscordDouble(clock=lambda: START)
"""A Discord with somebody to ping; it is never started."""

_GUILD = WORLD.add_guild("Nordwind", bot_permissions=rules.EVERYTHING)
CHANNEL = _GUILD.add_channel("general")
PERSON = WORLD.add_user("anna")
_GUILD.join(PERSON)
ROLE = _GUILD.add_role("moderators", mentionable=True)

MENTIONS = (
    "@everyone", "@here", "@\u200beveryone", "@\u2060everyone", "\uff20everyone", "@\u0435veryone", "@ everyone",
    "@every\u00adone", "@\x00everyone", "@\x08here", "@\ud800everyone", "@\u202eenoyreve", "\\@everyone", "@@everyone",
    f"<@{PERSON.id}>", f"<@!{PERSON.id}>", f"<@&{ROLE.id}>", f"<@\u200b{PERSON.id}>", f"<\u200b@{PERSON.id}>",
    f"<@\x00{PERSON.id}>", f"\\<@{PERSON.id}>", f"<@!\ud800{PERSON.id}>", f"< @{PERSON.id}>", "<@123>", "<@!1>",
    "<@&1>", f"`<@{PERSON.id}>`", f"<<@{PERSON.id}>>", "@everyone@here",
)  # fmt: skip

MARKS = (
    "<#1>", f"<#{CHANNEL.id}>", "</status:1>", "</briefings off:123456789012345678>", "<t:1:R>", "<t:1>", "<t:-1:f>",
    "<id:customize>", "<id:browse>", "<:party:123456789012345678>", "<a:party:123456789012345678>",
    "[x](http://evil.example)", "[x](<http://evil.example>)", "[https://ours.example/](http://evil.example)",
    "x](http://evil.example)", "x](http://evil.example) [y", "](<http://evil.example>)[", "[[x]](http://evil.example)",
    "[x\\](http://evil.example)", "\\[x](http://evil.example)", "[", "]", "](", "[x][y]", "[", "[a [b](", ")", ">)",
    "http://evil.example", "https://evil.example/a_b_(c)", "<https://evil.example>", "HTTPS://EVIL.example",
    "http\u200b://evil.example", "http:\u2060//evil.example", "steam://run/1", "discord://x", "<mailto:a@b.example>",
    "`", "``", "```", "```py\nimport os\n```", "`a`", "\\`", "\\", "\\\\", "*", "**", "***", "_", "__", "~~", "||",
    "||spoiler||", "**bold**", "~~gone~~", "*it*", "_it_", "# big", "## big", "### big", "-# small", "> quoted",
    ">>> quoted", "- item", "* item", "+ item", "1. item", "12. item", "  # big", "\n# big", "\n> quoted",
    "\n>>> quoted", "\n- item", "\n-# small", "\r\n## big", "\n\n# big", "\u2028# big", "\x85> quoted", "\x0b# big",
    "\x1f", "\n\x1f\n# big", "\\\n# big",
)  # fmt: skip

SIGNS = (
    "\u202e", "\u202d", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f", "\u061c", "\u200b", "\u200c",
    "\u2060", "\ufeff", "\u00ad", "\x00", "\x1b[31m", "\x07", "\ud800", "\udfff", "\ud83d", "\ufffe", "\ufdd0",
    "\U000e0041", "👩\u200d👩\u200d👧", "🇩🇪", "😀" * 30, "Z" + "\u0301" * 60, "\u0301", "\r", "\n", "\r\n", "\u2029",
    "\x0c", "\t", "\u00a0", "\u3000", " ", "", "%s {0} {{ 7*7 }} {% raw %}", "<b>&amp;</b>", "ﷺ" * 10, "é", "word",
)  # fmt: skip

LONG = ("words " * 1000, "a" * 6000, "**" * 3000, "\\" * 2500, "😀" * 3000, "<@123> " * 900, "[" * 3000, "_ " * 1990)

SNIPPETS = (*MENTIONS, *MARKS, *SIGNS)

pieces = st.sampled_from(SNIPPETS) | st.text(max_size=12)
texts = st.lists(pieces, min_size=1, max_size=5).map("".join) | st.lists(pieces, min_size=1, max_size=5).map(" ".join)
"""Hostile texts of an ordinary length."""

any_length = texts | st.sampled_from(LONG) | st.tuples(texts, st.sampled_from(LONG), texts).map("".join)
"""Hostile texts, now and then of thousands of characters."""
