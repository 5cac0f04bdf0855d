"""Which advisories hit a component, by the semantics of the OSV format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intel.advisories import ML, ZERO, Json, entry, imported
from violet.domain import Severity
from violet.domain.component import Component
from violet.domain.vulnerability import Exposure
from violet.intel.matching import ANY_VERSION, Assessment, assess_component, match_component
from violet.intel.osv import open_database
from violet.intel.osv.database import Database
from violet.intel.versions import compare


@pytest.fixture(scope="module")
def ml(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with open_database(str(imported(tmp_path_factory.mktemp("intel"), ML))) as database:
        yield database


Assess = Callable[..., Assessment]


@pytest.fixture
def assess(tmp_path: Path) -> Assess:
    """``assess(entries, component)`` with a database of just these entries."""

    def one(entries: list[Json], component: Component, **more: bool) -> Assessment:
        with open_database(str(imported(tmp_path, entries))) as database:
            return assess_component(component, database, **more)

    return one


def pypi(name: str, version: str = "", specifier: str = "") -> Component:
    return Component(name, version, ecosystem="PyPI", specifier=specifier)


def test_torch_weights_only(ml: Database) -> None:
    """CVE-2025-32434: three databases' names, one problem."""
    found, older = match_component(pypi("torch", "1.13.0"), ml)
    assert found.id == "CVE-2025-32434"
    assert found.advisories == ("GHSA-53q9-r3pm-6pq6", "PYSEC-2025-41")
    assert found.aliases == ("CVE-2025-32434",)
    assert found.exposure is Exposure.AFFECTED
    assert (found.affected, found.fixed) == ("<2.6.0", ("2.6.0",))
    assert (found.severity, found.score) == (Severity.CRITICAL, 9.3)
    assert found.rated_by == "GHSA-53q9-r3pm-6pq6 CVSS_V4"
    assert found.summary == "torch.load runs code although weights_only is set"
    assert (older.id, older.fixed, older.severity) == ("CVE-2022-45907", ("1.13.1",), None)
    assert not match_component(pypi("torch", "2.6.0"), ml)
    assert not match_component(pypi("torch", "2.6.0+cu124"), ml)


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("torch", "2.5.1+cu118", ["CVE-2025-32434"]),
        ("torch", "2.6.0rc1", ["CVE-2025-32434"]),
        ("Torch", "2.5", ["CVE-2025-32434"]),
        ("keras", "2.15.0", []),
        ("keras", "3.0.0", ["CVE-2025-1550", "CVE-2025-8747"]),
        ("keras", "3.9.0", ["CVE-2025-8747"]),
        ("keras", "3.11.0", []),
        ("picklescan", "0.0.20", ["CVE-2025-1716"]),
        ("picklescan", "0.0.21", []),
        ("transformers", "4.35.2", ["CVE-2023-6730"]),
        ("ray", "2.50.0", ["CVE-2023-48022"]),
        ("numpy", "1.0", ["CVE-2021-41495"]),
        ("numpy", "1.26.4", []),
        ("mlflow", "2.10.0", ["CVE-2024-4263"]),
        ("gradio", "4.10", ["CVE-2023-51449"]),
        ("nothing-known", "1.0", []),
    ],
)
def test_known_problems_of_ml_packages(ml: Database, name: str, version: str, expected: list[str]) -> None:
    found = assess_component(pypi(name, version), ml)
    assert [match.id for match in found.matches] == expected
    assert not found.unknown


# -- what cannot be told is not clean ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        (pypi("torch"), "version is not known (3 advisories name the package)"),
        (pypi("torch", "not a version"), "no version"),
        (pypi("torch", specifier=">=what ever"), "no version specifier"),
        (Component("left-pad", "1.0", ecosystem="npm"), "no advisories are imported for npm"),
        (Component("left-pad", "1.0"), "ecosystem is not known"),
        (Component("x", "1", purl="pkg:unheard-of/x@1"), "ecosystem is not known"),
    ],
)
def test_cannot_be_told(ml: Database, component: Component, reason: str) -> None:
    found = assess_component(component, ml)
    assert not found.matches
    assert len(found.unknown) == 1
    assert reason in found.unknown[0]


def test_every_version_is_affected_whatever_it_is(ml: Database) -> None:
    (found,) = match_component(pypi("ray"), ml)
    assert (found.affected, found.exposure, found.fixed) == ("all versions", Exposure.AFFECTED, ())


