"""Each promise has a breaking, and what it breaks and who must notice are there; `scripts/test --broken` tries them."""

import ast
import builtins
import re

import pytest

from tests.keys.test_attacks import ATTACKS
from tests.promises.breakings import BREAKINGS, ROOT, Breaking, names_in

MODEL = (ROOT / "docs" / "threat-model.md").read_text("utf-8")


def test_each_promise_of_the_threat_model_is_broken_somehow() -> None:
    promises = {breaking.promise for breaking in BREAKINGS if breaking.promise.startswith("P")}
    assert promises == set(re.findall(r"^\| (P\d\d) \|", MODEL, re.MULTILINE))


def test_each_attack_on_the_keys_succeeds_without_some_element() -> None:
    attacks = {breaking.test for breaking in BREAKINGS if breaking.test_file.parent.name == "keys"}
    assert attacks == {f"test_the_attack_fails[{attack.__name__}]" for attack in ATTACKS}


@pytest.mark.parametrize("breaking", BREAKINGS, ids=lambda breaking: f"{breaking.promise}-{breaking.name}")
def test_what_is_broken_and_the_test_that_must_notice_are_there(breaking: Breaking) -> None:
    module = ".".join(breaking.module.with_suffix("").parts)
    assert breaking.name.removeprefix(f"{module}.") in names_in(breaking.module)
    assert f"def {breaking.test.partition('[')[0]}(" in (ROOT / breaking.test_file).read_text("utf-8")


@pytest.mark.parametrize("breaking", BREAKINGS, ids=lambda breaking: f"{breaking.promise}-{breaking.name}")
def test_its_lines_use_no_name_that_is_not_there(breaking: Breaking) -> None:
    there = {*vars(builtins), "__file__", *_bound(ast.parse((ROOT / breaking.module).read_text("utf-8")))}
    for statement in ast.parse(breaking.lines).body:
        there |= _bound(statement)
        assert {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)} <= there


def _bound(code: ast.AST) -> set[str]:
    names = set[str]()
    for each in ast.walk(code):
        match each:
            case ast.FunctionDef(name=str(name)) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name)
    return names
