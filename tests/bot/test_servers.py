"""What people type when they set a server up is read as they mean it, and a card's buttons survive any restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import Answer
from bot.app import App
from bot.commands import servers
from bot.commands.briefing import LENGTHS
from bot.commands.servers import CARD, NOT_NOW, ON, PREVIEW, Check, Wish, parse_hour, parse_zone
from bot.library import Library
from bot.render import render
from bot.render.buttons import MAX_ID
from bot.store import audit, briefings, deliveries, guilds
from bot.store.engine import Store
from summaries.briefing import Length
from tests.bot.tables import library

pytestmark = pytest.mark.long

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
GUILD, BIGGEST = 7, 2**63 - 1
ZONES = sorted(available_timezones())


@pytest.fixture
def held(sqlite_store: Store) -> Library:
    with sqlite_store.writing() as conn:
        guilds.joined(conn, GUILD, "Server", now=NOW)
    return library(sqlite_store)


@pytest.mark.parametrize(
    ("typed", "hour"),
    [
        ("8", time(8)), ("08:00", time(8)), (" 8:05 ", time(8, 5)), ("8.30", time(8, 30)), ("8am", time(8)),
        ("8 a.m.", time(8)), ("8:15 pm", time(20, 15)), ("8:15PM", time(20, 15)), ("12am", time(0)),
        ("12pm", time(12)), ("12:30 AM", time(0, 30)), ("20h", time(20)), ("20h15", time(20, 15)), ("20 Uhr", time(20)),
        ("8 o'clock", time(8)), ("0", time(0)), ("00:00", time(0)), ("23:59", time(23, 59)),
    ],
)  # fmt: skip
def test_an_hour_is_read_as_people_write_it(typed: str, hour: time) -> None:
    assert parse_hour(typed) == hour


@pytest.mark.parametrize(
    "typed", ["", "24", "24:00", "8:60", "13pm", "0am", "-1", "noon", "8:5", "8:000", "800", "8 8", "8;30"]
)
def test_what_is_no_hour_is_none(typed: str) -> None:
    assert parse_hour(typed) is None


@given(st.times())
def test_every_hour_written_out_is_read(hour: time) -> None:
    assert parse_hour(hour.strftime("%H:%M")) == hour.replace(second=0, microsecond=0)


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert parse_hour(text) is None or isinstance(parse_hour(text), time)
    zone = parse_zone(text)
    assert zone is None or zone in ZONES
    assert set(servers.suggest_zones(text)) <= set(ZONES)
    assert len(servers.suggest_zones(text)) <= 25
    assert len(servers.suggest_hours(text)) <= 25


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), (" Berlin ", "Europe/Berlin"),
        ("new york", "America/New_York"), ("America/New York", "America/New_York"), ("NEW  YORK", "America/New_York"),
        ("utc", "UTC"), ("Ho Chi Minh", "Asia/Ho_Chi_Minh"), ("Port-au-Prince", "America/Port-au-Prince"),
    ],
)  # fmt: skip
def test_a_zone_is_read_by_its_name_or_its_city(typed: str, zone: str) -> None:
    assert parse_zone(typed) == zone


@pytest.mark.parametrize("typed", ["", "Mars", "Europe", "Berli", "+02:00", "/", "../../etc/passwd", "\0"])
def test_what_is_no_zone_is_none(typed: str) -> None:
    assert parse_zone(typed) is None


def test_every_zone_that_is_offered_is_one_that_is_read() -> None:
    for name in ["UTC", *ZONES[::7]]:
        if "/" in name or name == "UTC":
            assert parse_zone(name) == name
            assert parse_zone(name.replace("_", " ").upper()) == name


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("berl", "Europe/Berlin"), ("New Y", "America/New_York"), ("london", "Europe/London"), ("kyi", "Europe/Kyiv"),
        ("utc", "UTC"), ("los", "America/Los_Angeles"), ("paris", "Europe/Paris"),
    ],
)  # fmt: skip
def test_the_likeliest_zone_is_suggested_first(typed: str, first: str) -> None:
    found = servers.suggest_zones(typed)
    assert found[0] == first
    assert all(typed.casefold().replace(" ", "_") in name.casefold() for name in found)


def test_suggestions_before_anything_is_typed_and_no_more_than_fit() -> None:
    assert "Europe/Berlin" in servers.suggest_zones("")
    assert all(parse_zone(name) for name in servers.suggest_zones("  "))
    assert len(servers.suggest_zones("a")) == 25
    assert len(servers.suggest_zones("a", limit=3)) == 3
    assert servers.suggest_zones("no such city") == servers.suggest_zones("")


def test_hours_are_suggested_by_what_was_typed() -> None:
    assert servers.suggest_hours("")[0] == "06:00"
    assert servers.suggest_hours("8") == ["08:00", "08:30"]
    assert servers.suggest_hours("08:3") == ["08:30"]
    late = [f"{hour}:{minute}" for hour in range(20, 24) for minute in ("00", "30")]
    assert servers.suggest_hours("2") == [*late, "02:00", "02:30"]
    assert servers.suggest_hours("x") == []
    assert "00:00" in servers.suggest_hours("0")
    assert all(parse_hour(hour) for hour in servers.suggest_hours("1"))


_IDS = st.integers(1, BIGGEST)
_WISHES = st.builds(
    lambda channel, thread, hour, zone, private, weekday, length: Wish(
        GUILD, channel, thread, hour.replace(second=0, microsecond=0), zone, private, weekday, length
    ),
    _IDS, st.none() | _IDS, st.times(), st.sampled_from(ZONES), st.booleans(), st.none() | st.integers(0, 6),
    st.sampled_from(LENGTHS),
)  # fmt: skip


@given(_WISHES)
def test_a_wish_comes_back_from_its_button(wish: Wish) -> None:
    assert Wish.decode(GUILD, wish.encode()) == wish
    # Whose server it is comes from where the button is pressed, never from the button.
    moved = Wish.decode(8, wish.encode())
    assert moved is not None
    assert moved.guild_id == 8


@given(_WISHES, st.text(max_size=3), st.integers(0, 60))
def test_what_is_not_quite_a_wish_is_none(wish: Wish, noise: str, at: int) -> None:
    text = wish.encode()
    found = Wish.decode(GUILD, text[:at] + noise + text[at:])
    assert found is None or Wish.decode(GUILD, found.encode()) == found
    for wrong in (text + "\n", "x" + text, text.replace(":", ";"), "", text.rsplit(":", 1)[0] + ":Mars/Base"):
        assert Wish.decode(GUILD, wrong) is None


@given(_WISHES)
def test_a_card_from_before_there_was_a_choice_means_every_day_and_normal(wish: Wish) -> None:
    # So its buttons were written: without how often and how long.
    thread = f"{'p' if wish.private else ''}{wish.thread_id or 0}"
    text = f"{wish.channel_id}:{thread}:{wish.hour:%H%M}:{wish.zone}"
    assert Wish.decode(GUILD, text) == replace(wish, weekday=None, length="normal")
    for wrong in (":", ":d", ":7n", ":dx", ":4s4s", ":4S", ":\u0664s", ": 4s"):
        assert Wish.decode(GUILD, text + wrong) is None


@pytest.mark.parametrize("hour", ["2400", "0860", "9999"])
def test_an_hour_that_does_not_exist_is_no_wish(hour: str) -> None:
    assert Wish.decode(GUILD, f"1:0:{hour}:UTC") is None


def test_every_button_fits_for_every_zone() -> None:
    longest = max(len(start) for start in (ON, CARD, PREVIEW))
    for zone in ZONES:
        assert longest + len(Wish(GUILD, BIGGEST, BIGGEST, time(23, 59), zone, True, 6, "short").encode()) <= MAX_ID
    assert not any(NOT_NOW.startswith(start) for start in (ON, CARD, PREVIEW))


def _card(held: Library, *checked: Check, zone: str = "Europe/Berlin") -> Answer:
    wish = Wish(GUILD, BIGGEST, BIGGEST, time(8), zone)
    return servers.card(wish, checked, held, typed_commands=True, prefix="!", now=NOW)


def test_nothing_can_be_switched_on_while_a_needed_permission_is_missing(held: Library) -> None:
    must = Check("Send Messages", "to post", False, True, "give it in the settings")
    may = Check("Read Message History", "to look", False, False, "give it too")
    answer = _card(held, must, may)
    assert answer.data == {"blocked": True, "missing": ["Send Messages", "Read Message History"]}
    ids = [str(action.id) for action in answer.actions]
    assert not any(one.startswith(ON) for one in ids)
    assert any(one.startswith(CARD) for one in ids)
    assert "give it in the settings" in "\n".join(message["content"] for message in render.as_discord(answer))
    allowed = _card(held, may)
    assert any(str(action.id).startswith(ON) for action in allowed.actions)
    for action in allowed.actions:
        for start in (ON, CARD, PREVIEW):
            if str(action.id).startswith(start):
                wish = Wish.decode(GUILD, str(action.id).removeprefix(start))
                assert wish == Wish(GUILD, BIGGEST, BIGGEST, time(8), "Europe/Berlin")
    with held.reading() as conn:
        assert briefings.plan_of(conn, held.topic.key, GUILD) is None, "a card sets nothing up"


@pytest.mark.parametrize("prefix", ["!", "?", "$", "!!", ".", "%%", "+", "€", "🕊", "(:)=&"])
def test_signs_are_a_prefix(held: Library, prefix: str) -> None:
    answer = servers.settings(GUILD, prefix, held, default="!", by=1, now=NOW)
    assert answer.ok
    assert answer.data["prefix"] == prefix
    assert servers.settings(GUILD, None, held, default="!", by=1, now=NOW).data["prefix"] == prefix


@pytest.mark.parametrize("prefix", ["", "a", "!a", "1", "! ", " !", "\n", "!!!!!!", "@", "#", "<", ">", "`", "*", "|",
                                    "~", "/", "\\", "-", "_", "ä", "!\u00a0", "!\n"])  # fmt: skip
def test_what_people_write_anyway_is_no_prefix(held: Library, prefix: str) -> None:
    answer = servers.settings(GUILD, prefix, held, default="!", by=1, now=NOW)
    assert answer.error is not None
    assert answer.error.code == "bad_prefix"
    with held.reading() as conn:
        kept = guilds.get(conn, GUILD)
        assert kept is not None
        assert kept.prefix is None
        assert audit.recent(conn, GUILD, 9) == []


def test_a_prefix_is_on_record_when_it_changes_and_the_general_one_is_none_of_its_own(held: Library) -> None:
    for prefix in ("?", "?", None, "!"):
        servers.settings(GUILD, prefix, held, default="!", by=5, now=NOW)
    with held.reading() as conn:
        kept = guilds.get(conn, GUILD)
        assert kept is not None
        assert kept.prefix is None, "so that it follows the general one"
        assert [(one.who, one.before, one.after) for one in audit.recent(conn, GUILD, 9)] == [
            ("5", {"prefix": "?"}, {"prefix": "!"}),
            ("5", {"prefix": "!"}, {"prefix": "?"}),
        ]


@pytest.fixture
def switched_on(held: Library) -> Callable[..., Answer]:
    def run(
        channel: int = 42,
        hour: time = time(8),
        zone: str = "Europe/Berlin",
        now: datetime = NOW,
        weekday: int | None = None,
        length: Length = "normal",
    ) -> Answer:
        wish = Wish(GUILD, channel, None, hour, zone, weekday=weekday, length=length)
        return servers.switch_on(wish, held, by=5, now=now)

    return run


def _words(answer: Answer) -> str:
    return "\n".join(message["content"] for message in render.as_discord(answer))


def test_how_often_and_how_long_are_shown_where_they_are_chosen_and_on_record(
    held: Library, switched_on: Callable[..., Answer]
) -> None:
    wish = Wish(GUILD, 42, None, time(8), "Europe/Berlin", weekday=4, length="short")
    shown = _words(servers.card(wish, (), held, typed_commands=True, prefix="!", now=NOW))
    assert "**When:** once a week, Friday, 08:00, Europe/Berlin" in shown
    assert "First one: Friday 28 March 2025" in shown
    assert "**Length:** short: one sentence for each of at most five stories\n" in shown
    assert "**Quiet weeks:**" in shown
    assert "on already" not in shown
    on = switched_on(weekday=4, length="short")
    assert on.data == {"channel": "42", "first": "2025-03-28"}
    told = _words(servers.show(GUILD, (), held, trouble=None, now=NOW))
    assert "once a week, Friday, 08:00, Europe/Berlin. Next: Friday 28 March 2025" in told
    assert "Length: short: one sentence for each of at most five stories." in told
    # The card of another wish says what it would change.
    assert "<#42>, once a week, Friday, 08:00, Europe/Berlin, short length" in _words(_card(held))
    assert "Length: long: up to six sentences, 160 words at most, for each of at most 20 stories." in _words(
        switched_on(length="long")
    )
    with held.reading() as conn:
        second, first = audit.recent(conn, GUILD, 9)
    weekly, daily = {"every": "Friday", "length": "short"}, {"every": "day", "length": "long"}
    assert (first.before, first.after) == (None, {**(first.after or {}), **weekly})
    assert (second.before, second.after) == (first.after, {**(first.after or {}), **daily})


def test_another_length_moves_no_hour_and_another_weekday_is_owed_from_then_on(
    held: Library, switched_on: Callable[..., Answer]
) -> None:
    assert switched_on(weekday=3).data["first"] == "2025-03-27"
    late = datetime(2025, 3, 27, 6, 0, tzinfo=UTC)
    longer = switched_on(weekday=3, length="long", now=late)
    assert longer.data["first"] == "2025-03-27"
    assert _words(longer).startswith("**Changed.** Next post: Thursday 27 March 2025")
    assert _words(switched_on(channel=43, weekday=3, now=late)).startswith("**Moved.** Next post:")
    assert switched_on(weekday=2, now=late).data["first"] == "2025-04-02"
    for paused in (True, False):
        state = servers.set_state(GUILD, paused, held, by=6, now=late)
        assert ("comes on Wednesday 2 April 2025, 08:00" in _words(state)) is not paused
    assert switched_on(now=late).data["first"] == "2025-03-27"


def test_what_is_not_said_stays_as_it_is(held: Library, switched_on: Callable[..., Answer]) -> None:
    wish = Wish(GUILD, 42, None, time(8), "Europe/Berlin")

    def settled(every: str | None, length: Length | None) -> tuple[int | None, str]:
        found = servers.settled(wish, every, length, held)
        assert replace(found, weekday=None, length="normal") == wish
        return found.weekday, found.length

    assert settled(None, None) == (None, "normal")
    assert settled("Sunday", "long") == (6, "long")
    switched_on(weekday=4, length="short")
    assert settled(None, None) == (4, "short")
    assert settled("day", None) == (None, "short")
    assert settled(None, "normal") == (4, "normal")
    servers.set_state(GUILD, True, held, by=6, now=NOW)
    assert settled("Monday", None) == (0, "short")


def test_a_digest_that_was_given_up_comes_the_next_day(held: Library, switched_on: Callable[..., Answer]) -> None:
    before = NOW - timedelta(days=1)
    switched_on(weekday=2, now=before)
    owed = _made(held, 1)
    wish = Wish(GUILD, 42, None, time(8), "Europe/Berlin", weekday=2)

    def told() -> list[str]:
        shown = servers.show(GUILD, (), held, trouble=None, now=NOW)
        carded = servers.card(wish, (), held, typed_commands=True, prefix="!", now=NOW)
        return [shown.view["next"].isoformat(), carded.view["first"].isoformat()]

    assert told() == ["2025-04-02"] * 2
    with held.store.writing() as conn:
        deliveries.drop(conn, owed, "too old", now=NOW)
    assert told() == ["2025-03-27"] * 2
    # A day that is chosen now is owed from now on.
    assert switched_on(weekday=5, now=NOW + timedelta(minutes=1)).data["first"] == "2025-03-29"


def test_a_briefing_is_switched_on_moved_paused_woken_and_ended_on_record(
    held: Library, switched_on: Callable[..., Answer]
) -> None:
    # Today's hour has passed in Berlin: the first one is tomorrow's.
    assert switched_on().data == {"channel": "42", "first": "2025-03-27"}
    assert switched_on(channel=43, hour=time(20)).data == {"channel": "43", "first": "2025-03-26"}
    for paused in (True, True, False):
        state = servers.set_state(GUILD, paused, held, by=6, now=NOW)
        assert state.data == {"state": "paused" if paused else "active"}
    shown = servers.show(GUILD, (), held, trouble=None, now=NOW)
    assert (shown.data["channel"], shown.data["next"]) == ("43", "2025-03-26T19:00:00Z")
    assert servers.off(GUILD, held, by=7, now=NOW).ok
    with held.reading() as conn:
        assert [(one.action, one.who) for one in reversed(audit.recent(conn, GUILD, 9))] == [
            ("briefing switched on", "5"), ("briefing switched on", "5"), ("briefing paused", "6"),
            ("briefing resumed", "6"), ("briefing ended", "7"),
        ]  # fmt: skip
        assert briefings.plan_of(conn, held.topic.key, GUILD) is None


def test_where_nothing_is_set_up_each_setting_says_so(held: Library) -> None:
    for answer in (
        servers.show(GUILD, (), held, trouble=None, now=NOW),
        servers.set_state(GUILD, True, held, by=1, now=NOW),
        servers.retract(GUILD, held, by=1, now=NOW),
        servers.off(GUILD, held, by=1, now=NOW),
    ):
        assert answer.error is not None
        assert answer.error.code == "no_briefing"
        assert "/setup" in answer.error.message


def _made(held: Library, parts: int) -> int:
    """Make today's briefing; return its delivery."""
    with held.store.writing() as conn:
        plan = briefings.plan_of(conn, held.topic.key, GUILD)
        assert plan is not None
        made = briefings.record(conn, plan.id, date(2025, 3, 26), due_at=NOW, table_at=NOW, value={}, now=NOW)
        assert made is not None
        owed, _ = deliveries.owe(conn, "b", plan.place, [{"content": "x"}] * parts, due_at=NOW, now=NOW)
        briefings.set_delivery(conn, made, owed)
    return owed