def test_no_package(ml: Database) -> None:
    found = assess_component(Component("model.bin", type="machine-learning-model"), ml)
    assert found.ignored
    assert not found.unknown


def test_an_order_that_is_not_known(assess: Assess) -> None:
    entries = [
        entry("A-1", "Kernel", ("introduced", "0"), ("fixed", "5.1"), ecosystem="Linux"),
        entry("B-1", "Kernel", ecosystem="Linux", versions=["4.9"]),
    ]
    found = assess(entries, Component("Kernel", "4.9", ecosystem="Linux"))
    assert [match.id for match in found.matches] == ["B-1"]
    assert "no known order" in found.unknown[0]


def test_a_range_that_cannot_be_evaluated(assess: Assess) -> None:
    entries = [entry("A-1", "x", ZERO, ("fixed", "next release"), ecosystem="npm")]
    found = assess(entries, Component("x", "1.0.0", ecosystem="npm"))
    assert not found.matches
    assert "cannot be evaluated" in found.unknown[0]


# -- specifiers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("specifier", "exposure", "fixed"),
    [
        ("<2.6", Exposure.AFFECTED, ("2.6.0",)),
        ("==2.5.1", Exposure.AFFECTED, ("2.6.0",)),
        ("==2.5.*", Exposure.AFFECTED, ("2.6.0",)),
        (">=2.0", Exposure.POSSIBLE, ("2.6.0",)),
        ("~=2.5", Exposure.POSSIBLE, ("2.6.0",)),
        (ANY_VERSION, Exposure.POSSIBLE, ("2.6.0",)),
        (">=2.6.0", None, ()),
        (">2.5.1,!=2.6.0rc1,>=2.6", None, ()),
    ],
)
def test_specifiers(ml: Database, specifier: str, exposure: Exposure | None, fixed: tuple[str, ...]) -> None:
    found = [m for m in match_component(pypi("torch", specifier=specifier), ml) if m.id == "CVE-2025-32434"]
    assert [match.exposure for match in found] == ([exposure] if exposure else [])
    if found:
        assert found[0].fixed == fixed


def test_an_open_range_takes_the_newest(ml: Database) -> None:
    (found,) = [m for m in match_component(pypi("torch", specifier=">=2"), ml) if m.id == "CVE-2025-32434"]
    assert "newest version that it allows is not affected" in found.note
    (found,) = match_component(pypi("ray", specifier=">=2"), ml)
    assert (found.exposure, found.note) == (Exposure.AFFECTED, "")


def test_npm_ranges(assess: Assess) -> None:
    entries = [entry("A-1", "x", ("introduced", "1.0.0"), ("fixed", "1.4.2"), ecosystem="npm", kind="SEMVER")]
    component = Component("x", ecosystem="npm", specifier="^1.2.0")
    assert [m.exposure for m in assess(entries, component).matches] == [Exposure.POSSIBLE]


# -- entries -----------------------------------------------------------------------------------------------------


def test_withdrawn_entries_say_nothing_unless_asked(assess: Assess) -> None:
    entries = [entry("A-1", "x", ZERO, withdrawn="2026-02-01T00:00:00Z"), entry("A-2", "x", ("introduced", "9"))]
    assert assess(entries, pypi("x", "1")) == Assessment()
    found = assess(entries, pypi("x", "1"), withdrawn=True)
    assert [(match.advisories, match.withdrawn) for match in found.withdrawn] == [(("A-1",), "2026-02-01T00:00:00Z")]
    assert not found.matches


def test_versions_without_ranges_are_all_there_is(assess: Assess) -> None:
    entries = [entry("A-1", "x", versions=["1.0", "1.1.post1"]), entry("A-2", "x")]
    assert [m.affected for m in assess(entries, pypi("x", "1.0.0")).matches] == ["==1.0"]
    assert assess(entries, pypi("x", "1.1.post1")).matches
    assert not assess(entries, pypi("x", "1.1")).matches


def test_versions_beyond_the_ranges_count(assess: Assess) -> None:
    entries = [entry("A-1", "x", ZERO, ("fixed", "2"), versions=["1.0", "3.1", "legacy thing"])]
    (found,) = assess(entries, pypi("x", "3.1")).matches
    assert found.affected == "==3.1"
    assert found.fixed == ()
    (found,) = assess(entries, pypi("x", "1.5")).matches
    assert (found.affected, found.fixed) == ("<2", ("2",))
    assert assess(entries, pypi("x", "legacy thing")).matches


