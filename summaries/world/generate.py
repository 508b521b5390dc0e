"""Write ``world.json``: what the world's parties are called, in many languages. Needs the development libraries.

Run it as ``python -m summaries.world.generate``. Sources: CLDR through Babel (Unicode licence), ISO 3166 through
pycountry (names and codes), countryinfo (MIT) and our own ``extras.toml``. The result depends on nothing else, so a
test can tell when it is out of date.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pycountry
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages
from countryinfo import CountryInfo

from summaries.parties import fold_case, normalise

LANGUAGES = (
    "en", "ar", "bg", "ca", "cs", "da", "de", "el", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "is", "it",
    "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "tr", "uk", "zh",
)  # fmt: skip
"""The languages in which every party is named. A territory's own official languages are added for that territory."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa"})


def build() -> str:
    """Return the text of ``world.json``: one party a line, keys and lines in a fixed order."""
    extras = tomllib.loads((files("summaries.world") / "extras.toml").read_text("utf-8"))
    locales = {language: Locale.parse(language) for language in LANGUAGES}
    codes = sorted([country.alpha_2 for country in pycountry.countries] + ["XK"])
    parties = [_territory(code, extras, locales) for code in codes]
    parties += [_organisation(code, entry) for code, entry in sorted(extras["organisations"].items())]
    ambiguous = [[_split(x["names"]), x["parties"].split()] for x in extras["ambiguous"]]
    shared = {
        "ambiguous": [["|".join(names), "|".join(_keys(names)), " ".join(owners)] for names, owners in ambiguous],
        "quiet": extras["quiet"]["names"],
        "everyday": extras["everyday"]["words"],
        "given": extras["given"],
        "not_in_text": extras["not_in_text"]["phrases"],
    }
    lines = ",\n".join(_dump(party) for party in parties)
    rest = ",\n".join(f"{_dump(key)}:{_dump(value)}" for key, value in shared.items())
    return f'{{"v":1,\n"parties":[\n{lines}\n],\n{rest}}}\n'


def _territory(code: str, extras: Mapping[str, Any], locales: Mapping[str, Locale]) -> dict[str, Any]:
    """Return the entry of one territory."""
    minor = code in extras["minor"]["codes"].split()
    iso = pycountry.countries.get(alpha_2=code)
    info = _info(code)
    native = _native_languages(code, info)
    names: dict[str, list[str]] = {}
    for language, locale in {**locales, **native}.items():
        if (name := locale.territories.get(code)) and name != code:
            names[language] = [name, *([bare] if (bare := re.sub(r"\s*\(.*\)", "", name)) != name else [])]
    english = names.setdefault("en", [])
    display = extras["display"].get(code) or _english(english[0])
    english[:0] = [display]
    if iso is not None:
        english += [_flip(getattr(iso, key)) for key in ("common_name", "name", "official_name") if hasattr(iso, key)]
    english += _split(extras["names"].get(code, ""))
    english[1:] = [_english(name) for name in english[1:] if not re.search(r" - |\(|SAR|, P", name)]
    for language, more in extras["other"].get(code, {}).items():
        names.setdefault(language, []).extend(_split(more))
    if code in extras["demonyms"]:
        demonyms = _split(extras["demonyms"][code])
    else:
        demonyms = _plurals(part for part in str(info.get("demonym") or "").split(",") if part)
    if code in extras["places"]:
        capitals = _split(extras["places"][code])
    else:
        capitals = [capital] if (capital := str(info.get("capital") or "")) else []
    places = _capital_names(code, capitals, {**locales, **native})
    places["en"] = capitals
    for language, more in extras["exonyms"].get(code, {}).items():
        places.setdefault(language, []).extend(_split(more))
    iso_codes = [code, iso.alpha_3] if iso is not None else [code, "XKX"]
    entry: dict[str, Any] = {"code": code, "kind": "country", "name": display}
    if minor:
        entry["minor"] = True
    entry["codes"] = [*iso_codes, *(x for x in _split(extras["codes"].get(code, "")) if x not in iso_codes)]
    entry["native"] = sorted(native)
    peoples = {language: _split(table[code]) for language, table in sorted(extras["peoples"].items()) if code in table}
    return _finish(entry, names, {"en": demonyms, **peoples}, places, _split(extras["text"].get(code, "")))


