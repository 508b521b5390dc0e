from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summaries.copies import LIKELY, SKETCH, Copies, same_text, shared, sketch

REPORT = [
    "The harbour of Kotka was closed to tankers on Thursday after a tug had struck a submerged log and lost 14 tonnes "
    "of fuel, the Finnish transport agency said.",
    "Booms were laid across the mouth of the bay within two hours. Seven vessels are waiting outside, among them a "
    "carrier of liquid gas from Norway.",
    '"We will open when I would let my own children swim here," harbour master Outi Salonen told reporters there.',
    "The tug, built in 1987, had been inspected in March without complaint. Its crew of four was taken off unhurt.",
    "Kotka handles about 9 million tonnes of goods a year, mostly paper, and is the largest port for exports in the "
    "country. A similar accident closed it for five days in 2011.",
    "Fishermen asked for compensation. The agency said that claims could be handed in until the end of May, and that "
    "the owner's insurance would be asked to pay first.",
]
TEXT = "\n\n".join(["Tug loses fuel, harbour closed", *REPORT])


def text(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs)


COPIES = {
    "cut from the end": text("Finnish port shut", *REPORT[:3]),
    "cut in the middle": text("Finnish port shut", *REPORT[:2], *REPORT[4:]),
    "another order": text("Fuel in the bay", REPORT[1], REPORT[0], REPORT[4], REPORT[3]),
    "a date for a day, and other spellings": TEXT.replace("on Thursday", "on April 3")
    .replace("harbour", "harbor")
    .replace("tonnes", "tons"),
    "a lead of its own": text("Finland", "Nobody may swim in Kotka for now.", *REPORT),
    "sentences merged and words changed": text(
        "Port closed",
        "Kotka's harbour was closed to tankers after a tug struck a submerged log and lost 14 tonnes of fuel, the "
        "Finnish transport agency said on April 3; booms were laid across the mouth of the bay within two hours.",
        "Seven vessels are waiting outside, including a carrier of liquid gas from Norway.",
        "The 1987-built tug had been inspected in March without complaint. Its four crew were taken off unhurt.",
        "Kotka handles about 9 million tonnes of goods a year, mostly paper, and is the country's largest export port.",
    ),
    "furniture around it": text(
        "Subscribe to our morning letter and get the news at seven.",
        *REPORT[:4],
        "Read also: ten bays where you can swim.",
        "Our reporters work for you. Support them with a small amount each month.",
    ),
    "two texts in one": text(
        *REPORT[:4],
        "In Estonia, meanwhile, an icebreaker returned from its last voyage of the winter, and was greeted by a band, "
        "two ministers and a choir. It had freed 312 ships since December, fewer than in any year since it was built. "
        "The crew will be trained on a sister ship in autumn, when both go to the yard in Rauma for new engines that "
        "burn methanol.",
    ),
    "a teaser": REPORT[0],
}
OTHERS = {
    "the same in other words": text(
        "A log, a tug, a slick",
        "Tankers have had to anchor off Kotka since Thursday morning. A tug hit driftwood there and 14 tonnes of its "
        "fuel spilled into the water.",
        '"We will open when I would let my own children swim here," Outi Salonen, who runs the port, said.',
        "Nobody was injured. The authorities stretched floating barriers from shore to shore and sent divers down to "
        "look at the hull. A gas carrier from Norway is among those that wait.",
    ),
    "the next day, with the background of the first": text(
        "Kotka opens again",
        "Tankers were let into Kotka again on Friday evening when samples of the water had been clean three times in a "
        "row, the mayor said. The first to berth was a gas carrier.",
        "Divers had found the log and lifted it with a crane. It carried the mark of a sawmill in Lappeenranta, which "
        "had lost a raft of timber in a storm in the autumn.",
        *REPORT[4:],
    ),
    "only the quotation": text(
        "Quote of the day",
        "This is what the head of the port at Kotka had to say on the accident of this morning.",
        REPORT[2],
        "Tell us what you think, and read tomorrow which sentence was chosen next.",
    ),
}
DAILY = (
    "The customs office at Vaalimaa counted {0} lorries on {1}, {2} more than the day before. Of these, {3} were sent "
    "back for want of papers and {4} for faulty brakes. The queue in front of the barrier was {5} km long at noon. "
    "Officers found {6} cartons of cigarettes without stamps and fined {7} drivers. The crossing is open from six in "
    "the morning until ten in the evening, and is closed on Sundays."
)
MONDAY = DAILY.format(312, "Monday", 14, 22, 9, "2.5", 140, 17)
TUESDAY = DAILY.format(287, "Tuesday", 25, 31, 4, "1.8", 96, 11)