def test_several_ranges_and_the_fix_of_ones_own(assess: Assess) -> None:
    entries = [entry("A-1", "x", ("introduced", "1"), ("fixed", "1.5"), ("introduced", "2"), ("fixed", "2.3"))]
    assert [(m.affected, m.fixed) for m in assess(entries, pypi("x", "1.2")).matches] == [(">=1,<1.5", ("1.5", "2.3"))]
    assert [(m.affected, m.fixed) for m in assess(entries, pypi("x", "2.0")).matches] == [(">=2,<2.3", ("2.3",))]
    assert not assess(entries, pypi("x", "1.5")).matches


def test_databases_that_disagree_on_the_fix(assess: Assess) -> None:
    """One says 1.5, the other 1.6: only 1.6 is free of what both say."""
    entries = [
        entry("GHSA-1", "x", ZERO, ("fixed", "1.5"), aliases=["CVE-1"]),
        entry("PYSEC-1", "x", ZERO, ("fixed", "1.6"), aliases=["CVE-1"]),
    ]
    (found,) = assess(entries, pypi("x", "1.0")).matches
    assert found.fixed == ("1.6",)
    (found,) = assess(entries, pypi("x", "1.5")).matches
    assert found.advisories == ("PYSEC-1",)


def test_last_affected_has_no_fix(assess: Assess) -> None:
    entries = [entry("A-1", "x", ZERO, ("last_affected", "2.1"))]
    (found,) = assess(entries, pypi("x", "2.1")).matches
    assert (found.affected, found.fixed) == ("<=2.1", ())
    assert assess(entries, pypi("x", "2.1+local")).matches
    assert not assess(entries, pypi("x", "2.1.1")).matches


def test_malicious_packages(assess: Assess) -> None:
    entries = [entry("MAL-2026-1", "evil", ZERO, ecosystem="npm")]
    (found,) = assess(entries, Component("evil", "1.0.0", purl="pkg:npm/evil@1.0.0")).matches
    assert found.malicious
    assert found.severity is Severity.CRITICAL


def test_the_packages_own_rating_goes_first(assess: Assess) -> None:
    value = entry("A-1", "x", ZERO, vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
    value["affected"][0]["severity"] = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]
    (found,) = assess([value], pypi("x", "1")).matches
    assert (found.severity, found.score) == (Severity.LOW, 1.6)


def test_two_packages_in_one_entry(assess: Assess) -> None:
    value = entry("A-1", "x", ZERO, ("fixed", "2"))
    value["affected"] += (
        entry("A-1", "y", ("introduced", "5"))["affected"] + entry("A-1", "x", versions=["7.0"])["affected"]
    )
    assert assess([value], pypi("x", "1")).matches
    (found,) = assess([value], pypi("x", "7")).matches
    assert found.advisories == ("A-1",)
    assert not assess([value], pypi("y", "1")).matches


# -- distributions -------------------------------------------------------------------------------------------------


