"""VEX statements: which are valid, what they are about, and which of several holds."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intel.advisories import NOW
from violet.domain.asset import Digest
from violet.domain.component import Component
from violet.domain.vulnerability import Match, VexProduct, VexStatement, VexStatus
from violet.intel.vex import VexError, read_vex
from violet.intel.vex.products import Statements, product_matches, purl_of

PURL = "pkg:pypi/torch@2.5.1"
TORCH = Component("torch", "2.5.1", ecosystem="PyPI", purl=PURL)
MATCH = Match(TORCH, "CVE-2025-32434", ("GHSA-53q9-r3pm-6pq6",), ("CVE-2025-32434",))

STATEMENT: dict[str, Any] = {
    "vulnerability": {"name": "CVE-2025-32434", "aliases": ["GHSA-53q9-r3pm-6pq6"]},
    "products": [{"@id": PURL}],
    "status": "not_affected",
    "justification": "vulnerable_code_not_in_execute_path",
}


def document(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex-1",
        "author": "Security Team",
        "timestamp": "2026-01-02T03:04:05.123456789-06:00",
        "version": 1,
        "statements": list(statements or (STATEMENT,)),
    } | more


def held(
    *statements: dict[str, Any], match: Match = MATCH, subject: Component | None = None, **more: Any
) -> VexStatement | None:
    read = read_vex(document(*statements, **more), "vex.json")
    return Statements(read, NOW, subject).apply(match).vex


def test_reading() -> None:
    (found,) = read_vex(document(), "vex.json", signers=("security",))
    assert found.status is VexStatus.NOT_AFFECTED
    assert found.timestamp == datetime.datetime(2026, 1, 2, 9, 4, 5, 123456, tzinfo=datetime.UTC)
    assert (found.author, found.source, found.signers) == ("Security Team", "vex.json", ("security",))
    assert found.products == (VexProduct((PURL,)),)
    assert found.reason == "vulnerable code not in execute path"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "no JSON object"),
        ({"statements": []}, "@context"),
        (document(author=""), "author"),
        (document(statements=[]), "no statements"),
        (document(statements={}), "no list"),
        (document(timestamp="soon"), "timestamp"),
        (document(timestamp=None), "neither has the document"),
        (document({**STATEMENT, "status": "fine"}), "'fine'"),
        (document({**STATEMENT, "justification": "because"}), "'because'"),
        (document({**STATEMENT, "justification": None}), "not why"),
        (document({**STATEMENT, "status": "affected", "justification": None}), "what to do"),
        (document({**STATEMENT, "products": []}), "no product"),
        (document({**STATEMENT, "products": [{}]}), "identifier"),
        (document({**STATEMENT, "vulnerability": {}}), "no vulnerability"),
        (document({**STATEMENT, "vulnerability": 5}), "no vulnerability"),
        (document("text"), "no object"),  # type: ignore[arg-type]
    ],
)
def test_what_is_not_valid_is_refused_whole(value: Any, reason: str) -> None:
    with pytest.raises(VexError, match=reason):
        read_vex(value, "vex.json")


def test_an_impact_statement_will_do() -> None:
    found = held({**STATEMENT, "justification": None, "impact_statement": "only safetensors are loaded"})
    assert found is not None
    assert found.reason == "only safetensors are loaded"


@pytest.mark.parametrize(
    ("identifier", "covered"),
    [
        ("pkg:pypi/torch@2.5.1", True),
        ("pkg:pypi/torch@2.5.1.0", True),
        ("pkg:pypi/Torch", True),
        ("pkg:pypi/torch", True),
        ("pkg:pypi/torch@2.5.0", False),
        ("pkg:pypi/torch@2.5.1?extension=whl", False),
        ("pkg:pypi/torchvision", False),
        ("pkg:npm/torch@2.5.1", False),
        ("torch", False),
        ("https://example.org/torch", False),
    ],
)
def test_products(identifier: str, covered: bool) -> None:
    assert (held({**STATEMENT, "products": [{"@id": identifier}]}) is not None) == covered
    named = {"@id": "https://example.org/x", "identifiers": {"purl": identifier}}
    assert (held({**STATEMENT, "products": [named]}) is not None) == covered


def test_a_purl_with_qualifiers_covers_that_variant() -> None:
    wheel = Component("torch", "2.5.1", purl="pkg:pypi/torch@2.5.1?extension=whl&x=y")
    assert product_matches(VexProduct(("pkg:pypi/torch?extension=whl",)), wheel)
    assert not product_matches(VexProduct(("pkg:pypi/torch?extension=sdist",)), wheel)


def test_digests_decide_where_both_have_them() -> None:
    digest = "a" * 64
    component = Component("torch", "2.5.1", purl=PURL, hashes=(Digest("sha256", digest),))
    assert product_matches(VexProduct(("urn:x",), (f"sha256:{digest}",)), component)
    assert not product_matches(VexProduct((PURL,), ("sha256:" + "b" * 64,)), component)
    assert product_matches(VexProduct((PURL,), ("sha512:" + "b" * 128,)), component)


def test_subcomponents_count_within_their_product() -> None:
    product = {"@id": "pkg:oci/my-model", "subcomponents": [{"@id": PURL}]}
    statement = {**STATEMENT, "products": [product]}
    assert held(statement) is None
    mine = Component("my-model", purl="pkg:oci/my-model@sha256:1")
    assert held(statement, subject=mine) is not None
    assert held(statement, subject=Component("other", purl="pkg:oci/other")) is None
    elsewhere = {"@id": "pkg:oci/my-model", "subcomponents": [{"@id": "pkg:pypi/keras"}]}
    assert held({**STATEMENT, "products": [elsewhere]}, subject=mine) is None
    assert held({**STATEMENT, "products": [{"@id": "pkg:oci/my-model"}]}, subject=mine) is not None
    assert held({**STATEMENT, "products": [{"@id": "my-model"}]}, subject=mine) is not None


@pytest.mark.parametrize("name", ["CVE-2025-32434", "cve-2025-32434", "GHSA-53q9-r3pm-6pq6"])
def test_by_any_of_its_names(name: str) -> None:
    assert held({**STATEMENT, "vulnerability": {"name": name}}) is not None
    assert held({**STATEMENT, "vulnerability": {"@id": f"https://nvd.nist.gov/vuln/detail/{name}"}}) is not None
    assert held({**STATEMENT, "vulnerability": name}) is not None
    assert held({**STATEMENT, "vulnerability": {"name": "CVE-1"}}) is None


def test_a_distributions_entry_about_one_problem_of_upstream() -> None:
    one = Match(TORCH, "DEBIAN-CVE-1", ("DEBIAN-CVE-1",), upstream=("CVE-2025-32434",))
    several = Match(TORCH, "DSA-1", ("DSA-1",), upstream=("CVE-2025-32434", "CVE-2"))
    assert held(match=one) is not None
    assert held(match=several) is None


def test_the_last_statement_holds() -> None:
    first = {**STATEMENT, "timestamp": "2026-01-01T00:00:00Z"}
    second = {
        "vulnerability": "CVE-2025-32434",
        "products": [{"@id": "pkg:pypi/torch"}],
        "timestamp": "2026-02-01T00:00:00Z",
        "status": "affected",
        "action_statement": "update",
    }
    for order in ((first, second), (second, first)):
        found = held(*order)
        assert found is not None
        assert found.status is VexStatus.AFFECTED
        assert found.action == "update"


def test_of_one_time_the_more_cautious_holds() -> None:
    doubtful = {**STATEMENT, "status": "under_investigation", "justification": None}
    for order in ((STATEMENT, doubtful), (doubtful, STATEMENT)):
        found = held(*order)
        assert found is not None
        assert found.status is VexStatus.UNDER_INVESTIGATION


def test_statements_of_the_future_do_not_count_yet() -> None:
    statements = Statements(read_vex(document(timestamp="2027-01-01T00:00:00Z"), "vex.json"), NOW)
    assert statements.early == 1
    assert statements.apply(MATCH).vex is None


@pytest.mark.parametrize(
    ("status", "suppressed"),
    [("not_affected", True), ("fixed", True), ("affected", False), ("under_investigation", False)],
)
def test_what_suppresses(status: str, suppressed: bool) -> None:
    statement = {**STATEMENT, "status": status, "action_statement": "update", "impact_statement": "why"}
    match = Statements(read_vex(document(statement), "vex.json"), NOW).apply(MATCH)
    assert match.suppressed == suppressed


# -- CycloneDX ----------------------------------------------------------------------------------------------


def bill(*vulnerabilities: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": "2026-01-01T00:00:00Z", "authors": [{"name": "Me"}]},
        "components": [
            {"bom-ref": "1", "name": "app", "components": [{"bom-ref": "2", "name": "torch", "purl": PURL}]},
            {"bom-ref": "3", "name": "torch", "purl": "pkg:pypi/torch"},
        ],
        "vulnerabilities": list(vulnerabilities),
    } | more


def analysed(state: str, ref: str = "2", **more: Any) -> dict[str, Any]:
    return {"id": "CVE-2025-32434", "analysis": {"state": state, **more}, "affects": [{"ref": ref}]}


@pytest.mark.parametrize(
    ("state", "more", "status"),
    [
        ("not_affected", {"justification": "code_not_reachable"}, VexStatus.NOT_AFFECTED),
        ("false_positive", {}, VexStatus.NOT_AFFECTED),
        ("resolved", {}, VexStatus.FIXED),
        ("exploitable", {}, VexStatus.AFFECTED),
        ("in_triage", {}, VexStatus.UNDER_INVESTIGATION),
    ],
)
def test_cyclonedx(state: str, more: dict[str, Any], status: VexStatus) -> None:
    for ref in ("2", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#2", PURL):
        (found,) = read_vex(bill(analysed(state, ref, **more)), "bom.json")
        assert found.status is status
        match = Statements([found], NOW).apply(MATCH)
        assert match.vex is found


def test_cyclonedx_versions_and_what_says_nothing() -> None:
    value = analysed("in_triage", "3")
    value["affects"][0]["versions"] = [{"version": "2.5.1"}, {"range": "vers:pypi/<1"}]
    (found,) = read_vex(bill(value), "bom.json")
    assert found.products == (VexProduct(("pkg:pypi/torch@2.5.1",)),)
    assert read_vex(bill({"id": "CVE-1"}, analysed("in_triage", "unknown")), "bom.json") == ()
    assert read_vex(bill(), "bom.json") == ()


@pytest.mark.parametrize(
    "value", [analysed("not_affected"), analysed("whatever"), {"analysis": {"state": "resolved"}}, 5]
)
def test_cyclonedx_that_is_not_valid(value: Any) -> None:
    with pytest.raises(VexError):
        read_vex(bill(value), "bom.json")


# -- hostile ----------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([PURL, "fixed", "CVE-1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*document(), *STATEMENT, "@id", "name", "analysis", "affects", "ref"]), inner, max_size=5
        )
    ),
    max_leaves=15,
)


@given(json_values, st.booleans())
def test_any_json_is_read_or_refused(value: Any, as_bill: bool) -> None:
    whole = bill(vulnerabilities=value) if as_bill else document(statements=value)
    for candidate in (value, whole):
        try:
            statements = read_vex(candidate, "x")
        except VexError:
            continue
        Statements(statements, NOW, TORCH).apply(MATCH)


@pytest.mark.parametrize(
    ("component", "purl"),
    [
        (TORCH, PURL),
        (Component("torch", "2.5.1+cu118", ecosystem="PyPI"), "pkg:pypi/torch@2.5.1%2Bcu118"),
        (Component("@scope/x", "1", ecosystem="npm"), "pkg:npm/%40scope/x@1"),
        (Component("a:b", "1", ecosystem="Maven"), "pkg:maven/a/b@1"),
        (Component("x", "1", purl="pkg:deb/debian/x?arch=amd64"), "pkg:deb/debian/x@1?arch=amd64"),
        (Component("x", "1", ecosystem="Unheard"), "pkg:generic/x@1"),
    ],
)
def test_purl_of(component: Component, purl: str) -> None:
    assert purl_of(component) == purl
