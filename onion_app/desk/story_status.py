"""Where the story of a case stands: its drafts, who approved them, what its author allows and has said.

Nothing here changes anything. What the author said is read from sealed messages, the last one of which counts; a yes
holds for exactly the words that were shown, and a no for ever.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, cast

from onion_app.crypto.payloads import Approval, Consent, Draft, FinalText, Verdict
from onion_app.desk.case_keys import keys_by_epoch
from onion_app.desk.case_view import CaseView, MessageLine, open_case, open_entry
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, handle_of
from onion_app.vault.desk import circles, moderators, stories_queue
from onion_app.vault.desk.entries import entries_of
from onion_app.vault.mailbox import records
from onion_app.vault.shown import reading
from onion_app.vault.shown.reading import Version

SECOND: Final = 2  # members of a circle from which on a second person approves what the first one wrote

Step = Literal["forbidden", "refused", "draft", "second", "ask", "asked", "change", "ready", "queued", "public", "down"]
Said = Literal["nothing", "asked", "yes", "change", "no"]
# What follows on what the author said, where they want to be asked.
_AFTER: Final[dict[Said, Step]] = {
    "nothing": "ask",
    "asked": "asked",
    "yes": "ready",
    "change": "change",
    "no": "refused",
}


class CurrentDraft(NamedTuple):
    """The newest draft in a language; `approved_by` is the handle of a second person, or empty."""

    id: bytes
    author: bytes
    handle: str
    day: int
    content: Draft
    approved_by: str


class AuthorAnswer(NamedTuple):
    """What the author has said to a text: the last word, and what should change."""

    said: Said
    text: str


@dataclass(frozen=True, slots=True)
class StoryStatus:
    """Everything that decides what may happen next with the story of a case."""

    opened: CaseView
    drafts: dict[str, CurrentDraft]  # by language
    stories: list[stories_queue.Story]
    versions: dict[bytes, list[Version]]  # of each story, by its id
    second_needed: bool

    @property
    def case(self) -> records.Case:
        """The case."""
        return self.opened.case

    @property
    def main(self) -> stories_queue.Story | None:
        """The story, apart from versions that are queued to join it."""
        return stories_queue.main_story(self.stories)

    @property
    def shown(self) -> list[Version]:
        """The versions that are on the site, or were until they were taken down."""
        main = self.main
        return self.versions[main.id] if main and main.state in ("public", "down") else []

    @property
    def source(self) -> Version | None:
        """The published version that translations are made from."""
        return next((version for version in self.shown if version.translated_from is None), None)

    @property
    def original(self) -> str:
        """What the author wrote, from the first message on."""
        written = [line.text for line in reversed(self.opened.lines) if line.author == "visitor" and not line.verdict]
        return "\n\n".join(text for text in written if text)

    def draft_in(self, language: str) -> CurrentDraft | None:
        """Give the draft in a language; without a published version there is one draft only, in whichever language."""
        if self.source is not None:
            return self.drafts.get(language)
        own = [draft for draft in self.drafts.values() if not draft.content.translated_from]
        return own[-1] if own else None

    def where(self, draft: Draft) -> str:
        """Say where exactly these words are: '', 'queued', 'public' or 'down'."""
        places = {
            story.state
            for story in self.stories
            for version in self.versions[story.id]
            if (version.language, version.title, version.body) == (draft.language, draft.title, draft.text)
        }
        return next((place for place in ("public", "down", "queued") if place in places), "")

    def step(self, draft: CurrentDraft) -> Step:
        """Say what has to happen next with a draft."""
        words, consent = draft.content, self.opened.consent
        said = self.answer(words.title, words.text, words.language).said
        if consent is None or consent.publish == "no":
            return "forbidden"
        if said == "no":
            return "refused"
        if place := self.where(words):
            return cast("Step", place)
        unread_by_second = self.second_needed and not draft.approved_by
        if not words.finished or unread_by_second:
            return "second" if words.finished else "draft"
        return "ready" if consent.publish == "yes" else _AFTER[said]

    def answer(self, title: str, text: str, language: str) -> AuthorAnswer:
        """Find the author's last word on exactly these words.

        A no is for ever: to the story, and once that is published, to its version in this language.
        """
        proposals = {line.id.hex(): line for line in self.opened.lines if line.proposal and not line.forged}
        verdicts = [line for line in self.opened.lines if line.verdict and line.verdict.proposal_id in proposals]
        for line in verdicts:
            asked = _proposal(proposals[_verdict(line).proposal_id])
            if _verdict(line).decision == "no" and (self.source is None or asked.language == language):
                return AuthorAnswer("no", _verdict(line).text)
        same = {
            key for key, line in proposals.items() if _proposal(line) == _like(_proposal(line), title, text, language)
        }
        if not same:
            return AuthorAnswer("nothing", "")
        for line in verdicts:  # the newest first
            verdict = _verdict(line)
            if verdict.proposal_id in same:
                outdated = verdict.decision == "yes" and line.number < self._last_no
                return AuthorAnswer("nothing", "") if outdated else AuthorAnswer(verdict.decision, verdict.text)
        return AuthorAnswer("asked", "")

    def allows(self, version: Version) -> bool:
        """Tell whether the author allows these words to be shown now."""
        consent = self.opened.consent
        if consent is None or consent.publish == "no":
            return False
        said = self.answer(version.title, version.body, version.language).said
        return said != "no" and (consent.publish == "yes" or said == "yes")

    @property
    def awaits_verdict(self) -> bool:
        """Whether the author was asked, by us, and has not answered the newest question."""
        newest = next((line for line in self.opened.lines if line.proposal and not line.forged), None)
        answered = {line.verdict.proposal_id for line in self.opened.lines if line.verdict}
        return newest is not None and newest.id.hex() not in answered

    @property
    def _last_no(self) -> int:
        """The number of the last message by which the author forbade everything: what they allowed before is void."""
        noes = [
            line.number
            for line in self.opened.lines
            if isinstance(line.letter, Consent) and line.letter.publish == "no"
        ]
        return max(noes, default=0)


def story_status(dbs: Databases, member: Member, case_id: bytes) -> StoryStatus:
    """Read everything about the story of a case.

    Raises:
        NothingHere, NotAllowed: not a case of theirs.
    """
    opened = open_case(dbs, member, case_id)
    stories = stories_queue.stories_of(dbs.desk, case_id)
    return StoryStatus(
        opened=opened,
        drafts=_drafts(dbs, member, opened.case),
        stories=stories,
        versions={story.id: reading.read_text(dbs.desk, story.id)[1] for story in stories},
        second_needed=len(_members(dbs, opened.case.circle_id)) >= SECOND,
    )


def _members(dbs: Databases, circle_id: bytes) -> list[moderators.Moderator]:
    return [one for one in circles.members_of(dbs.desk, circle_id) if one.state == "active"]


def _drafts(dbs: Databases, member: Member, case: records.Case) -> dict[str, CurrentDraft]:
    """Open the newest draft in each language, the one that was written last at the end."""
    keys = keys_by_epoch(dbs, member, case)
    entries = [(entry, open_entry(entry, keys)) for entry in entries_of(dbs.desk, case.id)]
    approvals = {
        letter.draft_id: entry.author
        for entry, letter in entries
        if isinstance(letter, Approval) and entry.kind == "approval"
    }
    found: dict[str, CurrentDraft] = {}
    for entry, letter in entries:
        if isinstance(letter, Draft) and entry.kind == "draft":
            found.pop(letter.language, None)
            approver = approvals.get(entry.id.hex(), entry.author)
            second = handle_of(dbs, approver) if approver != entry.author else ""
            found[letter.language] = CurrentDraft(
                entry.id, entry.author, handle_of(dbs, entry.author), entry.day, letter, second
            )
    return found


def _proposal(line: MessageLine) -> FinalText:
    return cast("FinalText", line.letter)


def _verdict(line: MessageLine) -> Verdict:
    return cast("Verdict", line.letter)


def _like(proposal: FinalText, title: str, text: str, language: str) -> FinalText:
    return FinalText(title, text, language, proposal.day)