def test_releases_of_distributions(assess: Assess) -> None:
    entries = [
        entry("DSA-1", "openssl", ZERO, ("fixed", "3.0.1-1"), ecosystem="Debian:12"),
        entry("DSA-2", "openssl", ZERO, ("fixed", "3.5-1"), ecosystem="Debian:13"),
    ]
    deb = "pkg:deb/debian/libssl3@3.0.0-1?arch=amd64&upstream=openssl&distro="
    assert [m.id for m in assess(entries, Component("libssl3", purl=deb + "debian-12")).matches] == ["DSA-1"]
    assert [m.id for m in assess(entries, Component("libssl3", purl=deb + "trixie")).matches] == ["DSA-2"]
    assert [m.id for m in assess(entries, Component("openssl", "3.0.0-1", ecosystem="Debian:12.5")).matches] == [
        "DSA-1"
    ]
    unknown = assess(entries, Component("openssl", "3.0.0-1", ecosystem="Debian"))
    assert not unknown.matches
    assert "release of Debian is not known" in unknown.unknown[0]
    assert not assess(entries, Component("openssl", "3.0.1-1", ecosystem="Debian:12")).matches


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "fixed", "purl"),
    [
        ("Alpine:v3.20", "openssl", "3.3.1-r0", "3.3.1-r1", "pkg:apk/alpine/openssl@3.3.1-r0?distro=alpine-3.20.3"),
        (
            "Ubuntu:22.04:LTS",
            "openssl",
            "3.0.2-0ubuntu1.1",
            "3.0.2-0ubuntu1.9",
            "pkg:deb/ubuntu/openssl@3.0.2-0ubuntu1.1?distro=jammy",
        ),
        (
            "Rocky Linux:9",
            "kernel",
            "0:5.14.0-1.el9",
            "0:5.14.0-70.el9",
            "pkg:rpm/rocky-linux/kernel@5.14.0-1.el9?distro=rocky-9.3",
        ),
        ("Maven", "org.x:y", "1.0-rc1", "1.0", "pkg:maven/org.x/y@1.0-rc1"),
        ("Go", "github.com/x/Y", "v1.2.3", "1.2.4", "pkg:golang/github.com/x/Y@v1.2.3"),
        ("npm", "@scope/name", "1.0.0", "1.0.1", "pkg:npm/%40scope/name@1.0.0"),
        ("NuGet", "Some.Package", "1.0.0", "1.0.1", "pkg:nuget/some.package@1.0.0"),
        ("Packagist", "Vendor/Name", "v1.0", "1.0.1", "pkg:composer/vendor/name@v1.0"),
        ("crates.io", "some_crate", "0.1.0", "0.1.1", "pkg:cargo/some-crate@0.1.0"),
        ("RubyGems", "rack", "2.0", "2.0.1", "pkg:gem/rack@2.0"),
    ],
)
def test_by_package_url(assess: Assess, ecosystem: str, name: str, version: str, fixed: str, purl: str) -> None:
    entries = [entry("A-1", name, ZERO, ("fixed", fixed), ecosystem=ecosystem)]
    (found,) = assess(entries, Component("whatever", purl=purl)).matches
    assert found.fixed == (fixed,)
    assert compare(ecosystem, version, fixed) == -1
    raised = purl.replace(version.removeprefix("0:"), fixed.removeprefix("0:"))
    assert assess(entries, Component("whatever", purl=raised)) == Assessment()


def test_conda_packages_are_taken_for_those_of_pypi(ml: Database) -> None:
    (found,) = match_component(Component("pytorch", "2.5.1", purl="pkg:conda/pytorch@2.5.1?build=py3"), ml)
    assert found.id == "CVE-2025-32434"
    assert "taken for torch on PyPI" in found.note


def test_commits_and_tags(assess: Assess) -> None:
    first, last, other = "a" * 40, "b" * 40, "c" * 40
    value: Json = entry("A-1", "x", ZERO)
    value["affected"] = [
        {
            "ranges": [
                {
                    "type": "GIT",
                    "repo": "https://github.com/Huggingface/Transformers.git",
                    "events": [{"introduced": first}, {"fixed": last}],
                }
            ],
            "versions": ["v4.1.0"],
        }
    ]
    purl = "pkg:github/huggingface/transformers@"
    assert [m.fixed for m in assess([value], Component("t", purl=purl + first)).matches] == [(last,)]
    assert assess([value], Component("t", purl=purl + "4.1.0")).matches
    assert assess([value], Component("t", purl=purl + "v4.2.0")) == Assessment()
    assert assess([value], Component("t", purl=purl + last)) == Assessment()
    assert "without the repository" in assess([value], Component("t", purl=purl + other)).unknown[0]


# -- as a whole ------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["1.0", "1.5", "2.0", "2.5", "3.0"]), min_size=2, max_size=4, unique=True),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["0.5", "1.0", "1.2", "1.5", "2.0", "2.2", "2.5", "3.0", "3.1"]),
)
def test_as_the_plain_algorithm(bounds: list[tuple[list[str], bool]], version: str) -> None:
    import tempfile

    entries = []
    expected = set()
    for number, (versions, from_zero) in enumerate(bounds):
        listed = sorted(versions)
        events = [("introduced" if place % 2 == 0 else "fixed", text) for place, text in enumerate(listed)]
        if from_zero:
            events[0] = ZERO
        entries.append(entry(f"A-{number}", "x", *events))
        hit = False
        for kind, text in events:
            if float(version) >= float(text):
                hit = kind == "introduced"
        if hit:
            expected.add(f"A-{number}")
    with tempfile.TemporaryDirectory() as folder, open_database(str(imported(Path(folder), entries))) as database:
        found = match_component(pypi("x", version), database)
        assert {match.id for match in found} == expected
        for match in found:
            for fixed in match.fixed:
                assert not [m for m in match_component(pypi("x", fixed), database) if m.id == match.id]
