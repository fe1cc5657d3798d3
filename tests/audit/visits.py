"""Every page of the site as it is answered, in every language, with everything on it that can be on it."""

from collections.abc import Iterator

from onion_app.choices import LANGUAGE_CODES, NOTES
from onion_app.crypto.casekeys import CODES
from onion_app.crypto.payloads import FinalText, Quoted, QuoteQuestion
from onion_app.launch.first_run import words_of_guide
from onion_app.site.views import guides
from onion_app.vault.desk.guides import all_guides, take_down
from onion_app.vault.shown.reading import name_of
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import exchange, request, through_unix
from tests.served import Site
from tests.strange import STRANGE
from tests.ways import use_every_form

TELLING = "They came to Basra on 12/3/2024. My number is 07701234567, my account @noor."
LONG = f"اتصلوا عبر https://{'a' * 60}.example/{'b' * 60} أو {'ث' * 46} الآن.\nA line of its own."
WORDS = "The first words of it.\n\nAnd the words that follow."
GUIDE = (
    "1. One thing to do\n2. Another\n3. A third\n\n## What then?\n\nSome *words* and **more**:\n\n- first\n- second\n"
)


def furnish(site: Site) -> str:
    """Say how to find the place, publish a story and a guide, and give the id of the story as it stands in paths."""
    site.put(how_to_find_us=dict.fromkeys(("en", "ar", "ckb", "kmr"), "Ask at the library."))
    story = site.show({"en": ("One", WORDS * 400), "ar": ("A title in ar", WORDS)}, notes=NOTES, translated_from="ar")
    site.show({"ckb": ("A title in ckb", WORDS)}, year=2023, translated_from="ar")
    site.show({"en": ("A title in en", GUIDE), "ar": ("A title in ar", GUIDE)}, slug="rivers", translated_from="ar")
    site.show({"en": ("W" * 40, GUIDE), "ar": ("ث" * 40, GUIDE)}, slug="wide")
    for slug in (guides.NOW, *guides.ORDER):
        site.show(words_of_guide(slug), slug=slug)
    return name_of(story)


def every_page(site: Site, story: str, language: str) -> Iterator[tuple[str, str]]:
    """Go everywhere in one language, well and badly; gives each page with a name for it."""
    visitor = site.visitor(language)
    _read(visitor, story)
    _write(visitor, site)
    _come_back(visitor, site)
    for number, (raw, answer) in enumerate(visitor.seen):
        if answer.body:
            asked = raw.split(b" HTTP/")[0].decode("latin-1")
            yield f"{language} {number} {asked} -> {answer.status}", answer.body.decode()


def without_the_guide_for_danger(site: Site) -> Iterator[tuple[str, str]]:
    """Give what stands in its place in every language, once it was taken down."""
    for guide, _ in all_guides(site.desk):
        if guide.slug == guides.NOW:
            take_down(site.shown, site.desk, guide.id)
    for language in LANGUAGE_CODES:
        yield f"{language} no guide GET /{language}/guides/now -> 200", site.visitor(language).go("guides/now").html


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
    pages = (
        "",
        "protects",
        "stories",
        "guides",
        "guides/now",
        "guides/rivers",
        "guides/wide",
        "guides/health",
        "guides/activists-course-6",
        "nowhere",
        "case",
        "return",
    )
    for path in (
        *pages,
        f"stories/{story}",
        f"stories/{story}?part=2",
        "tell",
        "ask",
        "ask?topic=story&story=" + story,
    ):
        visitor.go(path)


def _write(visitor: Visitor, site: Site) -> None:
    use_every_form(visitor, TELLING)
    for kind in ("tell", "ask"):
        visitor.check(kind, "a " * 6_050)
        check = visitor.check(kind, TELLING, danger="yes")
        visitor.go(kind)
        site.put(paused=True)
        visitor.confirm(check)
        site.put(paused=False)
        visitor.send(check.form_with("line"), line="", no_return="1")


def _code_after_which_there_is_none(visitor: Visitor) -> str:
    code = visitor.hand_in("ask", TELLING)
    for _ in range(1, CODES):
        code = visitor.new_code(code)
    return code


def _come_back(visitor: Visitor, site: Site) -> None:
    code = visitor.hand_in("tell", TELLING, publish="ask", quote="1")
    visitor.send(visitor.go("return").form_with("code"), code=code[:-1])
    site.answers(site.member_of_first, site.case_of(code), LONG)
    visitor.come_back(code)
    site.says(site.member_of_first, site.case_of(code), FinalText("A title", WORDS, "en", site.today))
    about = bytes(16).hex()
    site.says(site.member_of_first, site.case_of(code), Quoted(about, ["Given."], "en", "group", site.today))
    site.says(
        site.member_of_first, site.case_of(code), QuoteQuestion(["Our words."], ["Mine."], "en", "un", site.today)
    )
    asked = visitor.come_back(code)
    unsent = {"text": WORDS, "change": WORDS, "publish": "ask"}
    visitor.send(asked.form_with("text"), **(unsent | {"text": ""}))
    visitor.send(asked.form_doing("consents"), **unsent)
    visitor.send(asked.form_doing("erase"), **unsent)
    visitor.send(visitor.send(asked.form_doing("new_code"), **unsent).form_with("line"), line="0")
    visitor.come_back(_code_after_which_there_is_none(visitor))
    visitor.send(visitor.page.form_doing("new_code"))
    site.put(restored=site.today)
    visitor.come_back(code)
    site.put(restored=None)
    site.ahead += 1_200.0
    visitor.send(visitor.send(asked, **unsent).form_with("text"), code="1" * 27)