def test_moving_takes_along_what_was_not_tried_and_repeats_nothing(
    held: Library, switched_on: Callable[..., Answer]
) -> None:
    switched_on()
    _made(held, 1)
    # Moved to an hour that is still to come today: today's was made, so the next is tomorrow's.
    assert switched_on(channel=43, hour=time(20)).data["first"] == "2025-03-27"
    with held.store.writing() as conn:
        (found,) = deliveries.claim_due(conn, "w", NOW, 10)
    assert found.place.id == "43"


def test_the_last_post_is_taken_back_once_message_by_message(held: Library, switched_on: Callable[..., Answer]) -> None:
    switched_on()
    nothing = servers.retract(GUILD, held, by=1, now=NOW)
    assert nothing.error is not None
    assert nothing.error.code == "nothing_posted"
    owed = _made(held, 2)
    with held.store.writing() as conn:
        for position in range(2):
            deliveries.sent(conn, owed, position, 900 + position, now=NOW)
        deliveries.finish(conn, owed, now=NOW)
    # The briefing has moved since; the messages stand where they were posted.
    switched_on(channel=43)
    for _ in range(2):
        assert servers.retract(GUILD, held, by=1, now=NOW).data == {"date": "2025-03-26", "messages": 2}
    with held.store.writing() as conn:
        found = deliveries.claim_due(conn, "w", NOW, 10)
        assert [(one.action, one.target_message_id, one.place.id) for one in found] == [
            ("delete", 900, "42"), ("delete", 901, "42"),
        ]  # fmt: skip
        taken_back = [one for one in audit.recent(conn, GUILD, 9) if one.action == "briefing taken back"]
        assert len(taken_back) == 1