PINNED = (-4470688456044823105, 3876272613806721959, 6076117817979922735, 8589689799020059090)


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_what_outlets_do_to_a_text_leaves_it_the_same(copy: str) -> None:
    assert same_text(TEXT, copy)
    assert same_text(copy, TEXT)
    assert len({*sketch(TEXT)} & {*sketch(copy)}) >= LIKELY


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_what_looks_like_a_copy_is_not(other: str) -> None:
    assert not same_text(TEXT, other)
    assert not same_text(other, TEXT)


def test_the_same_sentences_with_other_figures_are_another_text() -> None:
    assert shared(MONDAY, TUESDAY) > 0.5
    assert not same_text(MONDAY, TUESDAY)
    assert same_text(MONDAY, MONDAY.replace("140", "141")), "a figure that was corrected"
    assert same_text(MONDAY, "Border queue\n\n" + MONDAY.replace("312 lorries", "312 trucks"))


def test_days_and_written_numbers_are_figures_too() -> None:
    notice = (
        "The ferry to Suomenlinna was late again on {} because of ice, its owner said. It will leave an hour "
        "later than usual on {} as well. Passengers who wait on the quay get tea."
    )
    monday, friday = notice.format("Monday", "Tuesday"), notice.format("Friday", "Saturday")
    assert shared(monday, friday) > 0.5
    assert not same_text(monday, friday)
    assert same_text(monday, notice.format("3 March", "4 March")), "a date for a day is the same report"

    queue = (
        "It was seen that {} lorries and {} buses, with {} people on board, stood at the border in the rain at noon."
    )
    written, digits = queue.format("nine", "four", "eleven"), queue.format(9, 4, 11)
    assert same_text(written, digits)
    assert not same_text(written, queue.format("seven", 6, "twelve"))


def test_the_same_quotation_makes_no_copy() -> None:
    quotation = (
        '"We have come here to say one thing, and we shall say it as often as it takes until everybody has heard it: '
        'this coast belongs to those who fish it, and not to those who would pave it."'
    )
    one = f"{quotation} So spoke the mayor of Hanko on Sunday in front of four hundred people, who had come in boats."
    other = f"{quotation} The words are those of Hanko's mayor; the plan for a marina now goes to a court in Turku."
    assert not same_text(one, other)
    speech = quotation.replace("here", "to this hall")
    assert same_text(quotation, speech), "what is nearly all quotation is compared with it"


def test_an_opening_alone_makes_no_copy() -> None:
    own = [
        "Our correspondent walked along the bay on the evening of the accident. He met anglers who had pulled in their "
        "lines, a painter who went on painting, and two boys selling gloves.",
        "What they had to say of the port was not kind. For years, they told him, logs had drifted in from the rafts "
        "up the river and nobody had gone out to fetch them, since it was never clear whose task that was.",
        "The city will discuss it in its next session. A councillor wants to give the task to the fire brigade, which "
        "has boats but no people to spare, as its chief hastened to say on the radio.",
    ]
    assert not same_text(TEXT, text(REPORT[0], *own))


def test_a_copy_is_found_below_the_furniture_of_a_publisher() -> None:
    source = random.Random(5)  # noqa: S311 - test data
    words = ["".join(source.choices("abcdefghijklmnoprstuvz", k=source.randint(3, 9))) for _ in range(3000)]
    furniture = " ".join(source.choices(words, k=300))
    copies: Copies[int | str] = Copies()
    assert copies.add("agency", REPORT[0]) is None
    for number in range(120):
        assert copies.add(number, text(" ".join(source.choices(words, k=90)), furniture)) is None
    assert copies.add("outlet", text(REPORT[0], REPORT[1], furniture)) == "agency"


def test_shared_furniture_makes_no_copy() -> None:
    furniture = [
        "Reading time: two minutes. Listen to this article in our app, read by an announcer.",
        "Follow us on the networks you know. We answer questions from Monday to Friday between nine and five.",
        "This text was taken from the service of an agency without changes by our staff.",
    ]
    one = text(furniture[0], *REPORT[:2], *furniture[1:])
    other = text(furniture[0], MONDAY, *furniture[1:])
    assert shared(one, other) > 0.2
    assert not same_text(one, other)


