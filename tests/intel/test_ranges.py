"""Sets of versions: OSV ranges by the format's own algorithm, specifiers by ``packaging``, npm ranges by npm."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tests.intel.test_versions import SEMVER_JS, pep440
from violet.domain.vulnerability import Event
from violet.intel.versions import InvalidVersionError, scheme_named
from violet.intel.versions.intervals import ALL, HIGHEST, LOWEST, NONE, VersionSet, after, before, from_events, merged
from violet.intel.versions.specifiers import LONGEST, allowed

PEP440 = scheme_named("pep440")
SEMVER = scheme_named("semver")
SMALL = [f"{major}.{minor}" for major in range(4) for minor in range(4)]


def cuts() -> st.SearchStrategy[tuple[object, ...]]:
    keys = st.sampled_from(SMALL).map(SEMVER.key)
    return st.one_of(st.just(LOWEST), st.just(HIGHEST), keys.map(before), keys.map(after))


def sets() -> st.SearchStrategy[VersionSet]:
    return st.lists(st.tuples(cuts(), cuts()), max_size=4).map(merged)


@given(sets(), sets(), st.sampled_from(SMALL))
def test_algebra_is_that_of_membership(one: VersionSet, other: VersionSet, version: str) -> None:
    key = SEMVER.key(version)
    assert (key in one.union(other)) == (key in one or key in other)
    assert (key in one.meet(other)) == (key in one and key in other)
    assert (key in one.complement()) == (key not in one)
    assert one.complement().complement() == one
    assert one.within(one.union(other))
    assert bool(one) == (one != NONE)
    if one.within(other) and key in one:
        assert key in other


def osv_says(events: list[Event], version: str) -> bool:
    """``IncludedInRanges`` and ``BeforeLimits`` of the OSV format's section "Evaluation", for one range."""
    key = SEMVER.key(version)
    limits = [event.version for event in events if event.kind == "limit"]
    if limits and not any(limit == "*" or key < SEMVER.key(limit) for limit in limits):
        return False

    def place(event: Event) -> tuple[object, ...]:
        return () if event.kind == "introduced" and event.version == "0" else (1, SEMVER.key(event.version))

    vulnerable = False
    for event in sorted((e for e in events if e.kind != "limit"), key=place):
        here = not place(event) or key >= SEMVER.key(event.version)
        if event.kind == "introduced" and here:
            vulnerable = True
        elif (event.kind == "fixed" and here) or (event.kind == "last_affected" and key > SEMVER.key(event.version)):
            vulnerable = False
    return vulnerable


@given(
    st.lists(
        st.builds(Event, st.sampled_from(["introduced", "fixed", "last_affected"]), st.sampled_from(SMALL)),
        max_size=6,
        unique_by=lambda event: event.version,
    ),
    st.lists(st.sampled_from([*SMALL, "*"]).map(lambda version: Event("limit", version)), max_size=2),
    st.booleans(),
    st.sampled_from(SMALL),
)
def test_events_mean_what_the_format_says(
    events: list[Event], limits: list[Event], from_the_start: bool, version: str
) -> None:
    assume(not (from_the_start and any(event.version == "0.0" for event in events)))
    listed = [*([Event("introduced", "0")] if from_the_start else []), *events, *limits]
    assert (SEMVER.key(version) in from_events(listed, SEMVER)) == osv_says(listed, version)


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ([("introduced", "0")], ["0", "0.0.0-alpha", "99"], []),
        ([("introduced", "0"), ("fixed", "1.0.2")], ["0.1", "1.0.1", "1.0.2-rc.1"], ["1.0.2"]),
        ([("introduced", "0"), ("last_affected", "2.1.214")], ["2.1.214"], ["2.1.215", "2.1.214.1"]),
        (
            [("introduced", "1.0.0"), ("fixed", "1.0.2"), ("introduced", "3.0.0"), ("fixed", "3.2.5")],
            ["1.0.0", "3.2.4"],
            ["0.9", "1.0.2", "2.0", "3.2.5"],
        ),
        (
            [("fixed", "3.2.5"), ("introduced", "3.0.0"), ("fixed", "1.0.2"), ("introduced", "1.0.0")],
            ["1.0.0", "3.2.4"],
            ["1.0.2", "2.0"],
        ),
        ([("introduced", "0"), ("limit", "2.0")], ["1.9"], ["2.0", "3.0"]),
        ([("introduced", "1.0"), ("fixed", "1.0")], [], ["0.9", "1.0", "1.1"]),
        (
            [("introduced", "1.0"), ("fixed", "2.0"), ("introduced", "2.0"), ("fixed", "3.0")],
            ["1.9", "2.0", "2.9"],
            ["3.0"],
        ),
    ],
)
def test_ranges(events: list[tuple[str, str]], inside: list[str], outside: list[str]) -> None:
    found = from_events([Event(*event) for event in events], SEMVER)
    assert all(SEMVER.key(version) in found for version in inside)
    assert not any(SEMVER.key(version) in found for version in outside)


# -- what specifiers allow ---------------------------------------------------------------------------------