def test_a_wrong_hour_or_zone_names_what_would_be_right() -> None:
    hour, zone, unknown = servers.wrong_hour("noon"), servers.wrong_zone("Europe/Berln"), servers.wrong_zone("Xyzzy 9")
    assert hour.error is not None
    assert "08:00" in hour.error.message
    assert zone.error is not None
    assert "Europe/Berlin" in zone.error.message
    assert unknown.error is not None
    assert "Did you mean" not in unknown.error.message


def test_the_card_names_the_first_day_in_every_zone(held: Library) -> None:
    for zone in ("Pacific/Auckland", "America/Los_Angeles", "Pacific/Kiritimati", "UTC"):
        answer = _card(held, zone=zone)
        first = answer.view["first_at"]
        assert first > NOW
        assert first.astimezone(ZoneInfo(zone)).date() == answer.view["first"]


@pytest.mark.parametrize("typed", ["GMT+2", "gmt-5", "UTC+2", "EST", "PST"])
def test_what_would_mean_another_hour_is_no_zone(typed: str) -> None:
    assert servers.parse_zone(typed) is None


@pytest.mark.parametrize(("typed", "zone"), [("cet", "CET"), ("utc", "UTC"), ("berlin", "Europe/Berlin")])
def test_abbreviations_that_keep_summer_time_are_zones(typed: str, zone: str) -> None:
    assert servers.parse_zone(typed) == zone


@pytest.mark.parametrize("prefix", ["\u202e", "\u200b", "\u2060!"])
def test_a_prefix_can_be_seen(prefix: str, app: App) -> None:
    answered = servers.settings(5, prefix, app.library, default="!", by=1, now=NOW)
    assert answered.error is not None
    assert answered.error.code == "bad_prefix"
