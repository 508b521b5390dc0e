"""``feeds``: the feeds that a server has added for itself, and trying an address. What they bring shows only there.

In a server all of it is for those who manage it: an address may hold the key to a private feed, and trying one makes
the bot ask a stranger's server. Where others read along, the answer to a typed command, no address or name of a feed
is shown. In a terminal it shows the dossier's feeds, whose place is the dossier's own file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from bot.answers import Action, Answer, Attached, mistake
from bot.library import Library, NoFeed, Probe
from bot.render.medium import harmless
from bot.render.words import iso, plural
from bot.request import Request
from bot.store import audit
from bot.store import feeds as rows
from bot.store.engine import Connection
from bot.store.feeds import ListedFeed
from summaries.article import normalise_url
from summaries.text import collapse
from summaries.topic import Feed

COMMAND: Final = "feeds"

MOST: Final = 25
"""How many feeds of its own a server may have: each costs a request every quarter of an hour."""

MAX_UPLOAD: Final = 1_000_000
"""Bytes of an OPML file that are read; 25 feeds need some thousand."""

_MAX_NAME: Final = 80
# PostgreSQL refuses index entries of more than 2,704 bytes.
_MAX_ADDRESS: Final = 2000
_NEWEST_SHOWN: Final = 3
_OTHERS_SHOWN: Final = 5
_REFUSED_SHOWN: Final = 10


class BadAddress(ValueError):
    """What was given is no address that a feed can have; the message is a sentence for people."""


def web_address(text: str) -> str:
    """Read a web address as people write it: "bbc.com/news" is https, and marks of Discord's around it go.

    Raises :class:`BadAddress`.
    """
    typed = text = text.strip().removeprefix("<").removesuffix(">")
    if not _names_scheme(text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, user, port = parts.hostname or "", parts.username, parts.port
    except ValueError:
        host, user, port, parts = "", None, None, urlsplit("")
    if user is not None:
        # Not repeated: what stands there is a secret.
        raise BadAddress("An address with a user name or password is not read. Look for one without.")
    named = "." in host.strip(".") or ":" in host
    if parts.scheme.lower() not in {"http", "https"} or not named or port == 0 or any(map(str.isspace, text)):
        raise BadAddress(f'"{typed[:80]}" is no web address. Write it like https://example.org/feed.xml.')
    if len(text.encode("utf-8", "replace")) > _MAX_ADDRESS:
        raise BadAddress(f"The address is too long: {_MAX_ADDRESS:,} bytes at most.")
    return parts._replace(fragment="").geturl()


def _names_scheme(text: str) -> bool:
    return "://" in text.split("?")[0]


def host_of(url: str) -> str:
    """Return the site of an address, as people call it."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return host.removeprefix("www.")[:_MAX_NAME] or "an address"


def feeds(request: Request, library: Library) -> Answer:
    """Show, change or try feeds."""
    word, _, rest = request.words.partition(" ")
    word = word.casefold().strip(".?!") or "list"
    act = _ACTS.get(word)
    if act is None:
        return mistake(
            COMMAND,
            "unknown_word",
            f'"{word[:40]}" is no part of this command. It is {request.prefix}feeds with list, add, remove, test, '
            "import or export.",
        )
    if request.reader.kind == "terminal":
        if act in {_add, _remove, _import}:
            return mistake(
                COMMAND,
                "not_here",
                "A server's own feeds are changed in that server, on Discord: /feeds. Those of the dossier stand in "
                "its topic.toml, as feeds.",
            )
    elif request.server is None:
        return mistake(
            COMMAND,
            "not_here",
            "A server's own feeds belong to that server. Type this there, where you may manage it and I am a member.",
        )
    elif not request.server.manages:
        return mistake(COMMAND, "not_allowed", 'Only people with the permission "Manage Server" can do this.')
    found = act(request, rest.strip(), library)
    if request.guild_id is None or request.ephemeral or not found.ok:
        return found
    return _for_everybody(request, found, library)


def _for_everybody(request: Request, found: Answer, library: Library) -> Answer:
    """Return what of an answer everybody in the channel may read: what was done, and how many feeds there are."""
    with library.reading() as connection:
        count = len(_own(connection, request, library))
    return Answer(
        command=COMMAND,
        template="feeds-typed",
        view={"part": found.template, "shown": found.view, "count": count, "prefix": request.prefix},
        data={"count": count},
        # Whoever presses a button sees the answer alone.
        actions=(Action("All feeds", "feeds list"),),
        personal=True,
    )


