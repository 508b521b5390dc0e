"""A topic as declared in ``topic.toml``: its stances, axes, measures, parties' names, leaders and feeds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from summaries.article import normalise_url
from summaries.parties import Leader, PartyNames
from summaries.toml import Problems, did_you_mean, explain, load, shown

Bucket = Literal["in", "maybe", "no", "outside"]
BUCKETS: tuple[Bucket, ...] = ("in", "maybe", "no", "outside")

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Role(_Row):
    """A label for a stance with one particular contribution; ``counted`` is the word used in totals."""

    label: str
    symbol: str | None = None
    counted: str | None = None


class Stance(_Row):
    """One stance: its label and the written criterion that readers see beside it, and how it is counted."""

    key: Key
    label: str
    criterion: str
    bucket: Bucket
    symbol: str
    letter: str = Field(min_length=1, max_length=1)
    conditional_label: str | None = None
    roles: dict[str, Role] = {}


class AxisValue(_Row):
    """One value of an axis, with the criterion for giving it."""

    label: str
    criterion: str


class Headline(_Row):
    """The value of an axis that the overview lists by name, and the words it does so with."""

    value: str
    label: str


class Axis(_Row):
    """A further question asked of each party; ``silent`` is shown where no source answers it."""

    key: Key
    label: str
    silent: str
    silent_na: str
    na_stances: tuple[str, ...] = Field(default=(), strict=False)
    values: dict[str, AxisValue]
    headline: Headline | None = None


class Measure(_Row):
    """Something sources give numbers of; a ``nameless`` one counts parties without naming them."""

    key: Key
    label: str
    nameless: bool = False


class Feed(_Row):
    """A public feed that covers the topic, and why it is there.

    ``everything`` it brings is kept, if so declared; otherwise only what belongs to the topic.
    """

    url: str = Field(pattern=r"^https?://")
    name: str
    kind: Literal["official", "agency", "news"]
    language: str = Field(min_length=2, max_length=2)
    note: str
    everything: bool = False


class _Party(_Row):
    code: str
    name: str | None = None
    kind: Literal["country", "organisation"] | None = None
    aliases: tuple[str, ...] = Field(default=(), strict=False)


class _Leader(_Row):
    name: str
    party: str
    office: str
    since: date | None = None
    until: date | None = None
    aliases: tuple[str, ...] = Field(default=(), strict=False)


class _Heading(_Row):
    key: Key
    name: str
    about: str


class _Names(_Row):
    leaders: tuple[_Leader, ...] = Field(default=(), strict=False)
    parties: tuple[_Party, ...] = Field(default=(), strict=False)


Phrases = Annotated[tuple[Annotated[str, Field(pattern=r"\w")], ...], Field(strict=False)]


class Sign(_Row):
    """What speaks for a text's belonging, or with a negative ``weight`` against it.

    It is found where any of its ``words`` stands, where the lists of words named by ``lists`` have a word each near one
    another, and where any of its ``parties`` is spoken of.
    """

    key: Key
    label: str
    weight: float = Field(ge=-1, le=1)
    words: Phrases = ()
    lists: tuple[str, ...] = Field(default=(), strict=False)
    parties: tuple[str, ...] = Field(default=(), strict=False)


class RelevanceRules(_Row):
    """How to tell whether a text belongs: signs whose weights are added, and the sum from which a text does.

    ``needs`` are keys of signs: what shows none of them does not belong, whatever else it shows.
    """

    threshold: float = Field(default=0.5, gt=0, le=1)
    needs: tuple[str, ...] = Field(default=(), strict=False)
    keywords: Phrases = ()
    lists: dict[Key, Phrases] = {}
    signs: tuple[Sign, ...] = Field(default=(), strict=False)


class _File(_Row):
    topic: _Heading
    stances: tuple[Stance, ...] = Field(strict=False, min_length=1)
    axes: tuple[Axis, ...] = Field(default=(), strict=False)
    measures: tuple[Measure, ...] = Field(default=(), strict=False)
    names: _Names = _Names()
    feeds: tuple[Feed, ...] = Field(default=(), strict=False)
    relevance: RelevanceRules = RelevanceRules()


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: what is asked of the parties and how answers are labelled and counted."""

    key: str
    name: str
    about: str
    stances: Mapping[str, Stance]
    axes: Mapping[str, Axis]
    measures: Mapping[str, Measure]
    party_names: tuple[PartyNames, ...]
    leaders: tuple[Leader, ...]
    feeds: tuple[Feed, ...]
    relevance: RelevanceRules

    def rank(self, stance: str) -> int:
        """Return the place of a stance in the order in which stances are listed."""
        return list(self.stances).index(stance)

    @property
    def roles(self) -> frozenset[str]:
        """Every contribution that is a declared role rather than words of a source."""
        return frozenset(role for stance in self.stances.values() for role in stance.roles)


def _misfits(rules: RelevanceRules) -> Iterator[str]:
    """Tell what is wrong with signs beyond the form of their values."""
    seen: set[str] = set()
    for sign in rules.signs:
        where = f"relevance.signs[{sign.key}]"
        if sign.key in seen:
            yield f"{where}.key: two signs have this key; each needs one of its own"
        seen.add(sign.key)
        for name in sign.lists:
            if name not in rules.lists:
                hint = did_you_mean(name, rules.lists)
                known = ", ".join(rules.lists) or "none"
                yield f"{where}.lists = {shown(name)}: no list has this name.{hint} Lists declared: {known}."
        if sign.words and sign.lists:
            yield f"{where}: it has both `words` and `lists`; make two signs of it."
        if not (sign.words or sign.lists or sign.parties):
            yield f"{where}: nothing to look for. Give it `words`, `lists` or `parties`."
    for key in rules.needs:
        if key not in seen:
            yield f"relevance.needs = {shown(key)}: no sign has this key.{did_you_mean(key, seen)}"


def _wrong_feeds(feeds: Sequence[Feed]) -> Iterator[str]:
    """Tell what is wrong with the addresses of feeds beyond their form."""
    seen: dict[str, int] = {}
    for number, feed in enumerate(feeds, start=1):
        where = f"feeds[{number}].url"
        address = normalise_url(feed.url) or feed.url
        if first := seen.get(address):
            yield f"{where} = {shown(feed.url)}: feeds[{first}] has this address already; list each feed once"
        seen.setdefault(address, number)
        if "@" in re.split("[/?#]", feed.url.partition("://")[2], maxsplit=1)[0]:
            # Not repeated: what stands there is a secret.
            yield f"{where}: it holds a user name or password, and is not read so; give an address without one"


def parse_topic(text: str, source: str = "topic.toml") -> Topic:
    """Read ``topic.toml``.

    Raises :class:`~summaries.toml.Problems`, naming file, key, value and what is allowed, for anything that does not
    fit; ``source`` is the file name used in those sentences.
    """
    data = load(text, source)
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        raise explain(error, data, source, model=_File) from None
    if problems := [f"{source}: {problem}" for problem in (*_misfits(file.relevance), *_wrong_feeds(file.feeds))]:
        raise Problems(problems)
    return Topic(
        key=file.topic.key,
        name=file.topic.name,
        about=file.topic.about,
        stances={stance.key: stance for stance in file.stances},
        axes={axis.key: axis for axis in file.axes},
        measures={measure.key: measure for measure in file.measures},
        party_names=tuple(PartyNames(p.code, p.name, p.kind, p.aliases) for p in file.names.parties),
        leaders=tuple(Leader(x.name, x.party, x.office, x.since, x.until, x.aliases) for x in file.names.leaders),
        feeds=file.feeds,
        relevance=file.relevance,
    )
