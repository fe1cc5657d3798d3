"""What is asked about before an answer goes out: numbers, addresses and meetings.

Nobody here asks for any of them; an answer that holds one may yet be right, such as the number of a helpline, so it is
asked and not refused. It is asked once for exactly what was found: whatever is added to it is asked about anew.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from onion_app.choices import TEXT_LETTERS
from onion_app.errors import Refused, marked
from onion_app.web.as_read import AsRead
from onion_app.web.details import pointed_out
from onion_app.web.known_words import WORD, bare_word, word_forms

PHONE: Final = marked("This holds a telephone number. We promise never to ask for one.")
NUMBER: Final = marked("This holds a long number. We promise never to ask for a telephone number.")
ADDRESS: Final = marked("This holds an address. We promise never to ask for one.")
MEETING: Final = marked("This is about a meeting. We promise never to ask anybody to meet.")
SENTENCES: Final = (PHONE, NUMBER, ADDRESS, MEETING)
_OF_DETAILS: Final = {"phone": PHONE, "paper": NUMBER, "mail": ADDRESS, "account": ADDRESS, "link": ADDRESS}

_MEETING_WRITTEN: Final = """
    meet meets meeting meetings meetup rendezvous appointment
    لقاء لقاءنا لقاؤنا لقائنا نلتقي التقي تلتقي يلتقي تلتقوا التقينا اجتماع موعد موعدنا مقابلة نتقابل اقابل تقابل
    قابلني قابلوني تقابلوا زوروني زورني نراكم اراكم أراك
    چاوپێکەوتن چاوپێکەوتنێک دیدار دیدارێک یەکتر یەکتری ژوان دەتبینم دەتانبینم بتانبینم
    هەڤدیتن هەڤدیتنەک دیدارەک هەڤدو هەڤدوو ئێکدو ببینین دبینین
"""
_ADDRESS_WRITTEN: Final = """
    address street avenue boulevard alley apartment flat
    عنوان عنواني عنواننا شارع شارعنا زقاق محلة شقة عمارة
    ناونیشان ناونیشانی شەقام شەقامی کۆڵان کۆڵانی گەڕەک گەڕەکی
    ناڤونیشان ناڤونیشانێ جادە جادا کۆلان کۆلانا تاخ تاخێ
"""


class Question(NamedTuple):
    """The sentences of a question, and the mark of all that was found; a yes carries it."""

    sentences: tuple[str, ...]
    mark: str


def compared(written: str) -> list[str]:
    """Give words of a list as they are compared with those of a text."""
    return [bare_word(AsRead(word).letters) for word in written.split()]


_WORDS: Final = {
    **dict.fromkeys(compared(_MEETING_WRITTEN), MEETING),
    **dict.fromkeys(compared(_ADDRESS_WRITTEN), ADDRESS),
}


def question_about(text: str) -> Question | None:
    """Ask about what an answer holds; None where nothing was found in it."""
    found = [(_OF_DETAILS[each.why], each.found) for each in pointed_out(text, TEXT_LETTERS) if each.why in _OF_DETAILS]
    found += [(_WORDS[word], word) for word in words_of(text) if word in _WORDS]
    if not found:
        return None
    said = sorted({what for _, what in found})
    sentences = {sentence for sentence, _ in found}
    ordered = tuple(sentence for sentence in SENTENCES if sentence in sentences)
    return Question(ordered, sha256("\n".join(said).encode()).hexdigest()[:32])


def expect_asked(text: str, yes: str) -> None:
    """See that whoever sends an answer has said yes to all that was found in it.

    Raises:
        Refused: they have not been asked, or about less.
    """
    question = question_about(text)
    if question is not None and question.mark != yes:
        raise Refused(question.sentences[0], field="text")


def names_a_street(text: str) -> bool:
    """Tell whether a text has a word of those that an address is made of."""
    return any(_WORDS.get(word) == ADDRESS for word in words_of(text))


def words_of(text: str) -> set[str]:
    """Give the words of a text as they are compared, with and without what Arabic writes before them."""
    words = set(WORD.findall(AsRead(text).letters.replace("_", " ")))
    return {form for word in words for form in word_forms(bare_word(word))}
