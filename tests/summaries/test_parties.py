"""Naming a party: what a query is taken for, and where a text speaks of whom."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summaries.parties import Leader, Mention, Parties, PartyNames, Resolution, normalise

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAMES: dict[str, Any] = tomllib.loads((HERE / "names.toml").read_text("utf-8"))
LEADERS = (
    Leader("Keir Starmer", "GB", "Prime Minister"),
    Leader("Emmanuel Macron", "FR", "President"),
    Leader("Friedrich Merz", "DE", "Chancellor", since=date(2025, 5, 6)),
    Leader("Olaf Scholz", "DE", "Chancellor", until=date(2025, 5, 6)),
    Leader("Giorgia Meloni", "IT", "Prime Minister"),
    Leader("Donald Tusk", "PL", "Prime Minister"),
    Leader("Donald Trump", "US", "President"),
    Leader("Volodymyr Zelenskyy", "UA", "President", aliases=("Volodymyr Zelensky", "Selenskyj")),
    Leader("Vladimir Putin", "RU", "President"),
    Leader("Recep Tayyip Erdoğan", "TR", "President"),
    Leader("Mark Carney", "CA", "Prime Minister"),
    Leader("Anthony Albanese", "AU", "Prime Minister"),
    Leader("Pedro Sánchez", "ES", "Prime Minister"),
    Leader("Theresa May", "GB", "Prime Minister", until=date(2019, 7, 24)),
    Leader("Ursula von der Leyen", "EU", "President of the Commission"),
    Leader("Mark Rutte", "NL", "Prime Minister", since=date(2010, 10, 14), until=date(2024, 7, 2)),
    Leader("Mark Rutte", "NATO", "Secretary General", since=date(2024, 10, 1)),
)
PARTIES = Parties(leaders=LEADERS)
EXACT = [(query, code) for group in NAMES["exact"].values() for query, code in group.items()]


def codes(resolution: Resolution) -> list[str]:
    return [party.code for party in resolution.suggestions]


def found(text: str, language: str | None = None, parties: Parties = PARTIES) -> list[tuple[str, str]]:
    return [(mention.party, text[mention.start : mention.end]) for mention in parties.find(text, language)]


def test_there_are_enough_names() -> None:
    assert len(EXACT) + len(NAMES["guessed"]) + len(NAMES["ask"]) >= 260
    assert len(NAMES["exact"]) >= 10


@pytest.mark.parametrize(("query", "code"), EXACT)
def test_a_name_is_taken_for_its_party(query: str, code: str) -> None:
    assert PARTIES.resolve(query) == Resolution(PARTIES[code], guessed=False, suggestions=())


@pytest.mark.parametrize(("query", "code"), NAMES["guessed"].items())
def test_a_slip_is_guessed_and_said(query: str, code: str) -> None:
    assert PARTIES.resolve(query) == Resolution(PARTIES[code], guessed=True, suggestions=())


@pytest.mark.parametrize(("query", "expected"), NAMES["ask"].items())
def test_what_fits_several_is_asked(query: str, expected: str) -> None:
    resolution = PARTIES.resolve(query)
    assert resolution.party is None
    assert resolution.guessed is False
    assert codes(resolution)[0] == expected.split()[0]
    assert set(expected.split()) <= set(codes(resolution))
    assert len(codes(resolution)) <= 5
    assert resolution.near


@pytest.mark.parametrize("query", NAMES["nonsense"]["suggesting"])
def test_nonsense_suggests_and_never_guesses(query: str) -> None:
    resolution = PARTIES.resolve(query)
    assert resolution.party is None
    assert 1 <= len(resolution.suggestions) <= 5
    assert not resolution.near


@pytest.mark.parametrize("query", ["Merkel", "Obama", "Gondor", "xyz", "who is winning"])
def test_far_away_names_are_told_from_near_ones(query: str) -> None:
    assert not PARTIES.resolve(query).near


@pytest.mark.parametrize("query", ["us", "Germ", "Congo", "Nigera", "Donald", "Germany", "Germny", ""])
def test_answers_and_what_is_ambiguous_or_begun_are_near(query: str) -> None:
    assert PARTIES.resolve(query).near


def test_a_common_surname_is_no_slip_of_a_leaders() -> None:
    parties = Parties(leaders=[Leader("Anna Jonson", "SE", "Minister"), Leader("Alexander Stubb", "FI", "President")])
    for query in ("Johnson", "Mr Johnson"):
        resolution = parties.resolve(query)
        assert resolution.party is None
        assert codes(resolution)[0] == "SE"
        assert resolution.near
    for query, code in (("Jonsson", "SE"), ("Stubbs", "FI"), ("Alex Stubb", "FI")):
        assert parties.resolve(query) == Resolution(parties[code], guessed=True, suggestions=())
    assert parties.resolve("Jo Stubb").party is None


def test_a_city_that_names_its_country_in_a_query_does_not_in_a_text() -> None:
    assert found("Istanbul, Munich, Geneva, Siberia and Bavaria. U. K. Smith met RF and EU-27.") == [("EU", "EU-27")]


@pytest.mark.parametrize("query", NAMES["nonsense"]["silent"])
def test_symbols_name_nobody(query: str) -> None:
    assert PARTIES.resolve(query) == Resolution(None, guessed=False, suggestions=())


def test_every_party_is_found_by_its_name_and_code() -> None:
    for party in PARTIES:
        assert PARTIES.resolve(party.code).party == party, party
        assert PARTIES.resolve(party.name).party == party, party
        assert PARTIES.resolve(party.name.upper()).party == party, party
        assert PARTIES.resolve(f"the {party.name}").party == party, party


def test_every_country_is_found_by_its_flag() -> None:
    for party in PARTIES:
        if party.kind == "country":
            flag = "".join(chr(0x1F1E6 + ord(letter) - 65) for letter in party.code)
            assert PARTIES.resolve(flag).party == party


def test_display_names_are_those_people_use() -> None:
    shown = {code: PARTIES[code].name for code in ("GB", "US", "CZ", "TR", "KR", "MK", "XK", "EU", "NATO", "RU")}
    assert shown == {
        "GB": "United Kingdom",
        "US": "United States",
        "CZ": "Czech Republic",
        "TR": "Turkey",
        "KR": "South Korea",
        "MK": "North Macedonia",
        "XK": "Kosovo",
        "EU": "European Union",
        "NATO": "NATO",
        "RU": "Russia",
    }


def test_parties_can_be_looked_up_and_listed() -> None:
    assert PARTIES.get("XX") is None
    assert "DE" in PARTIES
    assert len(PARTIES) == len(list(PARTIES)) > 255
    with pytest.raises(KeyError):
        PARTIES["XX"]


def test_leaders_are_the_dossiers() -> None:
    bare = Parties()
    assert bare.resolve("Tusk").party is None
    assert found("Tusk and Macron met.", parties=bare) == []
    with pytest.raises(ValueError, match="XX"):
        Parties(leaders=[Leader("Jane Doe", "XX", "President")])


def test_one_donald_alone_is_still_no_answer() -> None:
    one = Parties(leaders=[Leader("Donald Tusk", "PL", "Prime Minister")])
    resolution = one.resolve("Donald")
    assert resolution.party is None
    assert codes(resolution)[0] == "PL"


def test_a_typo_of_a_short_word_is_no_ground_for_a_guess() -> None:
    # "Tusk" is one letter from "Turk"; whoever asks for a leader the dossier doesn't know is asked back.
    resolution = Parties().resolve("Tusk")
    assert resolution.party is None
    assert "TR" in codes(resolution)


def test_an_alias_may_have_the_surname_in_front() -> None:
    parties = Parties(
        leaders=[Leader("Viktor Orbán", "HU", "Prime Minister", aliases=("Orbán Viktor", "Виктор Орбан"))]
    )
    for query in ("Orban", "orbán viktor", "Орбан"):
        assert parties.resolve(query) == Resolution(parties["HU"], guessed=False, suggestions=())
    assert parties.resolve("Viktor").party is None
    assert found("Viktor Troicki met Orbán Viktor and Orban.", parties=parties) == [
        ("HU", "Orbán Viktor"),
        ("HU", "Orban"),
    ]


def test_a_shared_surname_is_asked_about() -> None:
    two = Parties(leaders=[Leader("Anna Novak", "SI", "President"), Leader("Jan Novák", "CZ", "Minister")])
    assert set(codes(two.resolve("Novak"))) == {"SI", "CZ"}
    party = two.resolve("Jan Novak").party
    assert party is not None
    assert party.code == "CZ"
    assert found("Novak spoke, then Jan Novák did.", parties=two) == [("CZ", "Jan Novák")]


def test_a_countrys_own_name_beats_a_leaders() -> None:
    named = Parties(leaders=[Leader("François Hollande", "FR", "President"), Leader("Hal Jordan", "US", "Secretary")])
    party = named.resolve("Jordan").party
    assert party is not None
    assert party.code == "JO"


def test_a_dossier_adds_and_overrides() -> None:
    mine = Parties(
        [
            PartyNames("GB", aliases=("The Firm", "Congo")),
            PartyNames("DE", name="Federal Germany"),
            PartyNames("WEU", name="Western European Union", aliases=("Old Pact",)),
        ]
    )
    assert mine["WEU"].kind == "organisation"
    assert mine["DE"].name == "Federal Germany"
    for query, code in (
        ("the firm", "GB"),
        ("Congo", "GB"),
        ("Germany", "DE"),
        ("federal germany", "DE"),
        ("WEU", "WEU"),
        ("old pact", "WEU"),
        ("Old Pcat", "WEU"),
    ):
        party = mine.resolve(query).party
        assert party is not None, query
        assert party.code == code
    assert found("The Firm and the Old Pact met in Congo.", parties=mine) == [
        ("GB", "The Firm"),
        ("WEU", "Old Pact"),
        ("GB", "Congo"),
    ]


HOSTILE = [
    "x" * 1_000_000,
    "Germany " * 100_000,
    "ab " * 300_000,
    "\ud800\udfff\udc00",
    "Ger\u200bmany",
    "\u202eGermany\u202c",
    "Germany\x00",
    "\x00" * 5000,
    "🇩",
    "🇩🇪" * 1000,
    "🏴" + "\U000e0067" * 1000,
    "👩‍👩‍👧‍👦" * 200,
    "ﷺ" * 1000,
    "a\u0301" * 100_000,
    "." * 100_000,
    "'s" * 10_000,
    "the " * 10_000,
    "government of " * 1000,
    "%s {} <@1> @everyone `x`",
]


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_queries_are_quick_and_harmless(query: str) -> None:
    PARTIES.resolve("warm up the indexx")
    fastest = 9.0
    for _ in range(3):
        start = time.perf_counter()
        PARTIES.resolve(query)
        PARTIES.complete(query)
        fastest = min(fastest, time.perf_counter() - start)
    assert fastest < 0.1


def test_invisible_characters_are_dropped() -> None:
    for query in ("Ger\u200bmany", "\u202eGermany\u202c", "Germany\x00", "\ufeffGermany", "Germany\ud800"):
        party = PARTIES.resolve(query).party
        assert party is not None
        assert party.code == "DE"


ALPHABET = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(codec=None), max_size=30),
    st.sampled_from([query for query, _ in EXACT]).flatmap(
        lambda query: st.tuples(st.just(query), st.text(max_size=3), st.integers(0, 20)).map(
            lambda parts: parts[0][: parts[2]] + parts[1] + parts[0][parts[2] :]
        )
    ),
)


@settings(max_examples=300, deadline=None)
@given(ALPHABET)
def test_resolve_answers_or_asks(query: str) -> None:
    resolution = PARTIES.resolve(query)
    assert len(resolution.suggestions) <= 5
    assert len(set(resolution.suggestions)) == len(resolution.suggestions)
    if resolution.party is not None:
        assert resolution.suggestions == ()
    else:
        assert not resolution.guessed
    assert len(PARTIES.complete(query)) <= 25


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=200), st.text(st.characters(codec=None), max_size=80)), st.integers(0, 50))
def test_find_points_into_the_text(text: str, start: int) -> None:
    end = start
    for mention in PARTIES.find(text, None, start):
        assert end <= mention.start < mention.end <= len(text)
        assert mention.party in PARTIES
        end = mention.end


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_a_key_is_its_own_key(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


FIND: list[tuple[str, list[tuple[str, str]]]] = [
    ("Germany and France agree.", [("DE", "Germany"), ("FR", "France")]),
    ("They polish the plan with us over turkey.", []),
    ("Polish the draft first.", []),
    ("Polish PM Tusk spoke.", [("PL", "Polish"), ("PL", "Tusk")]),
    ("The US, the U.S. and the USA.", [("US", "US"), ("US", "U.S."), ("US", "USA")]),
    ("The UK had the US' back.", [("GB", "UK"), ("US", "US")]),
    ("A U.K.-France-led group", [("GB", "U.K."), ("FR", "France")]),
    ("the U.S. deal", [("US", "U.S.")]),
    ("IT staff say NO to DE plans, AM or PM, IN or OUT.", []),
    ("CONTACT US NOW", []),
    ("EU, NATO, Nato and UN chiefs", [("EU", "EU"), ("NATO", "NATO"), ("NATO", "Nato"), ("UN", "UN")]),
    ("The Dutch and the Finns; Poles, Danes.", [("NL", "Dutch"), ("FI", "Finns"), ("PL", "Poles"), ("DK", "Danes")]),
    ("Italian Prime Minister Georgia Meloni has confirmed", [("IT", "Italian"), ("IT", "Georgia Meloni")]),
    ("Georgia Smith and Jordan Bardella and Chad Kroeger", []),
    ("In Georgia, Jordan and Chad,", [("GE", "Georgia"), ("JO", "Jordan"), ("TD", "Chad")]),
    ("Georgia President Zourabichvili", [("GE", "Georgia")]),
    ("King Abdullah of Jordan met Michael Jordan.", [("JO", "Jordan")]),
    ("Jordan King Abdullah", [("JO", "Jordan")]),
    ("Georgia's parliament", [("GE", "Georgia")]),
    ("New Mexico, Mexico", [("MX", "Mexico")]),
    ("Northern Ireland and Ireland", [("GB", "Northern Ireland"), ("IE", "Ireland")]),
    (
        "Papua New Guinea, Guinea-Bissau, Guinea",
        [("PG", "Papua New Guinea"), ("GW", "Guinea-Bissau"), ("GN", "Guinea")],
    ),
    ("South Korea is not Korea; Congo, Brussels", [("KR", "South Korea")]),
    (
        "Downing Street, the Kremlin, the White House",
        [("GB", "Downing Street"), ("RU", "Kremlin"), ("US", "White House")],
    ),
    ("The Oval Office in Washington", [("US", "Oval Office"), ("US", "Washington")]),
    ("the Washington Post and the Kyiv Independent", []),
    ("Latin America and South America", []),
    ("Donald Tusk met Donald Trump. Donald left.", [("PL", "Donald Tusk"), ("US", "Donald Trump")]),
    ("Melania Trump and Brigitte Macron", []),
    ("President Trump, Sir Keir Starmer", [("US", "Trump"), ("GB", "Keir Starmer")]),
    ("But Starmer and When Trump spoke", [("GB", "Starmer"), ("US", "Trump")]),
    ("Volodomyr Zelenskyy", [("UA", "Zelenskyy")]),
    ("Volodymyr Zelensky and Erdogan", [("UA", "Volodymyr Zelensky"), ("TR", "Erdogan")]),
    ("May I ask Theresa May?", [("GB", "Theresa May")]),
    ("Ursula von der Leyen; von der Leyen", [("EU", "Ursula von der Leyen"), ("EU", "von der Leyen")]),
    ("Von der Leyen said; Vladimir Vladimirovich Putin", [("EU", "Von der Leyen"), ("RU", "Putin")]),
    ("London Bridge and Paris Saint-Germain, London Mayor", [("GB", "London")]),
    ("Georgia Republicans in Atlanta, Georgia", []),
    ("In neighbouring Georgia Russia holds two regions.", [("GE", "Georgia"), ("RU", "Russia")]),
    ("St. Lucia, St Lucia, St. Petersburg", [("LC", "St. Lucia"), ("LC", "St Lucia")]),
    ("Dominicans, Soviets and Koreans; Zaire", []),
    ("America First in the Americas", [("US", "America")]),
    ("Mark Rutte", [("NATO", "Mark Rutte")]),
    ("Côte d’Ivoire, Cote d'Ivoire", [("CI", "Côte d’Ivoire"), ("CI", "Cote d'Ivoire")]),
    ("UKRAINE SAYS THE EU AND TURKEY", [("UA", "UKRAINE"), ("EU", "EU"), ("TR", "TURKEY")]),
    ("Germanyland, aGermany, Iranian", [("IR", "Iranian")]),
    (
        "the European\nCommission and United\u00a0Kingdom",
        [("EU", "European\nCommission"), ("GB", "United\u00a0Kingdom")],
    ),
    ("United. Kingdom", []),
    ("An Island, a Male", []),
    ("Україна, Deutschland and 日本", [("UA", "Україна"), ("DE", "Deutschland"), ("JP", "日本")]),
]


@pytest.mark.parametrize(("text", "expected"), FIND)
def test_find(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Die Türkei und Großbritannien", "de", ["TR", "GB"]),
        ("Die Türkei und Frankreich", "en", []),
        ("Warschau und der Kreml", "de", ["PL", "RU"]),
        ("L’Allemagne et l’OTAN", "fr", ["DE", "NATO"]),
        ("Німеччина та ЄС", "uk", ["DE", "EU"]),
        ("德国和法国，中国", "zh", ["DE", "FR", "CN"]),
        ("Tyskland", "no", ["DE"]),
        ("Germany", "xx", []),
    ],
)
def test_find_in_other_languages(text: str, language: str, expected: list[str]) -> None:
    assert [party for party, _ in found(text, language)] == expected


def test_find_starts_where_told() -> None:
    assert PARTIES.find("Germany, France", start=3) == [Mention("FR", 9, 15)]


def test_the_shipped_articles_have_no_false_friends() -> None:
    explainer = (ROOT / "seeds/articles/explainer.txt").read_bytes().decode()
    mentions = found(explainer)
    assert set(mentions) >= {("IQ", "Iraq"), ("US", "US"), ("US", "America"), ("US", "White House"), ("NATO", "Nato")}
    assert {party for party, _ in mentions} == set(
        "AU CA CZ DE ES EU FI FR GB IQ IT NATO PL RU TR UA US".split()  # noqa: SIM905
    )
    report = (ROOT / "seeds/articles/news-report.txt").read_bytes().decode()
    assert {party for party, _ in found(report)} == {"AU", "CA", "FI", "FR", "GB", "NATO", "RU", "UA", "US"}


@pytest.mark.parametrize(
    ("prefix", "first"),
    [
        ("ger", "DE"),
        ("united k", "GB"),
        ("us", "US"),
        ("austra", "AU"),
        ("kingdom", "GB"),
        ("Alem", "DE"),
        ("tus", "PL"),
        ("Germny", "DE"),
        ("na", "NA"),
        ("nat", "NATO"),
    ],
)
def test_complete_offers_the_best_first(prefix: str, first: str) -> None:
    offered = PARTIES.complete(prefix)
    assert offered[0].code == first
    assert len(offered) == len(set(offered)) <= 25


def test_complete_lists_states_before_anything_is_typed() -> None:
    offered = PARTIES.complete("", limit=10)
    assert [party.code for party in offered[:3]] == ["AF", "AFU", "AL"]
    assert len(offered) == 10


def test_nothing_but_the_standard_library_is_loaded_for_an_exact_name() -> None:
    code = (
        "import sys; from summaries.parties import Parties; p = Parties(); p.resolve('Germany'); p.find('Germany');"
        "sys.exit('rapidfuzz' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_construction_is_quick() -> None:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        Parties(leaders=LEADERS)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1


@pytest.mark.long
def test_the_worlds_names_are_up_to_date() -> None:
    if not all(importlib.util.find_spec(name) for name in ("babel", "pycountry", "countryinfo")):
        pytest.skip("needs the development libraries")
    from summaries.world.generate import build

    text = (ROOT / "summaries/world/world.json").read_bytes().decode()
    assert build() == text, "run python -m summaries.world.generate"
    assert all(len(json.loads(line.rstrip(","))["keys"]) == 4 for line in text.splitlines()[2:10])
