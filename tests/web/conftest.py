from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.web.app import Hardened
from scripts.catalogues import compile_catalogues
from tests.web.plain_app import Serving, plain_app, serving

ARABIC = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: ar\\n"
"X-Reviewed-By: Nadia\\n"
"Plural-Forms: nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);\\n"

msgid "Hello"
msgstr "مرحبا"

msgid "%(n)s day"
msgid_plural "%(n)s days"
msgstr[0] "لا أيام"
msgstr[1] "يوم واحد"
msgstr[2] "يومان"
msgstr[3] "%(n)s أيام"
msgstr[4] "%(n)s يومًا"
msgstr[5] "%(n)s يوم"
"""
BADINI = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: kmr\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Hello"
msgstr "سلاڤ"
"""


def write_catalogues(folder: Path) -> Path:
    folder.mkdir()
    (folder / "ar.po").write_text(ARABIC, "utf-8")
    (folder / "kmr.po").write_text(BADINI, "utf-8")
    compile_catalogues(folder)
    return folder


@pytest.fixture
def translations(tmp_path: Path) -> Path:
    return write_catalogues(tmp_path / "translations")


@pytest.fixture
def app(translations: Path) -> Hardened:
    return plain_app(translations)


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("site")
    with serving(plain_app(write_catalogues(folder / "translations")), folder) as running:
        yield running


@pytest.fixture
def site(app: Hardened, tmp_path: Path) -> Iterator[Serving]:
    with serving(app, tmp_path) as running:
        yield running


@pytest.fixture
def desk(app: Hardened, tmp_path: Path) -> Iterator[Serving]:
    with serving(app, tmp_path, sized=False, tcp=True) as running:
        yield running
