"""The fields of forms and addresses are read in one place: no view sees what was typed before it is regular."""

import ast
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge

import onion_app
from onion_app.desk import create_app as create_desk
from onion_app.site import create_app as create_site
from onion_app.web.app import Hardened
from onion_app.web.fields import MOST_FIELDS, FormRequest, read_fields
from onion_app.web.text import cleaned

# All that Flask and Werkzeug give of a body or an address, besides `form`, `args` and `values`, which are of both.
UNREAD = {"data", "get_data", "json", "get_json", "is_json", "stream", "files", "full_path", "input_stream"}


@given(st.lists(st.tuples(st.text(), st.text())))
def test_what_was_typed_is_read_as_it_is_made_regular(typed: list[tuple[str, str]]) -> None:
    sent = [(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in typed]
    read = list(read_fields(urlencode(sent).encode()).items(multi=True))
    assert sorted(read) == sorted((name.decode(), cleaned(value.decode())) for name, value in sent)


@given(st.text("%0D3aFg=+ \n\rb_\t.").map(str.encode))
def test_every_byte_is_decoded_as_the_standard_says(encoded: bytes) -> None:
    value = unquote_to_bytes(encoded.replace(b"+", b" ")).decode("utf-8", "replace")
    assert read_fields(b"x=" + encoded)["x"] == cleaned(value)


def test_bytes_that_are_no_letters_are_shown_as_such() -> None:
    assert read_fields(b"text=a%FF%ED%A0%BDb").to_dict() == {"text": "a\ufffd\ufffd\ufffd\ufffdb"}


def test_a_form_of_more_fields_than_any_of_ours_is_refused_unread() -> None:
    assert len(read_fields(b"&".join(b"a%d=1" % each for each in range(MOST_FIELDS)))) == MOST_FIELDS
    with pytest.raises(RequestEntityTooLarge):
        read_fields(b"a&" * MOST_FIELDS)


def test_both_apps_read_their_forms_there_and_no_module_reads_them_otherwise() -> None:
    assert Hardened.request_class is FormRequest
    assert {create_site.__annotations__["return"], create_desk.__annotations__["return"]} <= {Hardened, "Hardened"}
    for module in Path(onion_app.__file__).parent.rglob("*.py"):
        names = {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(ast.parse(module.read_text("utf-8")))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        assert not names & {f"request.{name}" for name in UNREAD}, module


def test_thousands_of_percent_signs_are_shown_as_they_came() -> None:
    for what in ("%", "%4", "100% sure, "):
        assert read_fields(f"x={what * 3_000}".encode())["x"] == what * 3_000
