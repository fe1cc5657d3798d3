import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from flask import request, session
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from jinja2 import UndefinedError

from onion_app.web.app import CSRFError, Hardened
from onion_app.web.i18n import current_language, speak
from tests.web.plain_app import HOST, STYLE, page, plain_app


def token_in(html: str) -> str:
    found = re.search(r"csrf_token value=([^>]+)>", html)
    assert found
    return found[1]


def test_a_cookie_is_set_only_when_the_session_is_used(app: Hardened) -> None:
    client = app.test_client()
    assert "Set-Cookie" not in client.get("/en/").headers
    answer = client.get("/en/write")
    assert re.fullmatch(r"visit=[^;]+; HttpOnly; Path=/; SameSite=Strict", answer.headers["Set-Cookie"])
    assert "Set-Cookie" not in client.get("/en/").headers


def test_a_form_without_its_token_is_refused_and_its_text_can_be_kept(app: Hardened) -> None:
    @app.errorhandler(CSRFError)
    def keep(_error: CSRFError) -> tuple[str, int]:
        return page("kept: " + request.form["text"]), 400

    client = app.test_client()
    answer = client.post("/en/write", data={"text": "hello"})
    assert answer.status_code == 400
    assert "kept: hello" in answer.text


def test_a_form_outlives_a_restart(app: Hardened, translations: Path) -> None:
    before = app.test_client()
    form = before.get("/en/write")
    after = plain_app(translations).test_client()
    cookie = before.get_cookie("visit", HOST)
    assert cookie
    after.set_cookie("visit", cookie.value, domain=HOST)
    answer = after.post("/en/write", data={"text": "hello", "csrf_token": token_in(form.text)})
    assert answer.status_code == 200
    assert "hello" in answer.text


def test_neither_cookie_nor_token_tells_the_time(app: Hardened) -> None:
    answer = app.test_client().get("/en/write")
    for signed in (token_in(answer.text), answer.headers["Set-Cookie"].partition(";")[0]):
        assert signed.split(".")[1] == "AQ"


def test_signing_elsewhere_in_this_process_stays_as_it_was() -> None:
    assert URLSafeTimedSerializer("key").signer is TimestampSigner


def test_a_token_in_a_header_or_of_another_visit_is_none(app: Hardened) -> None:
    token = token_in(app.test_client().get("/en/write").text)
    client = app.test_client()
    client.get("/en/write")
    assert client.post("/en/write", data={"text": "x", "csrf_token": token}).status_code == 400
    own = token_in(client.get("/en/write").text)
    assert client.post("/en/write", data={"text": "x"}, headers={"X-CSRFToken": own}).status_code == 400
    assert client.post("/en/write", data={"text": "x", "csrf_token": own}).status_code == 200


def test_a_forged_cookie_is_an_empty_session(app: Hardened) -> None:
    @app.get("/session")
    def show() -> str:
        return page(str(dict(session)))

    client = app.test_client()
    for value in ("x", "eyJ2aXNpdCI6IngifQ.aa.bb", "\x00", "." * 4000):
        client.set_cookie("visit", value, domain=HOST)
        assert "{}" in client.get("/session").text


def test_the_policy_allows_the_one_style_sheet_and_nothing_else(app: Hardened) -> None:
    answer = app.test_client().get("/ar/")
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert f"<style>{STYLE}</style>" in answer.text


def test_only_the_one_host_is_answered(app: Hardened) -> None:
    client = app.test_client()
    for host in ("localhost", "127.0.0.1", "x." + HOST, HOST + ":80", HOST + ".", ""):
        answer = client.get("/en/", headers={"Host": host})
        assert answer.status_code == 421, host
        assert answer.data == app.fixed_answer(421).page
    assert client.get("/en/", headers={"Host": HOST.upper()}).status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(app: Hardened, method: str) -> None:
    answer = app.test_client().open("/en/", method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"


def test_no_file_is_ever_served(app: Hardened) -> None:
    assert not [rule for rule in app.url_map.iter_rules() if "static" in rule.rule]
    assert app.test_client().get("/static/x").status_code == 404


def test_a_path_means_one_page_and_nothing_redirects_unasked(app: Hardened) -> None:
    client = app.test_client()
    assert client.get("/en").data == client.get("/en/").data
    for path in ("/en//write", "/xx/", "/ckb/", "/en/write/x"):
        assert client.get(path).status_code == 404


def test_a_page_speaks_the_language_of_its_path_and_not_of_the_headers(app: Hardened) -> None:
    client = app.test_client()
    answer = client.get("/ar/", headers={"Accept-Language": "en"})
    assert "<html lang=ar dir=rtl>" in answer.text
    assert "<h1>مرحبا</h1>" in answer.text
    assert "<html lang=kmr dir=rtl>" in client.get("/kmr/").text
    assert "<h1>Hello</h1>" in client.get("/en/").text


def test_a_language_may_be_chosen_within_a_request(app: Hardened) -> None:
    template = app.jinja_env.from_string("{% trans n %}{{ n }} day{% pluralize %}{{ n }} days{% endtrans %}")
    with app.test_request_context("/ar/"):
        app.preprocess_request()
        assert template.render(n=5) == "5 أيام"
        speak("en")
        assert current_language().code == "en"
        assert template.render(n=1) == "1 day"
        speak("ckb")  # not offered here
        assert current_language().code == "en"


def test_what_is_put_into_a_sentence_is_escaped(app: Hardened) -> None:
    template = app.jinja_env.from_string("{{ _('%(x)s', x='<b>') }}{% trans y='<i>' %}{{ y }}{% endtrans %}{{ '<u>' }}")
    with app.test_request_context("/en/"):
        assert template.render() == "&lt;b&gt;&lt;i&gt;&lt;u&gt;"


def test_digits_and_dates_follow_the_language(app: Hardened) -> None:
    template = app.jinja_env.from_string("{{ 28|numerals }} {{ 20454|day_words }} {{ 20454|month_words }}")
    with app.test_request_context("/ar/"):
        app.preprocess_request()
        assert template.render() == "٢٨ ١ كانون الثاني ٢٠٢٦ كانون الثاني ٢٠٢٦"


def test_an_undefined_name_in_a_template_is_an_error_and_no_blank(app: Hardened) -> None:
    with app.test_request_context("/en/"), pytest.raises(UndefinedError):
        app.jinja_env.from_string("{{ nothing }}").render()
