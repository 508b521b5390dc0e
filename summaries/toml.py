"""TOML files that people edit: reading them, and telling in sentences what does not fit.

Every sentence names the file, the key, the value, what is allowed and, for a key nobody knows, the nearest right one.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError


class Problems(Exception):
    """One or more things that are wrong with what a person gave us, each a sentence that says where and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the sentences; there is at least one."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


MAX_TEXT = 5_000_000
"""A settings or table file is never longer; beyond that somebody named the wrong file."""

MAX_DOTS = 20
"""Python's parser takes time that grows with the square of a key's dots; a quote's words stand behind the "="."""


def load(text: str, source: str) -> dict[str, Any]:
    """Parse TOML; raises :class:`Problems` with line and column when it isn't any."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_TEXT:
        raise Problems([f"{source}: {len(text):,} characters long; at most {MAX_TEXT:,} are read"])
    for number, line in enumerate(text.splitlines(), start=1):
        if line.partition("=")[0].count(".") > MAX_DOTS and not line.lstrip().startswith("#"):
            raise Problems([f"{source}: line {number}: a key with more than {MAX_DOTS} dots is none of ours"])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Problems([f"{source}: {_impossible_date(text, str(error)) or f'not valid TOML: {error}.'}"]) from None
    except RecursionError:
        raise Problems([f"{source}: not valid TOML: nested too deeply"]) from None


def _impossible_date(text: str, told: str) -> str | None:
    """Return a sentence where the parser fails at a day that no calendar has, which it doesn't know for one."""
    at = re.search(r"at line (\d+)", told)
    line = text.splitlines()[int(at[1]) - 1] if at else ""
    for found in re.finditer(r"(?<![\w\"'-])\d{4}-\d{2}-\d{2}(?![\w\"'-])", line):
        try:
            date.fromisoformat(found[0])
        except ValueError:
            return f"line {at[1] if at else ''}: {found[0]} is no date; one is written like 2025-03-20."
    return None


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known word that looks most like ``word``, or None when none is as alike as ``cutoff`` (0 to 1)."""
    matches = difflib.get_close_matches(word.casefold()[:80], sorted(known), n=1, cutoff=cutoff)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" with the nearest known word, or an empty string."""
    match = nearest(word, known)
    return f" Did you mean {match!r}?" if match else ""


def shown(value: object, limit: int = 60) -> str:
    """Return a value as a person would recognise it: in quotes, control characters escaped, cut when long."""
    if isinstance(value, date | time):
        text = value.isoformat()
    else:
        text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def explain(error: ValidationError, data: Mapping[str, Any], source: str, model: type[BaseModel]) -> Problems:
    """Turn pydantic's errors about ``data`` (as loaded from ``source``) into sentences, one for each mistake."""
    errors = error.errors(include_url=False)
    unknown = [item["loc"] for item in errors if item["type"] == "extra_forbidden"]
    misspelt = {(*loc[:-1], nearest(str(loc[-1]), _keys_at(model, loc[:-1]))) for loc in unknown}
    told: dict[tuple[object, ...], list[str]] = {}
    for item in errors:
        loc, kind = item["loc"], item["type"]
        if kind == "missing" and loc in misspelt:
            continue
        if kind == "too_short" and any(other["loc"][: len(loc)] == loc for other in errors if other is not item):
            # Rows that don't fit are left out before they are counted.
            continue
        # Where all rows of a list have it, it was made once.
        mistake = (kind, *(step for step in loc if isinstance(step, str))) if kind in _OF_ROWS else (kind, *loc)
        told.setdefault(mistake, []).append(_sentence(item, data, source, model))
    return Problems([f"{first}{_so_often(len(more))}" for first, *more in told.values()])


def _so_often(more: int) -> str:
    return f" So in {more} more place{'s' if more > 1 else ''}." if more else ""


_OF_ROWS: Final = frozenset({"missing", "extra_forbidden"})

