"""Expressions: what is taken, what is refused and how, and that the engine runs what was checked."""

from __future__ import annotations

import contextlib
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.contexts import contexts, good
from violet.policy.cel.parser import DEEPEST, parse
from violet.policy.cel.prose import denied, in_words, sentence
from violet.policy.cel.tree import Node, selected, spelled
from violet.policy.expression import Expression, ExpressionError, Truth, evaluate, expression
from violet.policy.samples import always_true
from violet.policy.schema import VARIABLES


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('findings.all(f, f.severity < severity("high"))', "findings.all(f, (f.severity < 3))"),
        ("scan.age < days(7)", '(scan.age < duration("168h"))'),
        ("scan.age<hours( 2 ) // soon\n", '(scan.age < duration("2h"))'),
        ("true || false && true", "(true || (false && true))"),
        ("1 + 2 * 3 == 7", "((1 + (2 * 3)) == 7)"),
        ("!signature.verified", "!(signature.verified)"),
        ("-1 < model.size", "((-1) < model.size)"),
        ("model.size - -1 > 0", "((model.size - (-1)) > 0)"),
        ("environment in ['a', \"b\",]", '(environment in ["a", "b"])'),
        (
            r"environment == r'\d' || environment == '\'\n'",
            r'((environment == "\\d") || (environment == "' + r"'\n" + '"))',
        ),
        ("environment == '''a\nb'''", r'(environment == "a\nb")'),
        ("has(bom.parameters) ? bom.parameters > 1 : true", "(has(bom.parameters) ? (bom.parameters > 1) : true)"),
        ("attestations.exists(a, a.predicate['x'].y == 1)", 'attestations.exists(a, (a.predicate["x"].y == 1))'),
        ("attestations.map(a, a.type == 'vex', a.digest) == []", None),
        ("now - timestamp('2026-01-01T00:00:00Z') > duration('1h30m')", None),
        ("bom.components.filter(c, c.version == '').size() == 0", None),
        ("findings.exists_one(f, f.rule.startsWith('artifact/'))", None),
        ("double(size(findings)) / 2.0 < 1.5e1", None),
        ("environment == '😀'", '(environment == "😀")'),
        ("{'a': 1}.a == 1 && {'a': [1]}['a'][0] == 1", None),
    ],
)
def test_taken(text: str, canonical: str | None) -> None:
    compiled = expression(text)
    if canonical is not None:
        assert compiled.canonical == canonical
    assert evaluate(compiled, good()).truth is not Truth.BROKEN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("findngs.all(f, true)", "did you mean 'findings'"),
        ("true || findngs.size() == 0", "did you mean 'findings'"),
        ("findings.all(f, f.sevrity < 3)", "did you mean 'severity'"),
        ("has(bom.licence)", "did you mean 'licenses'"),
        ("findings.all(f, f.level == 'hihg')", "did you mean 'high'"),
        ("attestations.exists(a, a.type in ['vex', 'scna'])", "this is never 'scna'"),
        ("refused.all(r, 'expird' != r.code)", "did you mean 'expired'"),
        ("findings.all(f, f.severity < 'high')", "an int cannot be compared with a string"),
        ("scan.age < 7", "a duration cannot be compared with an int"),
        ("scan.deep == 'true'", "a bool never equals a string"),
        ("bom.parameters", "not true or false"),
        ("findings", "list of finding"),
        ("findings.severity == 1", "ask about its items"),
        ("findings.all(f, f.severity)", "all needs true or false"),
        ("findings.all(findings, true)", "has a meaning already"),
        ("findings.all(f, findings.all(f, true))", "has a meaning already"),
        ("findings.all(f)", "needs a name and a condition"),
        ("findings.all(1, true)", "plain name"),
        ("sevrity('high') == 3", "did you mean 'severity'"),
        ("severity('hihg') == 3", "is not a severity"),
        ("severity(environment) == 3", "plain value"),
        ("days(99999999999) > duration('1h')", "century"),
        ("timestamp('yesterday') < now", "is no time"),
        ("timestamp('2026-01-01T00:00:00') < now", "is no time"),
        ("duration('30d') < scan.age", "no length of time"),
        ("environment = 'a'", "write =="),
        ("environment == 'a' & true", "write &&"),
        ("environment == 'a", "does not end"),
        ("environment == '\\x41'", "escape"),
        ("environment == b'a'", "bytes"),
        ("model.size == 1u", "write 1"),
        ("model.size == 9223372036854775808", "too large"),
        ("model.size == 1e999", "too large"),
        ("model.?size == 1", "has(x.field)"),
        ("Finding{rule: 'a'} == 1", "messages"),
        (".model.size == 1", "does not belong here"),
        ("model.size ==", "should follow"),
        ("(true", "')' should stand here"),
        ("true true", "does not belong here"),
        ("size(findings, 1) == 0", "not a call"),
        ("environment.size(1) == 0", "not a call"),
        ("'a' in environment", "contains()"),
        ("1 in bom.licenses", "never holds an int"),
        ("1 + 1.0 == 2.0", "double() or int()"),
        ("now + now == now", "cannot be calculated"),
        ("-environment == 'a'", "no negative"),
        ("environment.x == 'a'", "has no fields"),
        ("for == 1", "word of the language"),
        ("has(findings)", "asks for one field"),
        ("environment == '\ud800'", "not Unicode"),
        ("!" * 100 + "true", "within more than"),
        ("(" * 100 + "true" + ")" * 100, "within more than"),
        ("[" * 100 + "1" + "]" * 100 + " == []", "within more than"),
        ("model" + ".a" * 100 + " == 1", "within more than"),
        ("1" + " + 1" * 100 + " == 1", "within more than"),
        ("true && " * 2000 + "true", "longer than"),
    ],
)
def test_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        expression(text)
    assert message in str(caught.value)
    assert 0 <= caught.value.at <= max(len(text), 1)


