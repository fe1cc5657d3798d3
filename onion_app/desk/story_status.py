"""The status of a case's story: its drafts, who approved them, the consent and the verdicts of its author.

Nothing here changes anything. Consent and verdicts are read from sealed messages that count as the author's, the last
one of which holds; a yes holds for exactly the words that were shown, and a no for ever.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from onion_app.crypto.payloads import Approval, Draft, FinalText, Publish, Verdict
from onion_app.desk.case_keys import CaseKeys
from onion_app.desk.case_view import CaseView, open_case, open_entry
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, handle_of
from onion_app.desk.seconds import seconds_in
from onion_app.vault.desk import stories
from onion_app.vault.desk.entries import entries_of
from onion_app.vault.mailbox import records
from onion_app.vault.shown.reading import Version, versions_of

Step = Literal["forbidden", "refused", "draft", "second", "ask", "asked", "change", "ready", "queued", "public", "down"]
Decision = Literal["nothing", "asked", "yes", "change", "no"]
# The step that follows on what the author decided, where they want to be asked.
_AFTER: Final[dict[Decision, Step]] = {"nothing": "ask", "asked": "asked", "yes": "ready", "change": "change"}


class CurrentDraft(NamedTuple):
    """The newest draft in a language; `approved_by` is the handle of a second person, or empty."""

    id: bytes
    author: bytes
    handle: str
    day: int
    content: Draft
    approved_by: str


class AuthorAnswer(NamedTuple):
    """The author's last word on a text, and what should change in it."""

    decision: Decision
    text: str


class AuthorVerdict(NamedTuple):
    """A message by which the author answered to a text that we asked them about."""

    number: int  # of the message
    verdict: Verdict
    about: FinalText


@dataclass(frozen=True, slots=True)
class StoryStatus:
    """Everything that decides what may happen next with the story of a case."""

    opened: CaseView
    drafts: dict[str, CurrentDraft]  # by language
    story: stories.Story | None
    versions: list[Version]
    seconds: dict[bytes, set[bytes]]  # by the author of a draft: who counts as a second person beside them

    @property
    def shown(self) -> list[Version]:
        """The versions that are on the site, or were until they were taken down."""
        return [version for version in self.versions if version.state in ("public", "down")]

    @property
    def queued(self) -> list[Version]:
        """The versions that wait for their day."""
        return [version for version in self.versions if version.state == "queued"]

    @property
    def source(self) -> Version | None:
        """The published version that translations are made from."""
        return next((version for version in self.shown if version.translated_from is None), None)

    @property
    def original(self) -> str:
        """The author's own words, from the first message on."""
        lines = [line for line in reversed(self.opened.lines) if line.message.author == "visitor" and line.counts]
        return "\n\n".join(line.text for line in lines if line.text and not line.verdict)

    def draft_in(self, language: str) -> CurrentDraft | None:
        """Give the draft in a language; without a published version there is one draft only, in whichever language."""
        if self.source is not None:
            return self.drafts.get(language)
        own = [draft for draft in self.drafts.values() if not draft.content.translated_from]
        return own[-1] if own else None

    def where(self, draft: Draft) -> Literal["public", "down", "queued"] | None:
        """Say where exactly this is: its words, and the year and the content notes beside them."""
        whole = (draft.language, draft.title, draft.text, draft.year, tuple(draft.notes))
        states = {
            version.state
            for version in self.versions
            if (version.language, version.title, version.body, version.year, tuple(version.notes)) == whole
        }
        places: tuple[Literal["public", "down", "queued"], ...] = ("public", "down", "queued")
        return next((place for place in places if place in states), None)

    @property
    def publish(self) -> Publish:
        """Whether the author allows a story, or wants to be asked; who said nothing allows none."""
        return self.opened.consent.publish if self.opened.consent else "no"

    def step(self, draft: CurrentDraft) -> Step:
        """Choose the next step of a draft."""
        words = draft.content
        decision = self.answer(words.title, words.text, words.language).decision
        if self.publish == "no":
            return "forbidden"
        if decision == "no":
            return "refused"
        if place := self.where(words):
            return place
        if not words.finished:
            return "draft"
        if self.seconds[draft.author] and not draft.approved_by:
            return "second"
        return "ready" if self.publish == "yes" else _AFTER[decision]

    def answer(self, title: str, text: str, language: str) -> AuthorAnswer:
        """Find the author's last word on exactly these words.

        A no is for ever: to the story, and once that is published, to its version in this language.
        """
        verdicts = self._verdicts
        noes = [each for each in verdicts if each.verdict.decision == "no"]
        refused = next((each for each in noes if self.source is None or each.about.language == language), None)
        if refused is not None:
            return AuthorAnswer("no", refused.verdict.text)
        words = (title, text, language)
        if words not in map(_words, self._asked_about.values()):
            return AuthorAnswer("nothing", "")
        last = next((each for each in verdicts if _words(each.about) == words), None)
        if last is None:
            return AuthorAnswer("asked", "")
        if last.verdict.decision == "yes" and last.number < self._last_no:
            return AuthorAnswer("nothing", "")
        return AuthorAnswer(last.verdict.decision, last.verdict.text)

    @property
    def _asked_about(self) -> dict[str, FinalText]:
        """The texts that we asked the author about, by the id of their messages, the newest first."""
        return {line.message.id.hex(): line.final_text for line in self.opened.lines if line.final_text and line.counts}

    @property
    def _verdicts(self) -> list[AuthorVerdict]:
        """The author's answers to them, the newest first."""
        asked_about = self._asked_about
        return [
            AuthorVerdict(line.message.number, line.verdict, asked_about[line.verdict.about])
            for line in self.opened.lines
            if line.verdict and line.counts and line.verdict.about in asked_about
        ]

    def allows(self, version: Version) -> bool:
        """Tell whether the author allows these words to be shown now."""
        decision = self.answer(version.title, version.body, version.language).decision
        return decision != "no" and (self.publish == "yes" or (self.publish == "ask" and decision == "yes"))

    def forbids(self, version: Version, *, surely: bool) -> bool:
        """Tell whether a word of the author's, and not the lack of one, forbids these words; surely: it is a No."""
        consent = self.opened.consent
        if consent is not None and not surely:
            return not self.allows(version)
        decision = self.answer(version.title, version.body, version.language).decision
        return decision == "no" or (consent is not None and consent.publish == "no")

    @property
    def is_agreed(self) -> bool:
        """Whether the author has said yes to a draft that is still the newest one."""
        words = [(draft.content, self.step(draft)) for draft in self.drafts.values()]
        return any(
            step == "ready" and self.answer(each.title, each.text, each.language).decision == "yes"
            for each, step in words
        )

    @property
    def awaits_verdict(self) -> bool:
        """Whether the author was asked, by us, and has not answered the newest question."""
        answered = {line.verdict.about for line in self.opened.lines if line.verdict and line.counts}
        return next(iter(self._asked_about), None) not in {None, *answered}

    @property
    def _last_no(self) -> int:
        """The number of the last message by which the author forbade everything: what they allowed before is void."""
        consents = [(line.message.number, line.consent) for line in self.opened.lines if line.counts]
        return max((number for number, each in consents if each and each.publish == "no"), default=0)


