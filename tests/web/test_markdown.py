"""A guide's Markdown: a closed list of tags comes out, whatever goes in."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onion_app.web.markdown import render

CLOSED = re.compile(r'</?(h2|h3|p|ul|ol|li|em|strong)>|<br>|<ol start="\d+">|<li value="\d+">|<bdi dir="ltr">|</bdi>')


def test_headings_paragraphs_lists_and_emphasis() -> None:
    source = "# One\n\n## Two\n\n### Three\n\nA *word* and **more**.\n\n1. first\n2. second\n\n- thing\n"
    assert render(source) == (
        "<h2>One</h2><h2>Two</h2><h3>Three</h3><p>A <em>word</em> and <strong>more</strong>.</p>"
        "<ol><li>first </li><li>second </li></ol><ul><li>thing </li></ul>"
    )


def test_a_list_that_goes_on_in_the_next_part_goes_on_counting() -> None:
    assert render("4. fourth") == '<ol start="4"><li>fourth </li></ol>'


@pytest.mark.parametrize(
    "source",
    ["[words](http://elsewhere.example)", "![picture](x.png)", "<http://elsewhere.example>",
     "<script>alert(1)</script>", "<b onclick=x>b</b>", "[a]: http://elsewhere.example\n\n[a]", "`code`",
     "&lt;b&gt;", "> a quotation", "| a | b |\n|---|---|"],
)  # fmt: skip
def test_everything_else_is_shown_as_the_signs_themselves(source: str) -> None:
    html = render(source)
    assert CLOSED.sub("", html) == re.sub("</?p>|<br>", "", html)
    assert "<" not in CLOSED.sub("", html)


@given(st.text("#*_-+1.)> \n\t\\[]()!<>&`\"'=ab؟م", max_size=200))
def test_no_text_makes_any_other_tag(source: str) -> None:
    rest = CLOSED.sub("", render(source))
    assert not re.search("[<>]", rest)


def test_a_very_deep_list_ends_somewhere() -> None:
    assert render("- " * 5_000 + "x").count("<ul>") < 100


@pytest.mark.parametrize(
    "source",
    ["*100#", "*100# و *101#", "*100*1#", "**21*0770#", "+964 770", "+ 964 770", "- + 964 770", "01. آذار", "- 05. x",
     "2*3*4", "@_noor_", "_noor_", "name_of_somebody", "1) one", "- 5) five", "* 100 #", "## *100# #", "##002#",
     "*+964*", "a * b * c", "*الرقم*1"],
)  # fmt: skip
def test_no_sign_of_the_words_is_taken_for_markdown(source: str) -> None:
    shown = re.sub("<[^>]*>", "", render(source)).strip()
    assert shown == re.sub("^(## |- )", "", source)


def test_a_line_stays_a_line_and_a_number_of_a_list_its_number() -> None:
    assert render("one\ntwo") == "<p>one<br>two</p>"
    assert render("1. one\n104. two\n105. three") == '<ol><li>one </li><li value="104">two </li><li>three </li></ol>'


@pytest.mark.parametrize("source", ["**لا** و *لا*", "«**لا**»، (*لا*)", "- **122** *الآن*", "**Tor**: *لا*."])
def test_emphasis_of_words_is_still_emphasis(source: str) -> None:
    html = render(source)
    assert "*" not in html
    assert html.count("<em>") == 1
    assert html.count("<strong>") == 1


def test_an_answer_is_folded_away_under_the_first_line_of_its_paragraph() -> None:
    assert render("## Who?\n\n? Show *it*\nThe <b> one.\nAnd more.\n\n? alone\n\n- ? in\n  a list") == (
        "<h2>Who?</h2><details><summary>Show <em>it</em></summary>The &lt;b&gt; one.<br>And more.</details>"
        "<p>? alone</p><ul><li>? in<br>a list </li></ul>"
    )


@pytest.mark.parametrize("emphasis", ["*", "**"])
def test_no_tag_of_a_folded_answer_closes_outside_of_the_one_it_was_opened_in(emphasis: str) -> None:
    html = render(f"? Show {emphasis}it\nall{emphasis} here")
    assert "<details>" not in html
    assert html.startswith("<p>? Show <")