_WANTED: Final = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a date without quotes, such as 2025-03-20",
    "tuple_type": "a list, in [ ]",
    "dict_type": "a table of names and values",
}
"""What pydantic's kinds of error ask for, in the words of TOML."""

_PATTERNS: Final = {
    r"^https?://": "an address that begins with http:// or https://",
    r"^[a-z][a-z0-9-]*$": "small letters, digits and hyphens, beginning with a letter",
    r"^[a-z0-9][a-z0-9-]{1,79}$": "2 to 80 small letters, digits and hyphens, not beginning with a hyphen",
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, dots, hyphens and underscores, beginning with a letter or digit",
    r"\w": "text with a letter or digit",
}
"""What the patterns of the files' models allow; another is shown as it is."""


def _sentence(item: Mapping[str, Any], data: Mapping[str, Any], source: str, model: type[BaseModel]) -> str:
    location: tuple[str | int, ...] = item["loc"]
    kind, value, context = item["type"], item.get("input"), item.get("ctx", {})
    where = f"{source}: {_path(location, data)}"
    if kind == "extra_forbidden":
        known = sorted(_keys_at(model, location[:-1]))
        return f"{where}: unknown key.{did_you_mean(str(location[-1]), known)} Allowed here: {', '.join(known)}."
    if kind == "missing":
        return f"{where}: missing. It must be given."
    if kind in {"value_error", "assertion_error"}:
        return f"{where} = {shown(value)}: {context.get('error', item['msg'])}"
    if kind in {"literal_error", "enum"}:
        allowed = [part.strip(" '") for part in str(context["expected"]).replace(" or ", ", ").split(",")]
        return f"{where} = {shown(value)}: allowed: {', '.join(allowed)}.{did_you_mean(str(value), allowed)}"
    if kind == "tuple_type" and isinstance(value, dict):
        name = ".".join(step for step in location if isinstance(step, str))
        return f"{where}: it must be a list: write [[{name}]] above each of its rows, where [{name}] stands."
    must = str(item["msg"]).partition(" should ")[2].partition(" after validation")[0].replace("be a valid ", "be ")
    if kind in _WANTED:
        must = f"be {_WANTED[kind]}"
    elif kind == "model_type":
        must = f"be a table with these keys: {', '.join(sorted(_keys_at(model, location)))}"
    elif kind == "string_pattern_mismatch":
        must = f"be {_PATTERNS.get(context['pattern'], 'what fits ' + context['pattern'])}"
    if location[-1] == "[key]":
        return f"{source}: {_path(location[:-2], data)}: the name {shown(value)} must {must}."
    return f"{where} = {shown(value)}: it must {must or item['msg']}."


def _path(location: Sequence[str | int], data: Mapping[str, Any]) -> str:
    """Render a location as a person finds it in the file: rows of an array by their id or key where they have one."""
    text, here = "", data
    for step in location:
        here = _step(here, step)
        if isinstance(step, int):
            name = here.get("id") or here.get("key") or here.get("code") if isinstance(here, dict) else None
            text += f"[{name}]" if isinstance(name, str) and name else f"[{step + 1}]"
        else:
            text += f".{step}" if text else step
    return text


def _step(here: Any, step: str | int) -> Any:  # noqa: ANN401 (parsed TOML is of any shape)
    try:
        return here[step]
    except (KeyError, IndexError, TypeError):
        return None


def _keys_at(model: type[BaseModel], location: Sequence[str | int]) -> set[str]:
    """Return the keys the model allows at a location."""
    for step in location:
        if isinstance(step, int):
            continue
        field = model.model_fields.get(step)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            # A step that names an entry of a mapping (such as one axis value) stays at the mapping's model.
            continue
        model = inner
    return {field.alias or name for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 (a type annotation is of any shape)
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    for part in get_args(annotation):
        if (found := _model_in(part)) is not None:
            return found
    return None
