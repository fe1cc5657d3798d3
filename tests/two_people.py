"""A house of several people, known to each other for long enough; and what one of them sees, word by word."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from onion_app.choices import LANGUAGE_CODES, ProposalKind
from onion_app.desk import proposals
from onion_app.desk.proposal_kinds import SETTING
from onion_app.vault import settings
from onion_app.vault.desk.proposals import open_by, read_proposal
from onion_app.vault.shown import reading, routing
from tests.world import Clock, Enrolled, World

OTHER_WORDS: dict[str, list[str]] = {code: [f"Ask at the market ({code})."] for code in LANGUAGE_CODES}


@dataclass
class Here:
    """Three coordinators and a member in the first circle; two lawyers in another."""

    world: World
    first: bytes
    law: bytes
    people: dict[str, Enrolled] = field(default_factory=dict)

    def __getattr__(self, handle: str) -> Enrolled:
        """Give somebody by their handle."""
        return self.people[handle]

    def propose(self, who: Enrolled | None, kind: ProposalKind, subject: bytes = SETTING, **wanted: object) -> bytes:
        """Propose what has to wait."""
        lists = {name: value if isinstance(value, list) else [str(value)] for name, value in wanted.items()}
        own = who.id if who else None
        assert proposals.propose(self.world.dbs, own, kind, subject, lists), "it did not wait"
        return next(each.id for each in open_by(self.world.desk, own) if (each.kind, each.subject) == (kind, subject))

    def other_words(self, who: Enrolled) -> bytes:
        """Propose other words on how to find us."""
        return self.propose(who, "find_us", SETTING, **OTHER_WORDS)

    def mark(self, who: Enrolled | None, proposal: bytes) -> bytes:
        """Give the mark of the words that somebody is shown."""
        return next(
            view.mark for view in proposals.open_for(self.world.dbs, who.id if who else None) if view.id == proposal
        )

    def agrees(self, who: Enrolled | None, proposal: bytes, mark: bytes | None = None) -> bool:
        """Say yes to what is shown, or to what was shown under an earlier mark."""
        own = who.id if who else None
        return proposals.agree(self.world.dbs, own, proposal, mark or self.mark(who, proposal))

    def waits(self, proposal: bytes) -> bool:
        return read_proposal(self.world.desk, proposal).state == "open"

    def reads(self, who: Enrolled, proposal: bytes) -> list[str] | None:
        """Read every word that somebody is shown of one; None: they are not shown it."""
        views = (*proposals.open_for(self.world.dbs, who.id), *proposals.decided_for(self.world.dbs, who.id))
        view = next((each for each in views if each.id == proposal), None)
        if view is None:
            return None
        lines = [
            line.sentence % {**line._asdict(), "language": line.language or "every language"} for line in view.lines
        ]
        public = [word for said in view.said for word in said]
        return [word for word in (*lines, *public, view.circle, *view.topics, *view.languages, view.person) if word]

    @property
    def state(self) -> tuple[object, ...]:
        """What two people decide, all of it, as visitors have it."""
        in_force = settings.read_settings(self.world.shown)
        return (
            in_force.retention_days,
            in_force.how_to_find_us,
            [(each.id, each.topics, each.languages, each.catch_all, bool(each.generation)) for each in self.routes],
            reading.titles_of_guides(self.world.shown),
            reading.shown_notice(self.world.shown, self.world.today),
        )

    @property
    def whole(self) -> tuple[object, ...]:
        """All that a decision may change, at the desk too."""
        tables = ("circles", "foundings", "invitations", "moderators")
        return (self.state, *(self.world.desk.rows(f"SELECT * FROM {table}") for table in tables))

    @property
    def clock(self) -> Clock:
        assert isinstance(self.world.clock, Clock)
        return self.world.clock

    @property
    def routes(self) -> Sequence[routing.Route]:
        return routing.routes(self.world.shown)

    def comes(self, circle: bytes, handle: str, host: Enrolled, *, coordinator: bool = False) -> Enrolled:
        """Let somebody in whom the operator has invited."""
        newcomer = self.world.enrol(circle, handle, coordinator=coordinator)
        self.world.let_in(host, circle, handle)
        self.people[handle] = newcomer
        return newcomer


def settled(folder: Path) -> Here:
    """Make the house; everybody has been there for a hundred days."""
    world = World(folder, Clock())
    first, law = world.circle("Listening", catch_all=True), world.circle("Law", topics=("law", "safety"))
    here = Here(world, first, law)
    here.people["sara"] = world.enrol(first, "sara", coordinator=True)
    here.people["rojin"] = world.enrol(law, "rojin")
    here.comes(first, "dana", here.sara, coordinator=True)
    here.comes(first, "baran", here.sara, coordinator=True)
    here.comes(first, "noor", here.sara)
    here.comes(law, "lana", here.rojin)
    world.settle()
    return here
