"""YAML, read strictly: what it means, and everything that it must not mean."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.manifest.documents import Text, read_documents

VARIABLES = {"NAME": "mail", "NUMBER": "5", "FLAG": "true", "ON": "on", "EMPTY": "", "NULL": "null", "TRICK": "{a: b}"}
TRUTHS = ("on", "off", "yes", "no", "On", "NO")
UNSET = "[unset-variable]"
REMEDY = "write true or false, or quote it [yaml-boolean]"


def read(content: str) -> tuple[list, list[str]]:
    documents, problems = read_documents(Text("m.yaml", content), VARIABLES)
    found = [problem for document in documents for problem in document.problems]
    return [document.value for document in documents], [str(each) for each in (*found, *problems)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.5", 1.5),
        ("'on'", "on"),
        ('"yes"', "yes"),
        ("010", "010"),
        ("0o10", "0o10"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("99999999999999999999", "99999999999999999999"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("=", "="),
        ("${NAME}", "mail"),
        ("'${NAME}-${NUMBER}'", "mail-5"),
        ("${NUMBER}", 5),
        ("'${NUMBER}'", "5"),
        ("${FLAG}", True),
        ("${NULL}", None),
        ("${EMPTY}", None),
        ("'${EMPTY}'", ""),
        ("'${ON}'", "on"),
        ("${TRICK}", "{a: b}"),
        ("${UNSET:-there}", "there"),
        ("${UNSET:-}", None),
        ("${NAME:-there}", "mail"),
        ("$NAME", "$NAME"),
        ("'${not a name}'", "${not a name}"),
        ("|\n  ${NAME}\n", "mail\n"),
    ],
)
def test_values(written, value):
    assert read(f"a: {written}") == ([{"a": value}], [])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        *((f"a: {word}", f"1:4: YAML reads {word} as a truth value: {REMEDY}") for word in TRUTHS),
        *(
            (f"{word}: 1", f"1:1: YAML reads the key {word} as a truth value, quote it [yaml-boolean]")
            for word in TRUTHS
        ),
        ("a: ${ON}", f"1:4: YAML reads on as a truth value: {REMEDY}"),
        ("a: 1\nb: {c: 1, c: 2}", "2:11: the key 'c' stands here twice [duplicate-key]"),
        ("a: !!python/object:os.system x", "1:4: the tag !!python/object:os.system is not supported [yaml-tag]"),
        ("a: !vault x", "1:4: the tag !vault is not supported [yaml-tag]"),
        ("a: !!binary aGk=", "1:4: the tag !!binary is not supported [yaml-tag]"),
        ("a: !!set {b}", "1:4: the tag !!set is not supported [yaml-tag]"),
        ("a: !!omap [b: 1]", "1:4: the tag !!omap is not supported [yaml-tag]"),
        ("a: &x {b: 1}\nc: {<<: *x}", "2:5: merge keys (<<) are not supported, write the keys out [yaml-merge]"),
        ("? [a]\n: 1", "1:3: a key must be a plain word [yaml-syntax]"),
        ("a: &x [*x]", "1:4: an alias stands inside of what it stands for [yaml-alias]"),
        ("a: *nowhere", "1:4: this cannot be read as YAML: found undefined alias [yaml-syntax]"),
        (
            "a: ${UNSET}",
            "1:4: the variable UNSET is not set: give --var UNSET=VALUE, --var-file or RECONCILER_VAR_UNSET " + UNSET,
        ),
        ("a:\n\tb: 1", "2:1: this cannot be read as YAML: found character that cannot start any token [yaml-syntax]"),
        ("a: [1", "2:1: this cannot be read as YAML: did not find expected ',' or ']' [yaml-syntax]"),
        ("a: 'x", "1:6: this cannot be read as YAML: found unexpected end of stream [yaml-syntax]"),
    ],
)
def test_problems(content, problem):
    assert read(content)[1] == [f"m.yaml:{problem}"]


def test_no_variable_in_a_key():
    assert read("${NAME}: 1") == ([{"${NAME}": 1}], [])


@pytest.mark.parametrize("content", ["a: \0", "\0", "a: '\x07'"])
def test_signs_that_yaml_does_not_allow(content):
    (problem,) = read(content)[1]
    assert problem.startswith("m.yaml:1:")
    assert problem.endswith("[yaml-syntax]")


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert read("\ufeffa: 1") == ([{"a": 1}], [])


def test_windows_line_ends():
    assert read("a: 1\r\n---\r\nb: x\r\n") == ([{"a": 1}, {"b": "x"}], [])


def test_several_documents_and_their_places():
    documents, problems = read_documents(Text("m.yaml", "# nothing\n---\na: {b: 1}\n---\n---\nc: [1, 2]\n"), {})
    assert ([document.value for document in documents], problems) == ([{"a": {"b": 1}}, {"c": [1, 2]}], [])
    assert [str(document.source) for document in documents] == ["m.yaml:3:1", "m.yaml:6:1"]
    assert str(documents[0].place("a", "b")) == "m.yaml:3:8"
    assert str(documents[0].place("a", "lacking", "too")) == "m.yaml:3:4"
    assert str(documents[0].key_place("a", "b")) == "m.yaml:3:5"
    assert str(documents[1].place("c", 1)) == "m.yaml:6:8"
    assert str(documents[1].key_place("c", "lacking")) == "m.yaml:6:4"


def test_places_are_found_although_a_later_document_is_broken():
    documents, problems = read_documents(Text("m.yaml", "a: 1\n---\nb: [\n"), {})
    assert str(documents[0].place("a")) == "m.yaml:1:4"
    assert [problem.rule for problem in problems] == ["yaml-syntax"]


def test_an_alias_is_the_very_same_value():
    ((value,), problems) = read("a: &x [1]\nb: *x")
    assert problems == []
    assert value["a"] is value["b"]


def test_billion_laughs_stay_small_and_fast():
    laughs = "a0: &a0 [lol]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 60)
    )
    started = time.process_time()
    ((value,), problems) = read(laughs)
    assert problems == []
    assert len({id(each) for each in value["a59"]}) == 1
    assert time.process_time() - started < 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "!x [", "[{a: "])
def test_deep_nesting_is_a_problem_and_no_crash(opening):
    """The composer recurses in C: unchecked, this ends the process without a word."""
    started = time.process_time()
    (problem,) = read(f"a: 1\n---\n{opening * 200_000}")[1]
    assert problem.endswith("this cannot be read as YAML: it is nested over 200 levels deep [yaml-syntax]")
    assert time.process_time() - started < 1


def test_deep_nesting_by_indentation():
    deep = "".join(f"{' ' * level}a:\n" for level in range(1000))
    assert read(deep)[1] == [
        "m.yaml:201:201: this cannot be read as YAML: it is nested over 200 levels deep [yaml-syntax]"
    ]


def test_many_shallow_documents_are_fine():
    values, problems = read("---\na: [{b: [c]}]\n" * 500)
    assert (len(values), problems) == (500, [])


def test_a_long_line_is_no_deep_one():
    assert read(f"a: {'x' * 5000}")[1] == []


@given(st.text())
def test_any_text_is_read_or_complained_about(content):
    documents, _ = read_documents(Text("m.yaml", content), {})
    for document in documents:
        assert document.place("a", 0) >= document.source


def test_a_text_is_composed_once_however_many_problems_it_has(monkeypatch):
    """Thousands of mistakes in a pull request must not keep a runner busy for hours."""
    from reconciler.core.manifest import documents

    composed: list[Text] = []
    whole = documents.compose_all

    def counted(text):
        composed.append(text)
        return whole(text)

    monkeypatch.setattr(documents, "compose_all", counted)
    documents.composed.cache_clear()
    text = Text("m.yaml", "---\n".join(f"name: {number}\n" for number in range(300)))
    found, _ = read_documents(text, {})
    places = [document.place("name") for document in found]
    assert [place.line for place in places] == [1 + 2 * number for number in range(300)]
    assert len(composed) == 2
