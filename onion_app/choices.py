"""Closed lists and bounds, each once: the schema, the forms and the pages offer nothing else.

A test compares the lists with the CHECKs of the schema, and the bounds with the sentences that name them.
"""

from typing import Final, Literal, cast, get_args

from onion_app.country import known_languages

LanguageCode = Literal["ar", "ckb", "kmr", "en"]
AnswerIn = Literal[LanguageCode, "any"]
CaseKind = Literal["testimony", "request"]
RequestTopic = Literal["talk", "safety", "law", "health", "training", "story", "answer", "unknown"]
Topic = Literal[RequestTopic, "testimony"]
Urgent = Literal[0, 1, 2]  # no, unknown, yes: so that it sorts
CaseState = Literal["new", "reading", "answered", "asking", "agreed", "ready", "published", "closed"]
MessageAuthor = Literal["visitor", "circle", "site"]
EntryKind = Literal["note", "draft", "approval", "facts", "quotation", "look_again"]
Receiver = Literal["un", "group"]  # of words out of a case: the United Nations, a human-rights group; nobody else
TextState = Literal["draft", "queued", "public", "down"]
ContentNote = Literal["violence", "sexual_violence", "family", "suicide", "captivity", "death", "self_harm", "outing"]
ModeratorState = Literal["waiting", "active", "out"]  # waiting: no circle has let them in; active: one has, or more
InvitationState = Literal["proposed", "open", "redeemed", "cancelled"]
ProposalKind = Literal[
    "circle", "new_circle", "founding", "catch_all", "emptied", "retention", "find_us", "guide", "coordinator",
    "shut_out", "notice",
]  # fmt: skip
ProposalState = Literal["open", "agreed", "alone"]  # alone: before there was a second person
ObjectionReason = Literal["unknown", "takes_away", "doubt", "too_soon"]

LANGUAGE_CODES: Final = cast("tuple[LanguageCode, ...]", known_languages(get_args(LanguageCode)))
"""Of the country's languages, in the order in which another one is offered."""
ANSWER_LANGUAGES: Final[tuple[AnswerIn, ...]] = (*LANGUAGE_CODES, "any")
TOPICS: Final[tuple[Topic, ...]] = get_args(Topic)
REQUEST_TOPICS: Final[tuple[RequestTopic, ...]] = get_args(RequestTopic)
COORDINATORS_TOPICS: Final = ("story", "answer")  # about what is published, and about an answer: not for who wrote it
CIRCLE_TOPICS: Final = tuple(topic for topic in TOPICS if topic not in COORDINATORS_TOPICS)  # for circles
RECEIVERS: Final[tuple[Receiver, ...]] = get_args(Receiver)
NOTES: Final[tuple[ContentNote, ...]] = get_args(ContentNote)

TEXT_LETTERS: Final = 12_000  # about 2,000 words; four bytes each, it still fits the largest sealed size
FIND_US_LETTERS: Final = 300  # what the longest page was measured with
ANSWER_DAYS: Final = range(1, 31)
RETENTION_DAYS: Final = range(30, 731)  # after the last message
BACKUP_DAYS: Final = range(1, 91)  # until a safety copy is destroyed
NEW_DAYS: Final = 14  # for so long nobody counts as a second person
RELATED_DAYS: Final = 60  # for so long whoever brought somebody in counts as the same person
ANSWER_WITHIN: Final = 3  # days for another coordinator to say yes; then a member or the operator may
DECIDED_DAYS: Final = 30  # for so long it stands on first pages
MOST_OPEN: Final = 3  # proposals of one person
SHUT_OUT_WITHIN: Final = 7  # days in which one person shuts out two others and no third one
NOTEBOOK_ENTRIES: Final = 50  # of each kind in a circle's notebook
NOTEBOOK_LETTERS: Final = 1_000  # six bytes each at most, they fit the one size of its rows
NOTEBOOK_MESSAGE_DAYS: Final = 30  # for which a message to the circle stands there
REFERRAL_DAYS: Final = 90  # after a second person has checked it, it is used no more until one does again
QUOTE_DAYS: Final = 14  # for so long an author can stop words before they go; a yes ends them
QUOTE_SENTENCES: Final = 3
QUOTE_LETTERS: Final = 300  # of each of them
MOST_QUESTIONS: Final = 5  # about words for reports, to one author
NOTICE_LETTERS: Final = 400  # in each language
NOTICE_DAYS: Final = 3  # from the one on which a second person agreed, unless they do so again
NOTICE_LONGEST: Final = 14  # days from its first, however often
QUOTA_GIB: Final = range(1, 101)  # of mailbox.db, after which no new case is taken