def _organisation(code: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of one organisation, which stands in ``extras.toml`` in full."""
    names = {language: _split(value) for language, value in entry["names"].items()}
    names["en"] = [entry["name"], *names["en"]]
    peoples = {language: _split(value) for language, value in sorted(entry.get("peoples", {}).items())}
    return _finish(
        {
            "code": code,
            "kind": "organisation",
            "name": entry["name"],
            "codes": _split(entry["codes"]),
            "native": [],
        },
        names,
        peoples,
        {"en": _split(entry.get("places", ""))},
        _split(entry["text"]),
    )


def _finish(
    entry: dict[str, Any],
    names: dict[str, list[str]],
    demonyms: dict[str, list[str]],
    places: dict[str, list[str]],
    text: list[str],
) -> dict[str, Any]:
    """Add names as written (for texts) and, so that loading stays fast, their normalised keys (for queries)."""
    for field, table in (("names", names), ("demonyms", demonyms), ("places", places)):
        entry[field] = {key: "|".join(dict.fromkeys(found)) for key, found in sorted(table.items()) if found}
    if text:
        entry["text"] = "|".join(text)
    english = _keys(names["en"])
    others = _keys(name for language, found in sorted(names.items()) if language != "en" for name in found)
    people = _keys(name for _, found in sorted(demonyms.items()) for name in found)
    seats = _keys(name for _, found in sorted(places.items()) for name in found)
    entry["keys"] = [
        "|".join(english),
        "|".join(key for key in others if key not in english),
        "|".join(key for key in people if key not in english),
        "|".join(key for key in seats if key not in english),
    ]
    return entry


def _keys(names: Iterable[str]) -> list[str]:
    """Return the sorted normalised keys of names, with the spellings "oe" for "ö" and so on."""
    keys = set()
    for name in names:
        keys.add(normalise(name))
        keys.add(normalise(fold_case(name).translate(_UMLAUTS)))
    return sorted(keys - {""})


def _info(code: str) -> Mapping[str, Any]:
    """Return what countryinfo knows of a territory, an empty mapping for an unknown one."""
    try:
        return dict(CountryInfo(code).info())
    except Exception:  # noqa: BLE001 - the library's errors for unknown codes are not part of its interface
        return {}


def _native_languages(code: str, info: Mapping[str, Any]) -> dict[str, Locale]:
    """Return the territory's own official languages as far as CLDR has them."""
    found = {}
    for language in (*get_official_languages(code, de_facto=True), *info.get("languages", ())):
        name = {"no": "nb", "rs": "sr"}.get(str(language), str(language))
        try:
            found[name] = Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return found


def _capital_names(code: str, capitals: list[str], locales: Mapping[str, Locale]) -> dict[str, list[str]]:
    """Return the capital's name by language: CLDR names the exemplar cities of time zones."""
    if not capitals:
        return {}
    wanted = normalise(capitals[0])
    english = locales["en"].time_zones
    for zone in sorted(_zones(code)):
        city = english.get(zone, {}).get("city") or zone.rsplit("/", 1)[-1].replace("_", " ")
        if normalise(city) == wanted:
            found = {x: str(locale.time_zones.get(zone, {}).get("city") or "") for x, locale in sorted(locales.items())}
            return {language: [name] for language, name in found.items() if name and "(" not in name}
    return {}


def _zones(code: str) -> set[str]:
    """Return a territory's time zones, under their old names too: CLDR's cities keep those."""
    zones = set(get_global("territory_zones").get(code, ()))
    return zones | {old for old, new in get_global("zone_aliases").items() if new in zones}


def _english(name: str) -> str:
    return re.sub(r"^St\. ", "Saint ", name.replace(" & ", " and "))


def _flip(name: str) -> str:
    """Turn "Korea, Republic of" round; anything else with a comma is kept as it is."""
    match = re.fullmatch(r"([^,]+), ([^,]+ of(?: the)?|British|U\.S\.|The [^,]+ of the)", name)
    return f"{match[2]} {match[1]}" if match and not match[2].startswith("Province") else name


def _plurals(demonyms: Iterable[str]) -> list[str]:
    """Add regular English plurals: -an, -i, -er and -o take an s."""
    found = []
    for demonym in demonyms:
        found.append(demonym)
        if re.search(r"(?:an|en|er|i)$", demonym) and not demonym.endswith("men"):
            found.append(demonym + "s")
    return found


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split("|") if name.strip()]


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    """Write ``world.json`` beside this file."""
    path = Path(__file__).with_name("world.json")
    path.write_text(build(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