# What is there ------------------------------------------------------------------------------------------------------


def _own(connection: Connection, request: Request, library: Library) -> list[ListedFeed]:
    """Return the feeds of the server where it was asked; in a terminal those that the dossier names."""
    found = rows.listed(connection, library.topic.key, request.guild_id)
    if request.guild_id is not None:
        return found
    # The store learns of them when they are first read.
    stored = {one.url: one for one in found}
    return [
        stored.get(one.url)
        or ListedFeed(
            0, one.url, one.name, one.everything, "active", None, request.now, None, None, None, None, None, None, 0
        )
        for one in library.topic.feeds
    ]


def _list(request: Request, _words: str, library: Library) -> Answer:
    with library.reading() as connection:
        own = _own(connection, request, library)
    failing = sum(_state(one) == "failing" for one in own)
    if request.guild_id is None:
        # Nothing here goes by their numbers, so those that need somebody come first.
        own = sorted(own, key=lambda one: _state(one) != "failing")
    dossiers = library.feeds()
    listed = [_shown(number, feed) for number, feed in enumerate(own, start=1)]
    return Answer(
        command=COMMAND,
        template="feeds",
        view={
            "listed": listed,
            "failing": failing,
            "of_server": request.guild_id is not None,
            "most": MOST,
            "dossiers": len(library.topic.feeds),
            "heard": sum(one.last_ok_at is not None for one in dossiers),
            "prefix": request.prefix,
        },
        data={
            "feeds": [_feed_json(number, feed) for number, feed in enumerate(own, start=1)],
            "dossier_feeds": len(library.topic.feeds),
        },
        actions=(Action("As a file", "feeds export"),) if own and request.guild_id is not None else (),
        personal=True,
    )


def _shown(number: int, feed: ListedFeed) -> dict[str, Any]:
    return {
        "number": number,
        "name": feed.name or host_of(feed.url),
        "host": host_of(feed.url),
        "url": feed.url,
        "moved": {"host": host_of(feed.moved_to), "url": feed.moved_to} if feed.moved_to else None,
        "state": _state(feed),
        "error": feed.last_error,
        "gone": feed.last_reason == "gone",
        "last_ok_at": feed.last_ok_at,
        "next_poll_at": feed.next_poll_at,
        "everything": feed.everything,
        "articles": feed.articles,
        "who": feed.added_by,
        "added_on": feed.added_at.date(),
    }


def _state(feed: ListedFeed) -> str:
    if feed.state != "active":
        return "paused"
    if feed.last_polled_at is None:
        return "new"
    return "failing" if feed.last_error else "heard"


def _feed_json(number: int, feed: ListedFeed) -> dict[str, Any]:
    return {
        "number": number,
        "name": feed.name,
        "url": feed.url,
        "moved_to": feed.moved_to,
        "everything": feed.everything,
        "state": _state(feed),
        "articles": feed.articles,
        "last_heard": iso(feed.last_ok_at) if feed.last_ok_at else None,
        "next_look": iso(feed.next_poll_at) if feed.next_poll_at else None,
        "reason": feed.last_reason,
        "sentence": feed.last_error,
    }


# Trying an address --------------------------------------------------------------------------------------------------


def _test(request: Request, words: str, library: Library) -> Answer:
    found = _tried(request, words, library)
    if isinstance(found, Answer):
        return found
    in_server = request.guild_id is not None
    return Answer(
        command=COMMAND,
        template="feeds-test",
        view={"probe": _probe_view(found, all_newest=True), "prefix": request.prefix, "of_server": in_server},
        data=_probe_json(found),
        actions=(Action("Add it", f"feeds add {found.url}"), *_others(found, "test")) if in_server else (),
        personal=True,
    )


def _tried(request: Request, words: str, library: Library) -> Probe | Answer:
    """Try what was typed as an address; an answer that says why where there is no feed."""
    if not words:
        return mistake(
            COMMAND, "missing_address", f"Which address? For example: {request.prefix}feeds test bbc.com/news"
        )
    try:
        url = web_address(words)
        try:
            return library.probe(url)
        except NoFeed as error:
            if _names_scheme(words) or error.reason not in _NO_ENCRYPTION:
                raise
            return _unencrypted(url, error, library)
    except BadAddress as error:
        return mistake(COMMAND, "bad_address", str(error))
    except NoFeed as error:
        return mistake(COMMAND, "no_feed", error.sentence, data={"reason": error.reason})