def story_status(dbs: Databases, member: Member, case_id: bytes) -> StoryStatus:
    """Read everything about the story of a case.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    opened = open_case(dbs, member, case_id)
    story = stories.story_of(dbs.desk, case_id)
    drafts, seconds = _drafts(dbs, member, opened.case)
    return StoryStatus(
        opened=opened,
        drafts=drafts,
        story=story,
        versions=versions_of(dbs.desk, story.id) if story else [],
        seconds=seconds,
    )


def _drafts(
    dbs: Databases, member: Member, case: records.Case
) -> tuple[dict[str, CurrentDraft], dict[bytes, set[bytes]]]:
    """Open the circle's newest draft in each language, the last one at the end; and give who counts beside each author.

    # P14: an approval falls with whoever gave it.
    """
    keys = CaseKeys(dbs, member, case)
    entries = [(entry, open_entry(entry, keys)) for entry in entries_of(dbs.desk, case.id)]
    approvals: dict[str, list[bytes]] = {}
    for entry, payload in entries:
        if isinstance(payload, Approval) and entry.kind == "approval":
            approvals.setdefault(payload.draft_id, []).append(entry.author)
    authors = {entry.author for entry, _ in entries if entry.kind == "draft"}
    seconds = {author: seconds_in(dbs.desk, case.circle_id, author, dbs.today) for author in authors}
    drafts: dict[str, CurrentDraft] = {}
    for entry, payload in entries:
        if isinstance(payload, Draft) and entry.kind == "draft":
            drafts.pop(payload.language, None)
            counting = [who for who in approvals.get(entry.id.hex(), []) if who in seconds[entry.author]]
            second = handle_of(dbs, counting[-1]) if counting else ""
            drafts[payload.language] = CurrentDraft(
                entry.id, entry.author, handle_of(dbs, entry.author), entry.day, payload, second
            )
    return drafts, seconds


def _words(text: FinalText) -> tuple[str, str, str]:
    return text.title, text.text, text.language
