"""Every page of the desk as it is answered, in both of its languages, with what can stand on it."""

from collections.abc import Iterator
from http import HTTPStatus

from onion_app.vault.desk import audit, guides
from onion_app.vault.shown.reading import Version
from scripts.rehearsal.pages import Page
from tests.desk.house import House, Volunteer, invites, shuts_out
from tests.desk.story_steps import WRITTEN, finish
from tests.world import Author

TABS = ("new", "reading", "mine", "again", "waiting", "asking", "agreed", "ready", "published", "closed")
NUMBER = "Ring 0770 123 45 67 or meet me."
WIDE = "ث" * 60 + " https://" + "a" * 60 + ".example"


def every_desk_page(house: House) -> Iterator[tuple[str, str]]:
    """Go everywhere at the desk, well and badly; gives each page with a name for it."""
    circle = house.circle("Listening", catch_all=True)
    coordinator = house.volunteer(circle, "Sara")
    house.make_coordinator("Sara")
    coordinator.log_in()
    for people in (coordinator, *_furnish(house, coordinator, circle)):
        for number, (raw, answer) in enumerate(people.seen):
            asked = raw.split(b" HTTP/")[0].decode("latin-1")
            is_page = answer.status != HTTPStatus.SEE_OTHER and answer.header("content-type").startswith("text/html")
            if answer.body and is_page:
                yield f"{people.login.handle} {number} {asked} -> {answer.status}", answer.body.decode()


def _furnish(house: House, coordinator: Volunteer, circle: bytes) -> list[Volunteer]:
    author, told = Author(house, circle), Author(house, circle)
    case, testimony = author.writes(WIDE, danger="yes"), told.tells(WRITTEN, "ask", quote=True)
    for _ in range(3):
        Author(house, circle).writes("Hello?")
    guide = guides.begin_guide(house.desk, bytes(16), "now")
    guides.save_draft(house.desk, Version(guide, "ar", "هل من خطر الآن؟", "1. Words.\n\n**More** words."))
    with house.desk.writing():
        audit.add_finding(house.desk, house.today, "cases missing", "2")
    house.volunteer(house.circle("Health", topics=("health",)), "Noor")
    shuts_out(house, coordinator, "Noor")
    newcomer = house.volunteer()
    newcomer.redeem(invites(coordinator, circle))
    newcomer.enrol(invites(coordinator, circle), "Azad")
    for language in ("en", "ar"):
        _before_the_login(newcomer, language)
        coordinator.get(f"/?lang={language}")
        for path in _paths(circle, guide.hex(), case):
            coordinator.get(path)
        _work(house, coordinator, case)
        _story(coordinator, told, testimony)
        _mistakes(coordinator, guide.hex(), testimony)
    return [newcomer]


def _paths(circle: bytes, guide: str, case: str) -> list[str]:
    book = f"/notebook/{circle.hex()}"
    queues = [f"/circle/{circle.hex()}/{tab}" for tab in TABS]
    stories = [f"/stories?which={which}" for which in ("queued", "public", "down")]
    return [
        *queues, *stories, "/mine", "/guides", f"/guides/{guide}?language=ar", f"/guides/{guide}?language=ckb",
        "/settings", "/circles", "/circles/new", f"/circles/{circle.hex()}/audit", "/proposals", "/account",
        "/findings", "/notice", book, f"{book}/referral/published", f"{book}/referral/to-be-asked", "/numbers",
        "/quotations", "/nowhere", f"/case/{case}",
    ]  # fmt: skip


def _before_the_login(newcomer: Volunteer, language: str) -> None:
    for path in ("/login", "/join", "/recover"):
        newcomer.get(f"{path}?lang={language}")
    newcomer.press("/recover", handle="Azad", sheet="1")
    newcomer.log_in(passphrase="wrong")
    newcomer.get(f"/login?lang={language}")
    newcomer.fill_in_login()


def _work(house: House, coordinator: Volunteer, case: str) -> None:
    """Answer, promise, remind, and be locked in between."""
    coordinator.take(case)
    coordinator.press(f"/case/{case}/note", note=WIDE)
    coordinator.press(f"/case/{case}/reply", text=NUMBER)
    coordinator.press(f"/case/{case}/reply", text="Soon.", write_again=str(house.today + 3))
    coordinator.press(f"/case/{case}/look-again", look_again=str(house.today + 1))
    coordinator.get("/mine")
    coordinator.press("/mine/send", **{f"text_{case}": NUMBER})
    ways = f"/case/{case}/ways-out"
    coordinator.get(ways)
    coordinator.press_on(f"{ways}/close-door", f"{ways}/close-door", word="x")
    coordinator.get(f"/case/{case}")
    house.clock.now += 16 * 60
    coordinator.press(f"/case/{case}/reply", text=WIDE)
    coordinator.fill_in_login()
    coordinator.open_case(case)


def _story(coordinator: Volunteer, told: Author, testimony: str) -> None:
    finish(coordinator, testimony)
    path = f"/case/{testimony}/story"
    coordinator.get(path)
    for other in ("story", "facts", "quotation"):
        coordinator.get(f"/case/{testimony}/{other}")
    if coordinator.get(path).has("button", formaction=f"{path}/ask"):
        coordinator.press(f"{path}/ask")
        told.says("yes")
        coordinator.open_case(testimony)
        coordinator.get(path)


def _mistakes(coordinator: Volunteer, guide: str, testimony: str) -> None:
    """Send every kind of form with nothing that fits."""
    pages: list[tuple[str, str, dict[str, str]]] = [
        (f"/case/{testimony}/story", f"/case/{testimony}/story/save", {"title": "", "year": "1"}),
        ("/guides", "/guides/begin", {"slug": "Ä"}),
        (f"/guides/{guide}?language=ar", f"/guides/{guide}/save", {"title": ""}),
        ("/settings", "/settings/answer_days", {"days_law": "x"}),
        ("/circles/new", "/circles/new/add", {"name": ""}),
        ("/account", "/account/join", {"invitation": "1"}),
    ]
    for path, action, typed in pages:
        coordinator.press_on(path, action, **typed)
        assert coordinator.page.errors, path
    for act in ("new-words", "new-digits", "new-sheet"):
        _pressed(coordinator, "/account", act)


def _pressed(coordinator: Volunteer, path: str, ending: str) -> Page:
    page = coordinator.get(path)
    found = [each.get("formaction") for each in page.every("button") if each.get("formaction").endswith(ending)]
    return coordinator.press(found[0]) if found else page
