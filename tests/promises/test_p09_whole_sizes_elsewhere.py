"""P09: what a volunteer's line carries from the desk has a whole number of one size, whichever page it is."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.web.size import SHORT
from scripts.rehearsal import people
from scripts.rehearsal.wire import Answer, Dial, exchange, through_unix
from tests.audit.desk_visits import every_desk_page
from tests.desk import house as desk_house
from tests.web.plain_app import serving
from tests.world import hardly_stretched


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Answer]]:
    """Go everywhere at the desk, on the way by which machines elsewhere come; gives all that came back."""
    seen: dict[str, Answer] = {}

    def noted(dial: Dial, asked: bytes) -> Answer:
        answer = exchange(dial, asked)
        seen[f"{len(seen)} {asked.split(b' HTTP/')[0].decode()} -> {answer.status}"] = answer
        return answer

    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    monkeypatch.setattr(people, "exchange", noted)
    monkeypatch.setattr(desk_house, "into", lambda _: through_unix(tmp_path / "desk.sock"))
    house = desk_house.House(tmp_path / "house")
    with socket.socket(socket.AF_UNIX) as tors:
        tors.bind(str(tmp_path / "desk.sock"))
        tors.listen()
        with serving(house.app, tmp_path, sized=False, tcp=True, beside=[tors.dup()]) as desk:
            for _ in every_desk_page(house):
                pass
            stranger = house.volunteer()
            for _, method, path in house.endpoints():
                stranger.ask_for(method, path, [] if method == "POST" else None)
            people.Person(stranger.dial, "example.org").get("/login")
            yield seen
            assert desk.errors == []
    house.close()


def test_every_answer_of_the_desk_has_a_whole_number_of_sizes_on_its_way_to_machines_elsewhere(
    answers: dict[str, Answer],
) -> None:
    assert {name: len(answer.raw) for name, answer in answers.items() if len(answer.raw) % SHORT} == {}
    assert {answer.status for answer in answers.values()} >= {200, 303, 404, 421}
    assert len({len(answer.raw) for answer in answers.values()}) < 10