def test_a_short_text_is_no_copy_but_a_sentence_may_be() -> None:
    assert not same_text("The harbour is closed.", "The harbour is closed.")
    assert same_text(REPORT[0], REPORT[0])
    assert not same_text("", "")


def test_shared_is_the_part_of_the_shorter_one() -> None:
    assert shared(TEXT, REPORT[4]) == 1 == shared(REPORT[4], TEXT)
    assert shared(TEXT, "") == 0 == shared("", "")
    half = text(REPORT[4], "One sentence of our own, which no other newspaper has printed, and as long as that.")
    assert 0.4 < shared(TEXT, half) < 0.8


def test_sketches_are_small_and_the_same_everywhere() -> None:
    found = sketch(TEXT)
    assert len(found) == len(set(found)) <= SKETCH
    assert list(found) == sorted(found)
    assert all(-(2**63) <= value < 2**63 for value in found)
    assert sketch("") == sketch("four words are few") == ()
    # Stored values are compared with those of later versions of Python and of the bot.
    assert sketch("Ten ships of grain left Odesa on Friday.") == PINNED
    told = subprocess.run(
        [sys.executable, "-c", f"from summaries.copies import sketch; print(sketch({TEXT!r}) == {found!r})"],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "7"},
    )
    assert told.stdout == "True\n"


@settings(max_examples=25, deadline=None)
@given(st.permutations(REPORT))
def test_the_order_of_paragraphs_hardly_matters_to_a_sketch(paragraphs: list[str]) -> None:
    assert len({*sketch(TEXT)} & {*sketch(text(*paragraphs))}) > SKETCH / 2
    assert shared(TEXT, text(*paragraphs)) > 0.8


@settings(max_examples=25, deadline=None)
@given(st.text(), st.text() | st.sampled_from([*COPIES.values(), *OTHERS.values(), MONDAY, TUESDAY]))
def test_any_two_texts(one: str, other: str) -> None:
    for left in (one, TEXT + one):
        assert 0 <= shared(left, other) <= 1
        assert shared(left, other) == shared(other, left)
        assert same_text(left, other) == same_text(other, left)
        assert sketch(left) == sketch(left)


@settings(max_examples=15, deadline=None)
@given(st.permutations([TEXT, *COPIES.values(), *OTHERS.values(), MONDAY, TUESDAY]))
def test_copies_in_memory_are_those_that_compare_as_copies(texts: list[str]) -> None:
    copies: Copies[str] = Copies()
    firsts: dict[str, str] = {}
    for added in texts:
        first = copies.add(added, added)
        firsts[added] = added if first is None else first
        if first is not None:
            assert firsts[first] == first, "a copy of a copy is a copy of the first"
            assert any(same_text(added, earlier) for earlier, of in firsts.items() if of == first and earlier != added)
        else:
            assert not any(same_text(added, earlier) for earlier in firsts if earlier != added)
    assert len(copies) == len(texts)
    assert {firsts[other] for other in (MONDAY, TUESDAY)} == {MONDAY, TUESDAY}


def test_a_text_made_of_two_is_linked_with_both() -> None:
    copies: Copies[str] = Copies()
    assert copies.add("harbour", TEXT) is None
    assert copies.add("customs", MONDAY) is None
    assert set(copies.add_and_link("both", text(*REPORT[:3], MONDAY))) == {"harbour", "customs"}


def test_a_text_in_hundreds_of_outlets_among_thousands_of_others() -> None:
    source = random.Random(3)  # noqa: S311 - test data
    words = ["".join(source.choices("abcdefghijklmnoprstuvz", k=source.randint(3, 9))) for _ in range(5000)]
    furniture = "All rights are ours. Ask before you print this, and pay what our price list on the next page says."
    copies: Copies[int] = Copies()
    for number in range(800):
        if number % 5 == 4:
            # A different cut in each outlet, with the same furniture below it as all others have.
            cut = text(
                f"Head number {number}", *REPORT[:2], *source.sample(REPORT[2:], source.randint(0, 4)), furniture
            )
            assert copies.add(number, cut) == (None if number == 4 else 4)
        else:
            assert copies.add(number, text(" ".join(source.choices(words, k=80)), furniture)) is None
