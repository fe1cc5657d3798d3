"""P09, as Tor carries it: whatever a visitor is answered, the same number of cells goes out to them.

The bytes are counted in test_p09_one_size.py, those of a click in test_p09_two_cells_to_read.py. Here tor itself
counts, on the private network: the site's what leaves it, a visitor's how a long text shows.
Each answer has a circuit of its own: what goes out on it is the answer, and what opens and closes the way to it.
"""

import re
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from onion_app.onion.tor_process import TorProcess
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import PATIENCE, exchange, request, through_tor
from tests.reached import Reached

CIRCUIT = re.compile(r"650 CIRC (\d+) (?!CLOSED|FAILED).*PURPOSE=HS_(?:SERVICE|CLIENT)_REND")
CELLS = re.compile(r"650 CELL_STATS ID=(\d+) .*OutboundRemoved=(\S+)")
RELAYED = re.compile(r"relay(?:_early)?:(\d+)")
CELL = 498  # bytes of a page that one relay cell carries, after tor-spec
TRIES = 12  # what a page does, it does each time; a circuit that is torn down early loses a cell or two


class Counted:
    """What a tor says about circuits between visitors and site: which there are, and each second what went out."""

    def __init__(self, line: socket.socket) -> None:
        self.file = line.makefile("rw", newline="\r\n")
        self.cells: Counter[str] = Counter()
        self.visits: set[str] = set()
        self.ask("AUTHENTICATE")
        self.ask("SETEVENTS CIRC CELL_STATS")

    def ask(self, question: str) -> None:
        """Say something, and read all that tor has said until it answers."""
        self.file.write(f"{question}\r\n")
        self.file.flush()
        while not self.read().startswith("250 "):
            pass

    def read(self) -> str:
        """Read one line."""
        line = self.file.readline()
        assert line, "tor has gone"
        if circuit := CIRCUIT.match(line):
            self.visits.add(circuit[1])
        if cells := CELLS.match(line):
            self.cells[cells[1]] += sum(map(int, RELAYED.findall(cells[2])))
        return line

    def until_now(self, visitor: Visitor) -> list[int]:
        """Give how many cells went out on each circuit so far; one more shows that tor has said all about those."""
        self.ask("GETINFO version")
        before = set(self.visits)
        visitor.get("/")
        while not any(self.cells[circuit] for circuit in self.visits - before):
            self.read()
        return sorted(self.cells[circuit] for circuit in before)


@contextmanager
def counting(tor: TorProcess) -> Iterator[Counted]:
    """Listen to the tor of the site, or to that of its visitors."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE)
        line.connect(str(tor.control_socket))
        counted = Counted(line)
        with closing(counted.file):
            yield counted


def one_visit(visitor: Visitor) -> None:
    """Meet every kind of answer, each in another language: to read, to write, wrong ways, a redirect, a refusal."""
    for path in ("/", "/ar/", "/ckb/stories", "/kmr/guides/now", "/en/protects", "/ar/nowhere", "/ckb/case"):
        visitor.get(path)
    visitor.ask_for("PUT", "/kmr/tell")
    visitor.post("/ar/tell", [("text", "no token")])
    check = visitor.check("ask", "words")
    visitor.send(check.form_with("line"), line="0")
    visitor.confirm(check)
    visitor.come_back(check.code)
    visitor.leave()


def test_every_answer_is_the_same_number_of_cells(reached: Reached) -> None:
    def on_a_new_circuit() -> socket.socket:
        return through_tor(reached.socks_port, reached.site.address)()

    visitor = Visitor(on_a_new_circuit, reached.site.address, "ckb")
    for _ in range(TRIES):
        cells = cells_of_every_answer(reached, visitor)
        assert cells[-1] - cells[len(cells) // 2] <= 1, cells  # more than the others is never the network's doing
        if 0 < cells[0] >= cells[-1] - 1:
            break
    assert 0 < cells[0] >= cells[-1] - 1, cells

    with counting(reached.tor) as counted:
        visitor.check("tell", "ا" * 12_000)  # the one page that may be long, to see that the counting sees it
        assert counted.until_now(visitor)[-1] > 5 * cells[-1]


def test_a_text_that_is_sent_shows_by_its_cells(reached: Reached) -> None:
    for _ in range(TRIES):
        short, long = (max(cells_of_requests(reached, [sent(reached, letters)])) for letters in (10, 12_000))
        if short:
            break
    assert long > short + 12_000 * len("%D8%A7") // CELL - 2, "what cannot be hidden"


def sent(reached: Reached, letters: int) -> bytes:
    return request("POST", "/ar/tell", reached.site.address, [("text", "ا" * letters)])


def cells_of_requests(reached: Reached, requests: Sequence[bytes]) -> list[int]:
    """Send each on a circuit of its own; count its cells, and those that open and close the way, the fewest first."""
    with counting(reached.visitors_tor) as counted:
        for each in requests:
            exchange(through_tor(reached.visitors_tor.socks_socket, reached.site.address), each)
        return counted.until_now(
            Visitor(through_tor(reached.visitors_tor.socks_socket, reached.site.address), reached.site.address, "ar")
        )


def cells_of_every_answer(reached: Reached, visitor: Visitor) -> list[int]:
    """Count what each answer of a visit is carried in, the fewest first; 0 where tor did not say all of it.

    A way that tor gave up and built anew carried no answer: what went out on it is less than the bytes of any.
    """
    visitor.seen.clear()
    with counting(reached.tor) as counted:
        one_visit(visitor)
        answers = [answer for _, answer in visitor.seen]
        assert {answer.status for answer in answers} == {200, 400, 404, 405}
        shortest = min(len(answer.raw) for answer in answers)
        carried = [cells for cells in counted.until_now(visitor) if cells * CELL >= shortest]
        untold = len(answers) - len(carried)
        assert untold >= 0, carried
        return [0] * untold + carried
