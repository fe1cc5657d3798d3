"""Every page of the site as it is answered, in every language, with everything on it that can be on it."""

from collections.abc import Iterator

from onion_app.choices import NOTES, LanguageCode
from onion_app.crypto import epochs, sealing
from onion_app.crypto.keys import fingerprint, new_id
from onion_app.crypto.payloads import FinalText, Payload, Text, pack
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.shown import reading, routing, writing
from onion_app.vault.shown.reading import Version
from tests.people import Visitor
from tests.served import DAY, Site
from tests.strange import STRANGE
from tests.wire import exchange, request, through_unix

TELLING = "They came to Basra on 12/3/2024. My number is 07701234567, my account @noor."
WORDS = "The first words of it.\n\nAnd the words that follow."
GUIDE = (
    "1. One thing to do\n2. Another\n3. A third\n\n## What then?\n\nSome *words* and **more**:\n\n- first\n- second\n"
)


def furnish(site: Site) -> str:
    """Say how to find the place, publish a story and a guide, and give the id of the story as it stands in paths."""
    site.put(how_to_find_us=dict.fromkeys(("en", "ar", "ckb", "kmr"), "Ask at the library."))
    mailbox, desk = site.mailbox(), site.desk()
    story_id = new_id()
    story = reading.StoryOrGuide(story_id, "story", None, 2024, NOTES)
    _publish(mailbox, desk, story, {"en": WORDS * 400, "ar": WORDS})
    _publish(mailbox, desk, reading.StoryOrGuide(new_id(), "story", None, 2023, ()), {"ckb": WORDS})
    _publish(mailbox, desk, reading.StoryOrGuide(new_id(), "guide", "rivers", None, ()), {"en": GUIDE, "ar": GUIDE})
    mailbox.close()
    desk.close()
    return story_id.hex()


def _publish(mailbox: Database, desk: Database, text: reading.StoryOrGuide, bodies: dict[LanguageCode, str]) -> None:
    versions = [
        Version(text.id, language, f"A title in {language}", body, None if language == "ar" else "ar", None, None)
        for language, body in bodies.items()
    ]
    writing.store_draft(desk, text, versions)
    writing.publish_text(mailbox, desk, text.id)


def every_page(site: Site, story: str, language: str) -> Iterator[tuple[str, str]]:
    """Go everywhere in one language, well and badly; gives each page with a name for it."""
    visitor = site.visitor(language)
    _read(visitor, story)
    _write(visitor, site)
    _come_back(visitor, site)
    visitor.leave()
    for number, (raw, answer) in enumerate(visitor.seen):
        if answer.body:
            asked = raw.split(b" HTTP/")[0].decode("latin-1")
            yield f"{language} {number} {asked} -> {answer.status}", answer.body.decode()


def every_error(site: Site) -> Iterator[tuple[str, str]]:
    """Give the pages of the server itself, which speak every language at once."""
    dial = through_unix(site.state.site_socket)
    seen = set()
    asked = {name: text.format(host=site.address).encode() for name, text in STRANGE.items()}
    asked["another method"] = request("PUT", "/en/", site.address)
    for name, raw in asked.items():
        answer = exchange(dial, raw)
        if answer.status not in seen:
            seen.add(answer.status)
            yield f"{name} -> {answer.status}", answer.body.decode()


def _read(visitor: Visitor, story: str) -> None:
    visitor.get("/")
    pages = ("", "protects", "stories", "guides", "guides/now", "guides/rivers", "nowhere", "case", "return")
    for path in (
        *pages,
        f"stories/{story}",
        f"stories/{story}?part=2",
        "tell",
        "ask",
        "ask?topic=story&story=" + story,
    ):
        visitor.get(f"/{visitor.language}/{path}")


def _write(visitor: Visitor, site: Site) -> None:
    for kind in ("tell", "ask"):
        visitor.check(kind, "")
        visitor.check(kind, "a " * 6_050)
        check = visitor.check(kind, TELLING, danger="yes")
        visitor.send(check.form_with("line"), line="0", publish="ask", no_return="1", text="")
        visitor.get(f"/{visitor.language}/{kind}")
        visitor.post(f"/{visitor.language}/{kind}", [("text", "no token")])
        site.put(paused=True)
        visitor.confirm(check)
        site.put(paused=False)
        visitor.send(check.form_with("line"), line="", no_return="1")


def _come_back(visitor: Visitor, site: Site) -> None:
    code = visitor.hand_in("tell", TELLING, publish="ask")
    returning = visitor.get(f"/{visitor.language}/return")
    visitor.send(returning.form_with("code"), code=code[:-1])
    visitor.send(returning.form_with("code"), code="0" * 26 + "97")
    visitor.send(returning.form_with("code"), 1, code=code)
    _answer(site, Text("An answer.", int(site.clock()) // DAY, "lamp", "en"))
    visitor.come_back(code)
    _answer(site, FinalText("A title", WORDS, "en", int(site.clock()) // DAY))
    asked = visitor.come_back(code)
    visitor.send(asked.form_with("text"), text="")
    visitor.send(asked.form_doing("consents"))
    new = visitor.send(asked.form_doing("new_code"))
    visitor.send(new.form_with("line"), line="0")
    visitor.send(asked.form_doing("erase"))
    site.ahead += 1_200.0
    expired = visitor.write_back(asked, "Too late.")
    visitor.send(expired.form_with("text"), code="1" * 27)
    erased = visitor.erase_without_opening(code)
    assert erased.status == 200
    visitor.erase_without_opening(code)


def _answer(site: Site, letter: Payload) -> None:
    """Let the circle say something in the newest case that somebody comes back to."""
    mailbox = site.mailbox()
    rows = mailbox.rows("SELECT id, circle_id FROM cases WHERE lookup_tag IS NOT NULL")
    for case_id, circle_id in rows:
        assert isinstance(case_id, bytes)
        assert isinstance(circle_id, bytes)
        wrap = case_keys.wraps_of(mailbox, case_id, circle_id)[0]
        assert wrap.recipient == fingerprint(routing.circle_key(mailbox, circle_id).public_key)
        opened = epochs.unwrap(wrap.wrap, case_id=case_id, epoch=wrap.epoch, holder=circle_id, private_key=site.private)
        key = opened.key
        message_id = new_id()

        def sealed(number: int, case_id: bytes = case_id, key: bytes = key, message_id: bytes = message_id) -> bytes:
            return sealing.seal(key, pack(letter), sealing.Place(case_id, 1, message_id, number, "circle"))

        messages.append_message(
            mailbox,
            case_id,
            message_id,
            author="circle",
            epoch=1,
            held=case_keys.all_wraps(mailbox, case_id),
            new_wraps=(),
            seal=sealed,
            day=int(site.clock()) // DAY,
        )
        if isinstance(letter, FinalText):
            lifetime.set_state(mailbox, case_id, "asking")
    mailbox.close()