_NO_ENCRYPTION: Final = frozenset({"unreachable", "untrusted"})
"""Why an address fails at a site that knows no encryption: nobody listens, or another site's certificate is there."""


def _unencrypted(url: str, error: NoFeed, library: Library) -> Probe:
    """Try an address that was written without http or https once more, without encryption.

    Raises ``error``, what came of trying it with encryption, where that fails too.
    """
    try:
        found = library.probe(f"http{url.removeprefix('https')}")
    except NoFeed:
        raise error from None
    warning = "its site can't be read by https, so it is read by http, which others on the way can read and change"
    return replace(found, warnings=(warning, *found.warnings))


def _others(probe: Probe, what: str) -> tuple[Action, ...]:
    """Offer the other feeds of the page where this one was found."""
    return tuple(
        Action(f"{what.capitalize()} {other.title or host_of(other.url)}", f"feeds {what} {other.url}")
        for other in probe.others[:_OTHERS_SHOWN]
    )


def _probe_view(probe: Probe, *, all_newest: bool = False) -> dict[str, Any]:
    newest = probe.entries if all_newest else [entry for entry in probe.entries if entry.belongs]
    return {
        "name": _name(probe),
        "host": host_of(probe.url),
        "url": probe.url,
        "page": {"host": host_of(probe.page), "url": probe.page} if probe.page else None,
        "others": [
            {"name": collapse(other.title or "")[:_MAX_NAME] or host_of(other.url), "url": other.url}
            for other in probe.others[:_OTHERS_SHOWN]
        ],
        "more_others": max(0, len(probe.others) - _OTHERS_SHOWN),
        "count": len(probe.entries),
        "belonging": probe.belonging,
        "newest": newest[: _NEWEST_SHOWN * (2 if all_newest else 1)],
        "warnings": [warning[:300] for warning in probe.warnings[:3]],
    }


def _name(probe: Probe) -> str:
    return collapse(probe.title or "")[:_MAX_NAME].strip() or host_of(probe.url)


def _probe_json(probe: Probe) -> dict[str, Any]:
    return {
        "url": probe.url,
        "name": _name(probe),
        "page": probe.page,
        "others": [{"url": other.url, "title": other.title} for other in probe.others],
        "belonging": probe.belonging,
        "entries": [
            {
                "title": entry.title,
                "url": entry.url,
                "published": entry.published.iso,
                "published_is": entry.published.basis,
                "belongs": entry.belongs,
                "score": round(entry.score, 3),
            }
            for entry in probe.entries
        ],
        "warnings": list(probe.warnings),
    }


# Adding and removing ------------------------------------------------------------------------------------------------


def _same(feeds: Sequence[ListedFeed], url: str) -> ListedFeed | None:
    """Return the feed that has this address, however it is written."""
    wanted = normalise_url(url)
    return next((one for one in feeds if one.url == url or (wanted and normalise_url(one.url) == wanted)), None)


def _add(request: Request, words: str, library: Library) -> Answer:
    address, _, last = words.rpartition(" ")
    everything = bool(address) and last.casefold().strip(".!") == "everything"
    address = address if everything else words
    # Asked first: that needs no network.
    with suppress(BadAddress):
        if (known := _in_dossier(web_address(address), library)) is not None:
            return _dossiers_own(known)
    found = _tried(request, address, library)
    if isinstance(found, Answer):
        return found
    guild_id = request.guild_id or 0
    if (known := _in_dossier(found.url, library)) is not None:
        return _dossiers_own(known)
    with library.store.writing() as connection:
        own = _own(connection, request, library)
        before = _same(own, found.url)
        if before is None and len(own) >= MOST:
            return _full(request)
        url = before.url if before else found.url
        if before is None or before.everything != everything:
            rows.add(
                connection, library.topic.key, guild_id, url, name=before.name if before else _name(found),
                everything=everything, by=request.reader.id, now=request.now,
            )  # fmt: skip
            _note(
                connection, request, "feed changed" if before else "feed added", url, before=before,
                after={"name": _name(found), "everything": everything},
            )  # fmt: skip
    actions = (Action("Undo", f"feeds remove {url}"), *_others(found, "add")) if before is None else ()
    return Answer(
        command=COMMAND,
        template="feeds-add",
        view={
            "probe": _probe_view(found),
            "new": before is None,
            "everything": everything,
            "changed": before is not None and before.everything != everything,
            "added_on": before.added_at.date() if before else None,
            "address": url,
            "prefix": request.prefix,
        },
        data={"new": before is None, "everything": everything, **_probe_json(found)},
        actions=(*actions, Action("All feeds", "feeds list")),
        personal=True,
    )