def specifiers() -> st.SearchStrategy[str]:
    plain = st.builds("".join, st.tuples(st.sampled_from(["==", "!=", ">=", "<=", ">", "<", "~="]), pep440()))
    numbers = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
    prefix = st.builds(lambda operator, version: f"{operator}{version}.*", st.sampled_from(["==", "!="]), numbers)
    return st.lists(st.one_of(plain, prefix), min_size=1, max_size=3).map(",".join)


@settings(max_examples=300)
@given(specifiers(), pep440())
def test_as_packaging(specifier: str, version: str) -> None:
    try:
        expected = SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:  # such as >=1.0+local, whose meaning is clear all the same
        reject()
    assert (PEP440.key(version) in allowed(specifier, PEP440)) == expected


def node_ranges() -> st.SearchStrategy[str]:
    part = st.sampled_from(["0", "1", "2", "3", "x", "*"])
    number = st.sampled_from("0123")
    full = st.builds(
        lambda a, b, c, pre: f"{a}.{b}.{c}{pre}", number, number, number, st.sampled_from(["", "-0", "-rc.1"])
    )
    partial = st.one_of(number, st.builds(lambda a, b: f"{a}.{b}", number, part), full)
    one = st.builds(
        lambda operator, version: operator + version,
        st.sampled_from(["", "^", "~", ">=", "<=", ">", "<", "="]),
        partial,
    )
    several = st.lists(one, min_size=1, max_size=2).map(" ".join)
    low = st.one_of(number, st.builds(lambda a, b: f"{a}.{b}", number, number))
    hyphen = st.builds(lambda least, most: f"{least} - {most}", low, partial)
    return st.lists(st.one_of(several, hyphen), min_size=1, max_size=2).map(" || ".join)


@pytest.mark.skipif(shutil.which("node") is None or not SEMVER_JS.exists(), reason="node's semver is not here")
@settings(max_examples=5)
@given(
    st.lists(
        st.tuples(
            node_ranges(),
            st.sampled_from([f"{a}.{b}.{c}{p}" for a in "0123" for b in "013" for c in "02" for p in ("", "-rc.1")]),
        ),
        min_size=40,
        max_size=80,
    )
)
def test_as_npm(cases: list[tuple[str, str]]) -> None:
    script = (
        f"const s=require({json.dumps(str(SEMVER_JS))});console.log(JSON.stringify(JSON.parse("
        "require('fs').readFileSync(0)).map(p=>s.satisfies(p[1],p[0],{includePrerelease:true}))))"
    )
    ended = subprocess.run(["node", "-e", script], input=json.dumps(cases), capture_output=True, text=True, check=True)
    for (text, version), said in zip(cases, json.loads(ended.stdout), strict=True):
        assert (SEMVER.key(version) in allowed(text, SEMVER)) == said, f"{text} | {version}"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("vers:pypi/>=1.0|<2.0|!=1.5", ["1.0", "1.9"], ["0.9", "1.5", "2.0"]),
        ("vers:pypi/1.2|>=3|<=4", ["1.2", "3.5", "4"], ["1.3", "2.9", "4.1"]),
        ("vers:pypi/*", ["0", "9"], []),
        ("vers:pypi/<1|>=2|<3", ["0.5", "2.5"], ["1", "3"]),
        ("(>=1.0,<2)", ["1.5"], ["2"]),
        ("*", ["7"], []),
        ("", ["7"], []),
        ("===1.0", ["1.0"], ["1.1"]),
        ("<=2.5.1", ["2.5.1+cu118"], ["2.5.1.post1"]),
    ],
)
def test_other_notations(text: str, inside: list[str], outside: list[str]) -> None:
    found = allowed(text, PEP440)
    assert all(PEP440.key(version) in found for version in inside)
    assert not any(PEP440.key(version) in found for version in outside)


@pytest.mark.parametrize(
    "text", ["1.0", ">=", "~=1", ">=1.*", "==1.0.*.*", "vers:pypi", "vers:pypi/>>1", "=>1", ">=x y", ">1" * LONGEST]
)
def test_no_specifier(text: str) -> None:
    with pytest.raises(InvalidVersionError):
        allowed(text, PEP440)


@pytest.mark.parametrize("ecosystem_scheme", ["dpkg", "maven", "gem", "composer", "rpm", "apk", "numbers", "go"])
def test_plain_comparisons_work_for_every_scheme(ecosystem_scheme: str) -> None:
    scheme = scheme_named(ecosystem_scheme)
    found = allowed(">=1.2, <2", scheme)
    assert scheme.key("1.3") in found
    assert scheme.key("2") not in found
    assert found.within(ALL)


def test_a_dense_order_says_maybe_and_never_wrongly_no() -> None:
    affected = from_events([Event("introduced", "0"), Event("fixed", "2.6.0")], PEP440)
    assert not allowed(">=2.6.0", PEP440).meet(affected)
    assert allowed(">=2.6.0rc1", PEP440).meet(affected)
    assert allowed(">2.5,<2.6", PEP440).within(affected)
    assert not allowed(">2.5", PEP440).within(affected)
