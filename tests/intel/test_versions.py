"""Orders of versions: what is published, what the tools themselves say, and that each is an order at all."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from violet.intel.versions import InvalidVersionError, compare, ecosystems, scheme_for

SEMVER_JS = Path("/usr/lib/node_modules/npm/node_modules/semver")
MAVEN = [Path("/usr/share/java") / name for name in ("maven-artifact-3.x.jar", "commons-lang3.jar")]

ASCENDING = {
    # PEP 440, "Summary of permitted suffixes and relative ordering"; legacy versions before all others.
    "PyPI": [
        "2013-02b-dev",
        "2013-02b",
        "1.dev0",
        "1.0.dev456",
        "1.0a1",
        "1.0a2.dev456",
        "1.0a12.dev456",
        "1.0a12",
        "1.0b1.dev456",
        "1.0b2",
        "1.0b2.post345.dev456",
        "1.0b2.post345",
        "1.0rc1.dev456",
        "1.0rc1",
        "1.0",
        "1.0+abc.5",
        "1.0+abc.7",
        "1.0+5",
        "1.0.post456.dev34",
        "1.0.post456",
        "1.0.15",
        "1.1.dev1",
        "1!0.1",
    ],
    # Semantic Versioning 2.0.0, section 11
    "npm": [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.1.0",
        "2.0.0",
    ],
    "crates.io": ["0.1.0", "0.1.1-pre", "0.1.1", "0.2.0"],
    # Go Modules Reference, "Pseudo-versions"
    "Go": [
        "v0.0.0-20191109021931-daa7c04131f5",
        "v1.2.3-pre",
        "v1.2.3-pre.0.20191109021931-daa7c04131f5",
        "v1.2.3",
        "v1.2.4-0.20191109021931-daa7c04131f5",
        "v1.2.4",
        "v2.0.0+incompatible",
        "v2.0.1+incompatible",
    ],
    # Maven POM reference, "Version Order Specification"
    "Maven": [
        "1-alpha",
        "1-beta",
        "1-milestone",
        "1-rc",
        "1-SNAPSHOT",
        "1",
        "1-sp",
        "1-abc",
        "1-1",
        "1.1",
        "1.2",
        "1.10",
    ],
    "NuGet": ["1.0.0-alpha", "1.0.0-Beta", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.0.0.1", "1.0.1"],
    # documentation of Gem::Version
    "RubyGems": ["1.0.a", "1.0.a10", "1.0.b1", "1.0.rc1", "1.0", "1.0.1.pre", "1.0.1", "1.2", "1.10"],
    "Packagist": [
        "1.0.0-dev",
        "1.0.0-alpha1",
        "1.0.0-beta2",
        "1.0.0-RC1",
        "1.0.0",
        "1.0.0-p1",
        "1.0.1",
        "1.x-dev",
        "2.0",
    ],
    # Debian Policy Manual, section 5.6.12
    "Debian:12": ["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0-1+b1", "1.0a", "1.0+b", "1.2", "1.10", "1:0.1"],
    "Alpine:v3.20": [
        "1.0_alpha",
        "1.0_beta2",
        "1.0_rc1",
        "1.0",
        "1.0-r1",
        "1.0_git1",
        "1.0_p1",
        "1.0a",
        "1.0.1",
        "1.2",
        "1.10",
    ],
    "Red Hat": ["1.0~rc1", "1.0~rc2", "1.0", "1.0^git1", "1.0.a", "1.0.1", "1.2", "1.10", "1:0.1"],
    "Hex": ["1.0.0-rc.0", "1.0.0"],
    "Pub": ["1.0.0-dev", "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.1"],
    "CRAN": ["0.9", "1.0", "1.0-1", "1.0.2", "1.2", "1.10"],
    "Hackage": ["1.0", "1.0.0", "1.0.1", "1.10"],
}

EQUAL = [
    ("PyPI", "1.0", "1.0.0"),
    ("PyPI", "v1.0-rc.1", "1.0c1"),
    ("PyPI", "1.0-1", "1.0.post1"),
    ("PyPI", "1.0+A_1", "1.0+a.1"),
    ("npm", "v1.2.3", "1.2.3+build"),
    ("Go", "v1.21.0", "go1.21"),
    ("Maven", "1.0.0", "1-ga"),
    ("Maven", "1.0-a1", "1-alpha-1"),
    ("NuGet", "1.0.0-RC", "1.0-rc"),
    ("RubyGems", "1.0.0", "1"),
    ("Debian:12", "1.0-0", "0:1.0"),
    ("Red Hat", "1.0", "0:1.00"),
    ("Packagist", "v1.0", "1.0.0.0"),
]


@pytest.mark.parametrize("ecosystem", ASCENDING)
def test_published_order(ecosystem: str) -> None:
    for low, high in pairwise(ASCENDING[ecosystem]):
        assert compare(ecosystem, low, high) == -1, f"{low} is not below {high}"
        assert compare(ecosystem, high, low) == 1


@pytest.mark.parametrize(("ecosystem", "one", "other"), EQUAL)
def test_equal(ecosystem: str, one: str, other: str) -> None:
    assert compare(ecosystem, one, other) == 0


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [
        ("npm", "latest"),
        ("npm", ""),
        ("Debian", "1 2"),
        ("Debian", "a:1"),
        ("Alpine", "1.0-1"),
        ("CRAN", "1.a"),
        ("Packagist", "dev-main"),
        ("RubyGems", "a.1"),
        ("Red Hat", "x:1-1"),
        ("PyPI", " "),
        ("PyPI", "1" * 300),
        ("Maven", ""),
    ],
)
def test_no_version(ecosystem: str, version: str) -> None:
    with pytest.raises(InvalidVersionError):
        compare(ecosystem, version, version)


def test_unknown_ecosystem_has_no_order() -> None:
    assert scheme_for("Linux") is None
    with pytest.raises(InvalidVersionError):
        compare("Linux", "1", "2")
    assert scheme_for("Root:Debian:12") is scheme_for("Debian")


# -- properties ------------------------------------------------------------------------------------------

PIECES = [
    "0",
    "1",
    "2",
    "10",
    "01",
    "a",
    "b",
    "rc",
    "alpha",
    "dev",
    "post",
    "p",
    "x",
    "~",
    "^",
    "+",
    ".",
    "-",
    "_",
    "!",
    ":",
    "SP",
]


def anything(pieces: list[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda head, tail: head + "".join(tail), st.sampled_from("012"), st.lists(st.sampled_from(pieces), max_size=7)
    )


def pep440() -> st.SearchStrategy[str]:
    numbers = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
    return st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["", "", "1!"]),
            numbers,
            st.sampled_from(["", "", "a1", "-beta.2", "rc3", "c", "_pre1"]),
            st.sampled_from(["", "", ".post1", "-2", "r3"]),
            st.sampled_from(["", "", ".dev1", "dev"]),
            st.sampled_from(["", "", "+cu118", "+1.abc", "+abc.2"]),
        ),
    )


def debian() -> st.SearchStrategy[str]:
    middle = st.lists(st.sampled_from([*"0129ab~+.", "rc", "10", "00"]), max_size=6).map("".join)
    end = st.sampled_from(["", "-1", "-1~deb12u1", "-0", "-1+b1", "-01"])
    return st.builds("".join, st.tuples(st.sampled_from(["", "0:", "1:"]), st.sampled_from("0123"), middle, end))


def semantic() -> st.SearchStrategy[str]:
    number = st.sampled_from(["0", "1", "2", "10"])
    part = st.sampled_from(["0", "1", "10", "alpha", "beta", "x-y", "a1"])
    pre = st.lists(part, max_size=3).map(lambda parts: "-" + ".".join(parts) if parts else "")
    return st.builds(lambda a, b, c, tail: f"{a}.{b}.{c}{tail}", number, number, number, pre)


def alpine() -> st.SearchStrategy[str]:
    parts = st.lists(st.sampled_from(["0", "1", "10", "01", "09", "9"]), max_size=3).map(
        lambda p: "".join("." + x for x in p)
    )
    suffix = st.sampled_from(["", "", "_alpha", "_rc1", "_p1", "_git20200101"])
    end = st.sampled_from(["", "-r0", "-r2", "-r10"])
    return st.builds(
        "".join, st.tuples(st.sampled_from("019"), parts, st.sampled_from(["", "a", "z"]), suffix, suffix, end)
    )


VERSIONS = {
    "PyPI": pep440(),
    "npm": semantic(),
    "Go": semantic(),
    "Pub": semantic(),
    "NuGet": semantic(),
    "Debian": debian(),
    "Alpine": alpine(),
    "Red Hat": anything(["0", "1", "10", "a", "rc", "~", "^", ".", "-", "+"]),
    "RubyGems": anything([".0", ".1", ".a", ".rc1", ".10"]),
    "Maven": semantic(),
    "Packagist": anything([".0", ".1", ".10"]),
    "CRAN": anything([".0", "-1", ".10"]),
}


@pytest.mark.parametrize("ecosystem", VERSIONS)
@settings(max_examples=60)
@given(data=st.data())
def test_total_order(ecosystem: str, data: st.DataObject) -> None:
    versions = data.draw(st.lists(VERSIONS[ecosystem], min_size=3, max_size=3))
    a, b, c = versions
    assert compare(ecosystem, a, a) == 0
    assert compare(ecosystem, a, b) == -compare(ecosystem, b, a)
    if compare(ecosystem, a, b) <= 0 and compare(ecosystem, b, c) <= 0:
        assert compare(ecosystem, a, c) <= 0


@pytest.mark.parametrize("ecosystem", ecosystems())
@settings(max_examples=40)
@given(text=st.one_of(anything(PIECES), st.text(max_size=20)))
def test_whatever_text_has_a_key_or_is_refused(ecosystem: str, text: str) -> None:
    scheme = scheme_for(ecosystem)
    assert scheme is not None
    try:
        key = scheme.key(text)
    except InvalidVersionError:
        return
    assert key == scheme.key(text)
    assert not key < key


# -- the tools themselves -----------------------------------------------------------------------------------


@given(pep440(), pep440())
def test_as_packaging(one: str, other: str) -> None:
    first, second = Version(one), Version(other)
    assert compare("PyPI", one, other) == (first > second) - (first < second)


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not here")
@settings(max_examples=60)
@given(debian(), debian())
def test_as_dpkg(one: str, other: str) -> None:
    operator = {-1: "lt", 0: "eq", 1: "gt"}[compare("Debian", one, other)]
    assert subprocess.run(["dpkg", "--compare-versions", one, operator, other], check=False).returncode == 0


@pytest.mark.skipif(shutil.which("node") is None or not SEMVER_JS.exists(), reason="node's semver is not here")
@settings(max_examples=5)
@given(st.lists(st.tuples(semantic(), semantic()), min_size=40, max_size=80))
def test_as_node(pairs: list[tuple[str, str]]) -> None:
    script = (
        f"const s=require({json.dumps(str(SEMVER_JS))});"
        "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(p=>s.compare(p[0],p[1]))))"
    )
    ended = subprocess.run(["node", "-e", script], input=json.dumps(pairs), capture_output=True, text=True, check=True)
    assert [compare("npm", one, other) for one, other in pairs] == json.loads(ended.stdout)


@pytest.mark.skipif(shutil.which("java") is None or not all(p.exists() for p in MAVEN), reason="Maven is not here")
@settings(max_examples=3)
@given(
    st.lists(
        anything(["0", "1", "10", "a", "b", "rc", "alpha", "x", "sp", "ga", "final", "snapshot", "cr", ".", "-"]),
        min_size=100,
        max_size=200,
    )
)
def test_as_maven(versions: list[str]) -> None:
    command = ["java", "-cp", ":".join(map(str, MAVEN)), "org.apache.maven.artifact.versioning.ComparableVersion"]
    ended = subprocess.run([*command, *versions], capture_output=True, text=True, check=True)
    said = [line.split() for line in ended.stdout.splitlines() if line.startswith("   ")]
    assert len(said) == len(versions) - 1
    for one, operator, other in said:
        assert compare("Maven", one, other) == {"<": -1, "==": 0, ">": 1}[operator], f"{one} {operator} {other}"