def test_many_conditions_side_by_side_are_no_depth() -> None:
    text = " && ".join(["scan.complete"] * (DEEPEST * 4))
    assert evaluate(expression(text), good()).truth is Truth.YES


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("scan.complete", Truth.YES),
        ("!scan.complete", Truth.NO),
        ("bom.parameters == 7", Truth.YES),
        ("attestations.exists(a, a.age < days(1))", Truth.MISSING),
        ("attestations.exists(a, has(a.age) && a.age < days(1))", Truth.NO),
        ("attestations.exists(a, a.predicate.accuracy > 0.9)", Truth.MISSING),
        ("attestations[5].type == 'vex'", Truth.BROKEN),
        ("model.size / (model.files - 1) > 0", Truth.BROKEN),
        ("model.size + 9223372036854775807 > 0", Truth.BROKEN),
        ("environment.matches('(')", Truth.BROKEN),
        ("attestations[0].predicate.x == 1 || true", Truth.YES),
    ],
)
def test_answers(text: str, truth: Truth) -> None:
    answer = evaluate(expression(text), good())
    assert answer.truth is truth
    assert bool(answer.reason) == (truth in (Truth.MISSING, Truth.BROKEN))


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES if variable.source])
def test_missing_evidence_is_never_an_empty_list(name: str) -> None:
    context = good()
    kind = "size() == 0" if isinstance(context[name], list) else ""
    field = next(iter(context[name]), "") if not kind else ""
    asked = expression(f"{name}.{kind}" if kind else f"has({name}.{field})")
    del context[name]
    answer = evaluate(asked, context)
    assert answer.truth is Truth.MISSING
    assert name in answer.reason


# -- properties ------------------------------------------------------------------------------------

_BOOLS = st.sampled_from(
    [
        "true",
        "false",
        "scan.complete",
        "signature.verified",
        "findings.all(f, f.severity < 3)",
        "findings.exists(f, f.rule == 'a' || f.level == 'high')",
        "has(bom.parameters)",
        "environment == 'a'",
        "attestations.exists(a, a.predicate.x == 1)",
        "refused.size() == 0",
    ]
)
_NUMBERS = st.sampled_from(
    ["0", "1", "3", "-2", "9223372036854775807", "size(findings)", "model.size", "bom.parameters"]
)
_SUMS = st.recursive(
    _NUMBERS, lambda inner: st.tuples(inner, st.sampled_from("+-*/%"), inner).map(" ".join), max_leaves=4
)
_COMPARED = st.tuples(_SUMS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), _SUMS).map(" ".join)


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(" ".join),
        inner.map(lambda text: f"!({text})"),
        st.tuples(inner, inner, inner).map(lambda parts: "({}) ? ({}) : ({})".format(*parts)),
        inner.map(lambda text: f"({text})"),
    )


EXPRESSIONS = st.recursive(_BOOLS | _COMPARED, _joined, max_leaves=6)


def _outcome(text: str, context: dict[str, Any]) -> Any:
    try:
        return cel.evaluate(text, context)
    except Exception as error:
        return type(error).__name__


@given(EXPRESSIONS, contexts())
def test_the_engine_runs_what_was_checked(text: str, context: dict[str, Any]) -> None:
    """Its own parser understands the text as ours does."""
    assert _outcome(text, context) == _outcome(expression(text).canonical, context)


@given(EXPRESSIONS, contexts())
def test_fields_that_nobody_asks_about_change_nothing(text: str, context: dict[str, Any]) -> None:
    """The engine is given less than there is."""
    compiled = expression(text)
    whole = _outcome(compiled.canonical, context)
    said = {True: Truth.YES, False: Truth.NO}.get(whole) if isinstance(whole, bool) else None
    answer = evaluate(compiled, context).truth
    assert answer is said if said else answer in (Truth.MISSING, Truth.BROKEN)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("findings.all(f, f.severity < 3 && has(f.level))", {"severity", "level"}),
        ("attestations.exists(a, a['type'] == 'vex' && a.predicate.x == 1)", {"type", "predicate", "x"}),
        ("size(findings) == 0", set()),
        ("findings.exists(f, findings[0] == f)", None),
        ("findings.filter(f, f.severity > 3).size() == 0", None),
        ("findings == []", None),
        ("bom.licenses.all(l, l == 'MIT')", None),
    ],
)
def test_what_is_asked_for_of_items(text: str, fields: set[str] | None) -> None:
    assert selected(parse(text)) == fields