def _in_dossier(url: str, library: Library) -> Feed | None:
    """Return the dossier's feed that has this address, however it is written."""
    wanted = normalise_url(url)
    return next(
        (one for one in library.topic.feeds if one.url == url or (wanted and normalise_url(one.url) == wanted)), None
    )


def _dossiers_own(feed: Feed) -> Answer:
    return mistake(
        COMMAND,
        "dossiers_own",
        f"{feed.name} is read already: it is one of the dossier's feeds, and everybody sees what it brings.",
    )


def _full(request: Request) -> Answer:
    return mistake(
        COMMAND,
        "too_many_feeds",
        f"A server has {MOST} feeds of its own at most, and this one has them all. Remove one first: "
        f"{request.prefix}feeds list shows them with their numbers.",
    )


def _note(
    connection: Connection,
    request: Request,
    action: str,
    url: str | None,
    *,
    before: ListedFeed | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Put on record who changed what, in the transaction that changes it."""
    audit.record(
        connection,
        request.reader.id,
        action,
        guild_id=request.guild_id,
        target=url,
        before={"name": before.name, "everything": before.everything} if before else None,
        after=after,
        now=request.now,
    )


def _remove(request: Request, words: str, library: Library) -> Answer:
    with library.store.writing() as connection:
        own = _own(connection, request, library)
        found = _named(own, words)
        if found is None:
            return _no_such(request, words, own)
        rows.remove(connection, library.topic.key, request.guild_id or 0, found.id)
        _note(connection, request, "feed removed", found.url, before=found)
    again = f"feeds add {found.url}{' everything' if found.everything else ''}"
    return Answer(
        command=COMMAND,
        template="feeds-remove",
        view={
            "name": found.name or host_of(found.url),
            "host": host_of(found.url),
            "url": found.url,
            "articles": found.articles,
            "left": len(own) - 1,
        },
        data={"removed": found.url, "articles": found.articles, "left": len(own) - 1},
        actions=(Action("Add it again", again), Action("All feeds", "feeds list")),
        personal=True,
    )


def _named(own: Sequence[ListedFeed], words: str) -> ListedFeed | None:
    """Return the feed meant by its number in the list, its address or its name."""
    number = words.strip("#. ")
    if number.isdecimal() and len(number) <= 4:
        return own[int(number) - 1] if 1 <= int(number) <= len(own) else None
    by_name = [one for one in own if _is_named(one, words)]
    if len(by_name) == 1:
        return by_name[0]
    try:
        return _same(own, web_address(words))
    except BadAddress:
        return None


def _is_named(feed: ListedFeed, words: str) -> bool:
    """Tell whether a feed is called this, as the list shows it."""
    return (feed.name or host_of(feed.url)).casefold() == words.casefold()


def _no_such(request: Request, words: str, own: Sequence[ListedFeed]) -> Answer:
    if not own:
        return mistake(COMMAND, "no_such_feed", "This server has no feeds of its own, so there is none to remove.")
    same = sum(_is_named(one, words) for one in own)
    if same > 1:
        start = f"{same} feeds have this name."
    else:
        start = f'No feed of this server\'s own is "{words[:80]}".' if words else "Which one?"
    return mistake(
        COMMAND,
        "no_such_feed",
        f"{start} Say its number, 1 to {len(own)}, or its address: {request.prefix}feeds list shows them.",
        actions=(Action("All feeds", "feeds list"),),
    )


def suggestions(typed: str, guild_id: int, library: Library) -> list[tuple[str, str]]:
    """Return a server's own feeds that fit what was typed, as (shown, filled in): by number and name."""
    with library.reading() as connection:
        own = rows.listed(connection, library.topic.key, guild_id)
    wanted = typed.casefold().strip()
    named = [(f"{number}. {feed.name or host_of(feed.url)} ({host_of(feed.url)})", number, feed)
             for number, feed in enumerate(own, start=1)]  # fmt: skip
    return [
        # The address says which one is meant whatever happens to the list meanwhile; where it is short enough.
        (harmless(shown), feed.url if len(feed.url) <= 100 else str(number))
        for shown, number, feed in named
        if wanted in shown.casefold() or wanted in feed.url.casefold()
    ]


# Files --------------------------------------------------------------------------------------------------------------


def _import(request: Request, _words: str, library: Library) -> Answer:
    """Add the feeds of an OPML file, unread: reading them all would take minutes, and they are read soon anyway."""
    upload = request.upload
    if upload is None:
        return mistake(
            COMMAND,
            "missing_file",
            "Attach an OPML file: with /feeds import choose one, or send it with a message that says "
            f"{request.prefix}feeds import. Other feed readers export it.",
        )
    if upload.data is None:
        return mistake(COMMAND, "bad_file", f'"{upload.name[:80]}" is too big: more than {MAX_UPLOAD:,} bytes.')
    from summaries.opml import read_opml

    left: list[str] = []
    try:
        listed = read_opml(upload.data, left)
    except ValueError as error:
        return mistake(COMMAND, "bad_file", f'"{upload.name[:80]}" can\'t be read. {error}')
    if not listed and not left:
        return mistake(COMMAND, "bad_file", f'"{upload.name[:80]}" is a list, but it names no feed.')
    added: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = [
        {"name": collapse(one)[:_MAX_NAME], "why": "It has no web address that can be read."} for one in left
    ]
    over = 0
    with library.store.writing() as connection:
        own = _own(connection, request, library)
        taken = {normalise_url(one.url) or one.url for one in own}
        room = MOST - len(own)
        for one in listed:
            name = collapse(one.title or "")[:_MAX_NAME].strip()
            try:
                url = web_address(one.url)
            except BadAddress as error:
                refused.append({"name": name or one.url[:_MAX_NAME], "why": str(error)})
                continue
            row = {"name": name or host_of(url), "host": host_of(url), "url": url}
            normal = normalise_url(url) or url
            if normal in taken or _in_dossier(url, library) is not None:
                known.append(row)
            elif len(added) >= room:
                over += 1
            else:
                taken.add(normal)
                added.append(row)
                rows.add(
                    connection, library.topic.key, request.guild_id or 0, url, name=row["name"], everything=False,
                    by=request.reader.id, now=request.now,
                )  # fmt: skip
        if added:
            _note(connection, request, plural(len(added), "feed") + " imported", None,
                  after={"urls": [row["url"] for row in added]})  # fmt: skip
    return Answer(
        command=COMMAND,
        template="feeds-import",
        view={
            "file_name": upload.name[:_MAX_NAME],
            "added": added,
            "known": known[:_REFUSED_SHOWN],
            "known_count": len(known),
            "refused": refused[:_REFUSED_SHOWN],
            "refused_count": len(refused),
            "over": over,
            "most": MOST,
            "prefix": request.prefix,
        },
        data={
            "added": [row["url"] for row in added],
            "known": [row["url"] for row in known],
            "refused": [{"name": row["name"], "why": row["why"]} for row in refused],
            "over": over,
        },
        actions=(Action("All feeds", "feeds list"),),
        personal=True,
    )


def _export(request: Request, _words: str, library: Library) -> Answer:
    from summaries.opml import Outline, write_opml

    with library.reading() as connection:
        own = _own(connection, request, library)
    if not own:
        return mistake(COMMAND, "no_feeds", "There is nothing to export: no feeds of this server's own.")
    title = f"Feeds: {library.topic.name}"
    written = write_opml([Outline(one.url, one.name) for one in own], title, request.now)
    return Answer(
        command=COMMAND,
        template="feeds-export",
        view={
            "count": len(own),
            "opml": written.splitlines(),
            "everything": sum(feed.everything for feed in own),
            "prefix": request.prefix,
        },
        data={"opml": written, "count": len(own)},
        file=Attached("feeds.opml", written.encode("utf-8", "replace")),
        personal=True,
    )


_ACTS: Final[dict[str, Callable[[Request, str, Library], Answer]]] = {
    "list": _list, "show": _list, "add": _add, "remove": _remove, "delete": _remove, "test": _test, "try": _test,
    "import": _import, "export": _export,
}  # fmt: skip
