"""Words for reports: nothing goes that its author did not let go or refused, or that one person alone has read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.choices import MOST_QUESTIONS, QUOTE_DAYS, QUOTE_LETTERS
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Facts, Quoted
from onion_app.desk import facts, quotations
from onion_app.desk.quotations import ALONE, ENOUGH, IN_A_STORY, NOT_OWN_WORDS, NOTHING_CHOSEN, OWN_CHOICE, TOO_MUCH
from onion_app.errors import NewMessage, NoReturn, NotReady, Refused
from onion_app.site import new_case
from onion_app.site.forms import Submission, wrong_submission
from onion_app.vault.desk import quotations as stored
from tests.quoting import SENTENCE, TOLD, WORDS, Reporting, on_the_page
from tests.two_people import Here, settled
from tests.world import Author

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = settled(tmp_path / "state")
    yield made
    made.world.close()


@pytest.fixture
def report(here: Here) -> Reporting:
    return Reporting(here.world)


@pytest.fixture
def author(here: Here, report: Reporting) -> Author:
    return report.tells(here.first)


@pytest.fixture
def asked(here: Here, report: Reporting, author: Author) -> Author:
    """Let the words stand on the page of an author."""
    report.asked(here.sara, here.dana, author)
    return author


def lines_in(author: Author) -> list[list[str]]:
    """Give the words of every line by which an author was told that they were given."""
    return [each.words for each in author.payloads() if isinstance(each, Quoted)]


def two_weeks_pass(here: Here) -> None:
    here.clock.wait(days=QUOTE_DAYS)


def test_words_wait_fourteen_days_and_are_told_before_they_go(here: Here, report: Reporting, asked: Author) -> None:
    for _ in range(QUOTE_DAYS):
        assert report.step(here.noor, asked.case_id) == "asked"
        assert report.gives(here.noor, asked.case_id) == []
        here.clock.wait(days=1)
    assert report.gives(here.noor, asked.case_id) == [asked.case_id]
    assert report.step(here.noor, asked.case_id) == "given"
    assert lines_in(asked) == [[WORDS]]
    assert on_the_page(asked).question is None
    assert [line.words.words for line in on_the_page(asked).lines] == [[WORDS]]
    assert report.gives(here.noor, asked.case_id) == []
    assert lines_in(asked) == [[WORDS]], "and not told twice"


def test_a_yes_ends_the_days_once_somebody_has_read_it(here: Here, report: Reporting, asked: Author) -> None:
    assert report.judges(asked, "yes")
    assert report.gives(here.sara, asked.case_id) == [], "nobody has read it"
    assert report.reads(here.noor, asked) == "ready"
    assert report.gives(here.sara, asked.case_id) == [asked.case_id]


@pytest.mark.parametrize("days", [0, 20])
def test_refused_words_never_go_and_others_are_chosen_anew_and_given_after_their_days(
    here: Here, report: Reporting, asked: Author, days: int
) -> None:
    here.clock.wait(days=days)
    assert report.judges(asked, "no")
    assert on_the_page(asked).question is None
    here.clock.wait(days=100)
    assert report.reads(here.sara, asked) == "refused"
    assert report.gives(here.sara, asked.case_id) == []
    report.asked(here.noor, here.dana, asked, "Somebody was held by a relative.")
    assert report.gives(here.sara, asked.case_id) == []
    two_weeks_pass(here)
    assert report.gives(here.sara, asked.case_id) == [asked.case_id]
    assert lines_in(asked) == [["Somebody was held by a relative."]]


def test_not_these_after_a_yes_holds(here: Here, report: Reporting, asked: Author) -> None:
    report.judges(asked, "yes")
    report.judges(asked, "no")
    assert report.reads(here.sara, asked) == "refused"


@pytest.mark.parametrize("words", [WORDS, "a relative, held a young person CAPTIVE", f"{WORDS} It was long."])
def test_what_an_author_has_refused_is_not_asked_about_again_in_the_hope_of_silence(
    here: Here, report: Reporting, asked: Author, words: str
) -> None:
    report.judges(asked, "no")
    assert report.reads(here.sara, asked) == "refused"
    with pytest.raises(Refused, match="does not want"):
        report.chooses(here.noor, asked.case_id, words)


def test_a_no_to_words_that_were_chosen_anew_meanwhile_holds_for_these(
    here: Here, report: Reporting, author: Author
) -> None:
    report.asked(here.noor, here.dana, author)
    here.world.shuts_out(here.sara, "noor")
    report.chooses(here.sara, author.case_id)
    report.judges(author, "no")
    assert report.reads(here.dana, author) == "refused"
    with pytest.raises(NotReady):
        report.says_yes(here.dana, author.case_id)


def test_a_circle_of_one_quotes_nothing(here: Here, report: Reporting) -> None:
    world = here.world
    alone = world.circle("Clinic", topics=("health",))
    shilan = world.enrol(alone, "shilan")
    world.settle()
    author = report.tells(here.first)
    world.hands_over(here.sara, author.case_id, alone)
    assert report.reads(shilan, author) == "alone"
    with pytest.raises(Refused) as refused:
        report.chooses(shilan, author.case_id)
    assert refused.value.sentence == ALONE


@pytest.mark.parametrize("first", ["shilan", "hozan"])
def test_two_of_whom_one_let_the_other_in_are_one(here: Here, report: Reporting, first: str) -> None:
    world = here.world
    clinic = world.circle("Clinic", topics=("health",))
    here.people["shilan"] = world.enrol(clinic, "shilan")
    world.settle()
    hozan = here.comes(clinic, "hozan", here.people["shilan"])
    here.clock.wait(days=20)
    author = report.tells(here.first)
    world.hands_over(here.sara, author.case_id, clinic)
    with pytest.raises(Refused) as refused:
        report.chooses(here.people[first], author.case_id)
    assert refused.value.sentence == ALONE
    here.clock.wait(days=40)
    other = hozan if first == "shilan" else here.people["shilan"]
    report.asked(here.people[first], other, author)
    assert report.step(hozan, author.case_id) == "asked"


def test_a_second_who_was_let_in_by_the_first_does_not_count(here: Here, report: Reporting, author: Author) -> None:
    hozan = here.comes(here.first, "hozan", here.sara)
    here.clock.wait(days=20)
    report.chooses(here.sara, author.case_id)
    with pytest.raises(Refused, match="second person"):
        report.agrees(hozan, author.case_id)
    assert on_the_page(author).question is None
    with pytest.raises(Refused) as refused:
        report.agrees(here.sara, author.case_id)
    assert refused.value.sentence == OWN_CHOICE
    report.agrees(here.dana, author.case_id)
    assert on_the_page(author).question is not None


def test_the_page_of_a_case_and_its_row_do_not_change_with_a_question_or_a_line(
    here: Here, report: Reporting, author: Author
) -> None:
    report.world.opens(here.sara, author.case_id)
    row = here.world.mailbox.rows("SELECT * FROM cases")
    here.clock.wait(days=3)
    report.asked(here.sara, here.dana, author)
    two_weeks_pass(here)
    assert report.gives(here.sara, author.case_id) == [author.case_id]
    assert here.world.mailbox.rows("SELECT * FROM cases") == row
    assert author.texts() == [TOLD]


# --- what an author allows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("under_18", [False, True])
def test_consent_taken_back_while_words_wait_takes_the_words(
    here: Here, report: Reporting, asked: Author, *, under_18: bool
) -> None:
    asked.allows("no", quote=under_18, under_18=under_18)
    two_weeks_pass(here)
    assert report.gives(here.sara, asked.case_id) == []
    assert report.reads(here.sara, asked) == "forbidden"
    assert report.gives(here.sara, asked.case_id) == []
    assert on_the_page(asked).question is None
    assert lines_in(asked) == []


def test_leave_that_is_given_again_lets_no_words_go_that_fell_with_the_former_one(
    here: Here, report: Reporting, asked: Author
) -> None:
    report.judges(asked, "yes")
    asked.allows("no")
    two_weeks_pass(here)
    asked.allows("no", quote=True)
    assert on_the_page(asked).question is None
    assert report.reads(here.sara, asked) == "anew"
    assert report.gives(here.sara, asked.case_id) == []
    report.asked(here.sara, here.dana, asked, "Somebody was held by a relative.")
    assert report.step(here.sara, asked.case_id) == "asked"
    assert on_the_page(asked).question is not None


def test_consent_taken_back_after_words_left_is_said_and_they_are_handed_on_no_more(
    here: Here, report: Reporting, asked: Author
) -> None:
    two_weeks_pass(here)
    report.gives(here.sara, asked.case_id)
    assert report.status(here.sara, asked.case_id).still_allowed
    asked.allows("no")
    report.world.opens(here.sara, asked.case_id)
    status = report.status(here.sara, asked.case_id)
    assert (status.step, status.still_allowed) == ("given", False)
    assert [line.words.words for line in on_the_page(asked).lines] == [[WORDS]]
    assert report.judges(asked, "hide")
    assert on_the_page(asked).lines == ()
    assert lines_in(asked) == [[WORDS]], "no message is deleted"


def test_nothing_is_quoted_where_the_circle_itself_has_noted_that_somebody_is_under_18(
    here: Here, report: Reporting, asked: Author
) -> None:
    sara = here.world.member(here.sara)
    named = Facts({"age": ["under_18"]}, here.world.today, "")
    two_weeks_pass(here)
    assert report.step(here.dana, asked.case_id) == "ready"
    facts.set_facts(here.world.dbs, sara, asked.case_id, new_id(), named)
    assert report.step(here.dana, asked.case_id) == "young"
    assert report.gives(here.dana, asked.case_id) == []
    other = report.tells(here.first)
    here.world.opens(here.sara, other.case_id)
    facts.set_facts(here.world.dbs, sara, other.case_id, new_id(), named)
    with pytest.raises(NotReady):
        report.chooses(here.sara, other.case_id)


def test_nothing_is_chosen_without_leave(here: Here, report: Reporting) -> None:
    silent = report.tells(here.first, quote=False)
    asks = Author(here.world, here.first)
    asks.writes(TOLD)
    for case_id in (silent.case_id, asks.case_id):
        with pytest.raises(NotReady):
            report.chooses(here.sara, case_id)


def test_quoting_without_a_code_is_refused_like_seeing_first(here: Here) -> None:
    alone = Submission("tell", TOLD, no_return=True)
    assert wrong_submission(Submission("tell", TOLD, no_return=True, quote=True)) == {"quote": "needs_code"}
    assert wrong_submission(Submission("tell", TOLD, no_return=True, publish="ask")) == {"publish": "contradiction"}
    assert wrong_submission(alone) == {}
    assert wrong_submission(Submission("tell", TOLD, quote=True)) == {}
    author = Author(here.world, here.first)
    prepared = new_case.prepare()
    forced = Submission("tell", TOLD, no_return=True, quote=True)  # as a site that somebody controls would store it
    new_case.send_case(author.files, prepared, forced, "ar")
    (case_id,) = here.world.mailbox.ids("SELECT id FROM cases")
    with pytest.raises(NoReturn):
        Reporting(here.world).chooses(here.sara, case_id)


def test_a_closed_door_holds_words_back(here: Here, report: Reporting, asked: Author) -> None:
    two_weeks_pass(here)
    with here.world.desk.writing():
        here.world.desk.run("INSERT INTO doors (case_id, state) VALUES (?, 'closed')", (asked.case_id,))
    here.world.follow()
    assert report.step(here.sara, asked.case_id) == "untold"
    assert report.gives(here.sara, asked.case_id) == []


# --- what is chosen --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence", "why"),
    [
        ("One here. Two here. Three here. Four here.", SENTENCE, TOO_MUCH),
        ("a" * (QUOTE_LETTERS + 1), SENTENCE, TOO_MUCH),
        (WORDS, "Something else entirely.", NOTHING_CHOSEN),
        ("my UNCLE, locked me\nin for a month!", SENTENCE, NOT_OWN_WORDS),
    ],
    ids=["too many", "too long", "nothing of theirs", "theirs as they stand"],
)
def test_words_are_few_of_somebodys_own_and_made_of_what_the_author_wrote(
    here: Here, report: Reporting, author: Author, words: str, sentence: str, why: str
) -> None:
    with pytest.raises(Refused) as refused:
        report.chooses(here.sara, author.case_id, words.replace("\n", " "), sentence=sentence)
    assert refused.value.sentence == why


@pytest.mark.parametrize(
    "body",
    [f"It was so. {WORDS} Yes.", "Once:\n\nmy uncle LOCKED me in,\nfor a month - and so on."],
    ids=["our words", "the author's"],
)
def test_a_sentence_of_a_public_story_is_refused_and_words_fall_when_it_comes_out(
    here: Here, report: Reporting, asked: Author, body: str
) -> None:
    two_weeks_pass(here)
    assert report.step(here.sara, asked.case_id) == "ready"
    here.world.show({"en": ("A story", body)})
    assert report.gives(here.sara, asked.case_id) == []
    assert report.step(here.sara, asked.case_id) == "story"
    other = report.tells(here.first)
    with pytest.raises(Refused) as refused:
        report.chooses(here.sara, other.case_id)
    assert refused.value.sentence == IN_A_STORY


def test_an_author_is_asked_no_more_than_five_times(here: Here, report: Reporting, author: Author) -> None:
    for number in range(MOST_QUESTIONS):
        report.asked(here.sara, here.dana, author, f"Words of choice number {number}.")
        report.judges(author, "no")
    with pytest.raises(Refused) as refused:
        report.chooses(here.sara, author.case_id, "Once more, and in other words.")
    assert refused.value.sentence == ENOUGH


def test_nobody_chooses_over_what_waits_nor_past_what_is_unread(here: Here, report: Reporting, asked: Author) -> None:
    with pytest.raises(NotReady):
        report.chooses(here.noor, asked.case_id, "Quite different words here.")
    other = report.tells(here.first)
    report.chooses(here.sara, other.case_id)
    other.writes_back("Please do not.")
    chosen = report.status(here.dana, other.case_id).chosen
    assert chosen is not None
    with pytest.raises(NewMessage):
        quotations.agree_to_words(here.world.dbs, here.world.member(here.dana), other.case_id, chosen.id)


# --- who is no longer there, and whose case it is no longer ----------------------------------------------------------


def test_words_chosen_by_somebody_shut_out_since_are_chosen_anew(here: Here, report: Reporting, author: Author) -> None:
    report.asked(here.noor, here.dana, author)
    two_weeks_pass(here)
    assert report.step(here.sara, author.case_id) == "ready"
    here.world.shuts_out(here.sara, "noor")
    assert report.step(here.sara, author.case_id) == "anew"
    assert report.gives(here.sara, author.case_id) == []
    report.asked(here.sara, here.dana, author, "Held by a relative, for weeks.")
    two_weeks_pass(here)
    assert report.gives(here.sara, author.case_id) == [author.case_id]


def test_an_agreement_falls_with_whoever_gave_it(here: Here, report: Reporting, author: Author) -> None:
    report.asked(here.sara, here.noor, author)
    two_weeks_pass(here)
    here.world.shuts_out(here.dana, "noor")
    assert report.step(here.sara, author.case_id) == "second"
    assert report.gives(here.sara, author.case_id) == []
    report.agrees(here.dana, author.case_id)
    assert report.gives(here.sara, author.case_id) == [author.case_id], "the author had their days"


def test_a_case_handed_over_is_chosen_from_anew_also_when_it_comes_back(
    here: Here, report: Reporting, asked: Author
) -> None:
    two_weeks_pass(here)
    here.world.hands_over(here.sara, asked.case_id, here.law)
    assert report.reads(here.rojin, asked) == "none"
    assert on_the_page(asked).question is None
    assert report.gives(here.rojin, asked.case_id) == []
    here.world.hands_over(here.rojin, asked.case_id, here.first)
    assert report.reads(here.sara, asked) == "anew"
    assert report.gives(here.sara, asked.case_id) == []
    assert lines_in(asked) == []


def test_a_restored_desk_has_words_chosen_anew(here: Here, report: Reporting, asked: Author) -> None:
    with here.world.desk.writing():
        stored.forget_chosen(here.world.desk)
    two_weeks_pass(here)
    assert report.step(here.sara, asked.case_id) == "none"
