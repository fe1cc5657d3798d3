"""Whatever stands in a form's fields: no page breaks, and the text is never lost."""

from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onion_app.site.forms import read_text
from tests.site.conftest import Place, Visitor

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIELDS = (
    "topic", "danger", "answer_in", "story", "publish", "count", "quote", "line", "no_return", "sealed", "again",
    "message", "do", "sure", "code", "erase", "draft",
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(("1", "yes", "ask", "consents", "new_code", "erase", "show", "0" * 26 + "98", "A" * 120, "٣" * 28)),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@pytest.fixture
def strange(place: Place) -> Visitor:
    return Visitor(place.start().test_client())


@MANY
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), VALUES), text=TEXTS, path=st.sampled_from(("tell", "ask", "case"))
)
def test_no_fields_break_a_page_or_lose_a_text(strange: Visitor, fields: dict[str, str], text: str, path: str) -> None:
    fields = {name: value for name, value in fields.items() if name != "draft" or path == "case"}
    _, token = strange.opens("tell").form()
    page = strange.posts(path, fields | {"text": text, "csrf_token": token["csrf_token"]})
    assert page.status in (200, 400)
    kept = escape(read_text(text), quote=False).replace("'", "&#39;").replace('"', "&#34;")
    asks_for_another_code = fields.get("do") in ("new_code", "erase")
    assert kept in page.html or asks_for_another_code


@MANY
@given(fields=st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_no_fields_break_the_return_page(strange: Visitor, fields: dict[str, str]) -> None:
    _, token = strange.opens("return").form()
    page = strange.posts("return", fields | {"csrf_token": token["csrf_token"]})
    assert page.status == 200


@MANY
@given(fields=st.dictionaries(st.sampled_from(FIELDS), VALUES), text=TEXTS)
def test_no_fields_break_an_open_case(strange: Visitor, fields: dict[str, str], text: str) -> None:
    case = strange.returns(strange.tells())
    _, own = case.form()
    fields.pop("code", None)
    page = strange.posts("case", fields | {"text": text, "csrf_token": own["csrf_token"]})
    assert page.status == 200


@MANY
@given(query=st.dictionaries(st.sampled_from(("topic", "story", "part", "text", "x")), st.text(max_size=30)))
def test_no_query_breaks_a_page(strange: Visitor, query: dict[str, str]) -> None:
    for path in ("", "tell", "ask", "return", "case"):
        assert strange.client.get(f"/en/{path}", query_string=query).status_code == 200