@given(EXPRESSIONS)
def test_the_canonical_spelling_is_stable(text: str) -> None:
    canonical = spelled(parse(text))
    assert spelled(parse(canonical)) == canonical


@given(EXPRESSIONS, contexts())
def test_evaluation_never_raises(text: str, context: dict[str, Any]) -> None:
    answer = evaluate(expression(text), context)
    assert isinstance(answer.truth, Truth)
    for words in (in_words, denied):
        assert sentence(words(expression(text).node)).endswith(".")


_SCRAPS = st.sampled_from([*"()[]{}.,:?!-+*/%<>=&|'\"\\ \n1ax", "all(f,", "findings", "in", "has("])


@given(st.text(max_size=60) | st.lists(_SCRAPS, max_size=30).map("".join))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    compiled: Expression | None = None
    with contextlib.suppress(ExpressionError):
        compiled = expression(text)
    if compiled is not None:
        assert evaluate(compiled, good()).truth in tuple(Truth)


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("true", True),
        ("1 < 2", True),
        ("size(findings) >= 0", True),
        ("findings.all(f, f.severity <= severity('critical'))", True),
        ("environment == 'x' || environment != 'x'", True),
        ("scan.complete || !scan.complete", True),
        ("false", False),
        ("findings.all(f, f.severity < severity('critical'))", False),
        ("environment == 'x'", False),
        ("model.size < 1000000000000", False),
        ("scan.age < days(3000)", False),
        ("attestations.exists(a, a.type == 'vex')", False),
    ],
)
def test_what_asks_nothing_is_noticed(text: str, constant: bool) -> None:
    assert always_true(expression(text)) is constant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("findings.all(f, f.severity < severity('high'))", "for every finding, its severity is below high"),
        ("signature.unsigned.size() == 0", "there are no unsigned files"),
        ("scan.age < days(1) && !lineage.tainted", "scan.age is below 1 day and lineage.tainted is not true"),
        ("bom.licenses.all(l, l in ['MIT', 'ISC'])", "for every licence, it is one of MIT, ISC"),
        ("attestations.exists(a, a.type == 'vex')", "there is an attestation where its type is vex"),
        ("bom.datasets.all(d, d.digest != '')", "for every dataset, its digest is recorded"),
    ],
)
def test_in_words(text: str, words: str) -> None:
    assert in_words(expression(text).node) == words


def _nodes(node: Node) -> int:
    from violet.policy.cel.tree import children

    return 1 + sum(map(_nodes, children(node)))


@given(EXPRESSIONS)
def test_the_tree_is_bounded_by_the_text(text: str) -> None:
    assert _nodes(parse(text)) <= len(text)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("findings.all(f, f.severity < 3)", Truth.YES),
        ("findings.exists(f, f.severity < 3)", Truth.YES),
        ("findings.filter(f, f.severity < 3).size() > 0", Truth.BROKEN),
        ("findings.map(f, f.path).size() > 0", Truth.BROKEN),
        ("findings.all(f, findings.exists(g, g.path == f.path))", Truth.BROKEN),
        ("true || findings.map(f, f.path).size() > 0", Truth.BROKEN),
        ("bom.components.filter(c, c.hashed).size() == 0", Truth.BROKEN),
    ],
)
def test_a_model_with_very_many_findings_does_not_hang_the_gate(text: str, truth: Truth) -> None:
    item = {"severity": 1, "path": "p", "fingerprint": "0" * 32, "hashed": False}
    long = [item] * 5_000
    answer = evaluate(expression(text), {"findings": long, "bom": {"components": long}})
    assert answer.truth is truth


@pytest.mark.parametrize(
    "text",
    [
        "!findings.exists(f, f.severity >= 3)",
        "findings.filter(f, f.severity >= 3).size() == 0",
        "findings.all(f, f.severity < 3)",
        "!findings.exists_one(f, f.severity >= 3)",
        "!measurements.exists(m, m.value > 5.0)",
        "measurements.all(m, m.value < 5.0)",
    ],
)
def test_a_field_that_is_not_there_never_passes(text: str) -> None:
    assert evaluate(expression(text), {"findings": [{"path": "p"}], "measurements": [{"name": "m"}]}).truth in (
        Truth.MISSING,
        Truth.BROKEN,
    )


def test_a_measurement_that_is_no_number_is_not_recorded() -> None:
    from violet.domain import Location, Measurement
    from violet.services.gate.context import measurement_entry

    for value in (float("nan"), float("inf")):
        entry = measurement_entry(Measurement(Location("p"), "m", value, "s"))
        answer = evaluate(expression("!measurements.exists(m, m.value > 5.0)"), {"measurements": [entry]})
        assert answer.truth is Truth.MISSING
