"""Who opens which case, told with sets alone: without keys, grants and wraps."""

CIRCLES = ("Listening", "Law")
Epoch = tuple[str, int]


class Model:
    """Who is where, and who opens which epoch of which case."""

    def __init__(self) -> None:
        self.members: dict[str, set[str]] = {name: set() for name in CIRCLES}
        self.waiting: set[tuple[str, str]] = set()  # who, and where
        self.out: set[str] = set()
        self.circle: dict[str, str] = {}  # of each case
        self.newest: dict[str, int] = {}
        self.opens: dict[Epoch, set[str]] = {}
        self.old: set[Epoch] = set()  # sealed to a key that somebody had who was shut out since
        self.met: set[str] = set()  # cases of which somebody had opened something
        self.changed: set[str] = set()  # circles of which somebody was shut out, and somebody was left
        self.left_behind: set[str] = set()  # where the desk began nothing since somebody was shut out
        self.written: list[tuple[Epoch, set[str], set[str]]] = []  # circles that had it since, and whoever was in them

    def all_of(self, case: str) -> list[Epoch]:
        """List the epochs of a case."""
        return [(case, epoch) for epoch in range(1, self.newest[case] + 1)]

    def cases_of(self, circle: str) -> list[str]:
        """List the cases of a circle."""
        return [case for case, where in self.circle.items() if where == circle]

    def begin_epoch(self, case: str) -> None:
        """Seal what follows to whoever is in the circle now."""
        self.newest[case] += 1
        self.opens[case, self.newest[case]] = set(self.members[self.circle[case]])

    def write(self, case: str) -> None:
        """Write in the newest epoch, or in a new one where its key is known to somebody who is out."""
        if (case, self.newest[case]) in self.old:
            self.begin_epoch(case)
        self.written.append(((case, self.newest[case]), {self.circle[case]}, set()))

    def take(self, who: str, case: str) -> None:
        """Let the desk meet what somebody opens of a case."""
        if case in self.met or not self.opens_any(who, case):
            return
        self.met.add(case)
        if self.circle[case] in self.changed:
            self.left_behind.add(case)

    def answer(self, case: str) -> None:
        """Write as the circle, which trusts no epoch that somebody who is out could have begun."""
        if case in self.left_behind and (case, self.newest[case]) not in self.old:
            self.begin_epoch(case)
        self.left_behind.discard(case)
        self.write(case)

    def hand_over(self, case: str, circle: str) -> None:
        """Wrap everything for another circle, and begin an epoch."""
        self.circle[case] = circle
        self.wrap(case, self.all_of(case))

    def log_in(self, who: str) -> None:
        """Wrap what somebody opens in their circles, where a part of it is sealed to a former key."""
        for case, circle in self.circle.items():
            opened = [epoch for epoch in self.all_of(case) if who in self.opens[epoch]]
            if who in self.members[circle] and self.old & set(opened):
                self.wrap(case, opened)

    def wrap(self, case: str, epochs: list[Epoch]) -> None:
        """Let whoever is in the circle open these epochs of a case, and begin another."""
        self.old -= set(epochs)
        self.left_behind.discard(case)
        self.met.add(case)
        for epoch in epochs:
            self.opens[epoch] = set(self.members[self.circle[case]])
        self.begin_epoch(case)

    def opens_any(self, who: str, case: str) -> bool:
        """Say whether somebody opens anything of a case."""
        return any(who in self.opens[epoch] for epoch in self.all_of(case))

    def opens_all(self, who: str, case: str) -> bool:
        """Say whether somebody opens every epoch of a case."""
        return all(who in self.opens[epoch] for epoch in self.all_of(case))

    def places_of(self, who: str) -> list[str]:
        """List the circles that somebody is in, or waits in."""
        return [circle for circle in CIRCLES if who in self.members[circle] or (who, circle) in self.waiting]

    def in_both(self) -> list[str]:
        """List who is, or waits, in every circle."""
        everybody = set().union(*self.members.values(), (who for who, _ in self.waiting))
        return sorted(who for who in everybody if len(self.places_of(who)) == len(CIRCLES))

    def come(self, who: str, circle: str) -> None:
        """Wait in a circle, or be the first in it."""
        if self.members[circle]:
            self.waiting.add((who, circle))
        else:
            self.waiting.discard((who, circle))
            self.members[circle].add(who)

    def let_in(self, host: str, newcomer: str, circle: str) -> None:
        """Let a newcomer open what their host opens."""
        self.waiting.remove((newcomer, circle))
        self.members[circle].add(newcomer)
        for case in self.cases_of(circle):
            for epoch in self.all_of(case):
                if host in self.opens[epoch]:
                    self.opens[epoch].add(newcomer)

    def shut_out(self, who: str) -> None:
        """Take somebody out of everything."""
        for circle in CIRCLES:
            self.shut_out_of(who, circle)
        self.out.add(who)

    def shut_out_of(self, who: str, circle: str) -> None:
        """Take somebody out of one circle."""
        self.waiting.discard((who, circle))
        if who not in self.members[circle]:
            return
        self.members[circle].discard(who)
        if self.members[circle]:
            self.changed.add(circle)
            self.left_behind |= self.met & set(self.cases_of(circle))
        else:  # nobody who comes has anything from before
            self.changed.discard(circle)
            self.met -= set(self.cases_of(circle))
            self.left_behind -= set(self.cases_of(circle))
        epochs = {epoch for case in self.cases_of(circle) for epoch in self.all_of(case)}
        self.old |= epochs
        for epoch in epochs:
            self.opens[epoch].discard(who)

    def remember(self) -> None:
        """Note who can have copied what: whoever is in a circle that has a case, or had it since it was written."""
        for (case, _), had, allowed in self.written:
            had.add(self.circle[case])
            allowed.update(*(self.members[circle] for circle in had))
