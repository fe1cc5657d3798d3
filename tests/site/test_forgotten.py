"""A story that was taken back leaves the memory of the site too, within a second and without anybody asking for it."""

import threading
from pathlib import Path

import pytest

from onion_app.choices import LanguageCode
from onion_app.vault.shown.reading import name_of
from scripts.rehearsal.wire import read_answer
from tests.bench.running import Server, get, server
from tests.marks import arabic_mark, files_with, latin_mark, looks
from tests.processes import memory_of, until
from tests.served import Site
from tests.world import Author


def read_everywhere(site: Site, serving: Server, story: str) -> None:
    """Let many people read a story at once, so that every thread has met it, kept ready and made anew."""

    def read() -> None:
        for query in ("", "?x=1", "?part=2"):
            for path in (f"/en/stories/{story}", "/en/stories"):
                with serving.dial() as line:
                    line.sendall(get(site.address, path + query))
                    assert read_answer(line).status == 200

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("mark", [latin_mark(), arabic_mark()], ids=["latin", "arabic"])
def test_no_word_of_it_stays_in_the_memory_or_in_a_file(tmp_path: Path, mark: str) -> None:
    site = Site(tmp_path)
    author = Author(site, site.first)
    author.tells("They found my phone.")
    words: dict[LanguageCode, tuple[str, str]] = {"en": (f"Of {mark}", f"Words, {mark}, and words. " * 400)}
    story = name_of(site.show(words, mark=author.access.story_mark))
    with server("site", site, "s") as serving:
        read_everywhere(site, serving, story)
        assert sum(memory_of(serving.process.pid, looks(mark)).values()) > 0, "the search would not find it"
        author.takes_the_story_back()
        site.forgets()
        until(lambda: not sum(memory_of(serving.process.pid, looks(mark)).values()), 30, "the memory without it")
    assert files_with(mark, tmp_path) == []
