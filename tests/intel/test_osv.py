"""Importing exports: what is kept, what is refused, and that nothing is half done."""

from __future__ import annotations

import datetime
import io
import json
import os
import sqlite3
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intel.advisories import ML, NOW, ZERO, add, archive, entry, imported
from violet.domain import Severity, UsageError
from violet.domain.vulnerability import Event, Range, Rating
from violet.intel.osv import database_path, default_directory, open_database, sources
from violet.intel.osv.database import DatabaseError, MissingDatabaseError
from violet.intel.osv.entry import EntryError, parse_entry
from violet.intel.osv.importer import update
from violet.intel.osv.layout import pack_head, pack_rest, unpack
from violet.intel.osv.sources import SourceError

FULL: dict[str, Any] = {
    "schema_version": "1.7.4",
    "id": "X-1",
    "modified": "2026-01-02T03:04:05.120000Z",
    "published": "2026-01-01T01:00:00+01:00",
    "aliases": ["CVE-1", "X-1"],
    "upstream": ["CVE-0"],
    "related": ["X-2"],
    "summary": "  Two\nlines ",
    "severity": [
        {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
        {"type": "CVSS_V3", "score": "bad"},
    ],
    "affected": [
        {
            "package": {"ecosystem": "Debian:12", "name": "openssl", "purl": "pkg:deb/debian/openssl"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.1-1"}]},
                {
                    "type": "GIT",
                    "repo": "https://git.example.org/o.git",
                    "events": [{"introduced": "a" * 40}, {"limit": "b" * 40}],
                },
            ],
            "versions": ["3.0.0-1", "9.9"],
            "ecosystem_specific": {"urgency": "low", "binaries": [{"libssl3": "3.0.1-1"}]},
        }
    ],
    "references": [{"type": "WEB", "url": "https://example.org"}],
    "database_specific": {"severity": "MODERATE", "cwe_ids": ["CWE-79"]},
    "unknown_field": {"is": "ignored"},
}


def test_every_field_is_kept() -> None:
    advisory = parse_entry(FULL)
    assert advisory.id == "X-1"
    assert (advisory.modified, advisory.published) == ("2026-01-02T03:04:05.12Z", "2026-01-01T00:00:00Z")
    assert (advisory.aliases, advisory.upstream, advisory.related) == (("CVE-1",), ("CVE-0",), ("X-2",))
    assert advisory.summary == "Two lines"
    assert advisory.ratings[0].score == 9.8
    assert advisory.ratings[1] == Rating("CVSS_V3", "bad")
    assert advisory.ratings[2] == Rating("database", "MODERATE", None, Severity.MEDIUM)
    assert advisory.cwes == ("CWE-79",)
    assert advisory.references == (("WEB", "https://example.org"),)
    (affected,) = advisory.affected
    assert (affected.ecosystem, affected.name, affected.versions) == ("Debian:12", "openssl", ("3.0.0-1", "9.9"))
    assert affected.ranges[0] == Range("ECOSYSTEM", (Event("introduced", "0"), Event("fixed", "3.0.1-1")))
    assert affected.ranges[1].repo == "https://git.example.org/o.git"
    assert affected.ratings[0].severity is Severity.LOW
    assert json.loads(affected.specific)["binaries"]
    again = unpack(advisory.id, advisory.modified, "", pack_head(advisory), pack_rest(advisory))
    assert again == advisory


def test_details_stand_in_for_a_summary() -> None:
    assert parse_entry(entry("A-1", "x", ZERO, details="First sentence. Second.")).summary == "First sentence."
    assert parse_entry(entry("A-1", "x", ZERO, summary="")).summary == ""
    assert len(parse_entry(entry("A-1", "x", ZERO, details="word " * 900)).summary) <= 400


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"id": "a b"}, "no id"),
        ({"id": "x" * 300}, "no id"),
        ({"modified": "yesterday"}, "modified"),
        ({"modified": None}, "modified"),
        ({"withdrawn": 5}, "withdrawn"),
        ({"aliases": "CVE-1"}, "aliases"),
        ({"aliases": [5]}, "aliases"),
        ({"affected": {}}, "affected"),
        ({"affected": [5]}, "affected"),
        ({"affected": [{"versions": [1]}]}, "version"),
        ({"affected": [{"ranges": [{"type": "X", "events": []}]}]}, "types"),
        ({"affected": [{"ranges": [{"type": "GIT", "events": [{"fixed": "1"}]}]}]}, "introduces nothing"),
        ({"affected": [{"ranges": [{"type": "GIT", "events": [{"introduced": "0", "fixed": "1"}]}]}]}, "event"),
        ({"affected": [{"ranges": [{"type": "GIT", "events": [{"introduced": 0}]}]}]}, "event"),
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": 5}}]}, "name"),
        ({"schema_version": "2.0.0"}, "schema_version"),
        ({"modified": "2026-13-45T00:00:00+02:00"}, "modified"),
    ],
)
def test_what_is_no_entry_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(EntryError, match=reason):
        parse_entry(FULL | change)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FULL, "events", "type", "name"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values, st.dictionaries(st.sampled_from(list(FULL)), json_values, max_size=4))
def test_any_json_is_an_entry_or_refused(value: Any, change: dict[str, Any]) -> None:
    for candidate in (value, FULL | change):
        try:
            advisory = parse_entry(candidate)
        except EntryError:
            continue
        assert (
            unpack(advisory.id, advisory.modified, advisory.withdrawn, pack_head(advisory), pack_rest(advisory))
            == advisory
        )


# -- the database ---------------------------------------------------------------------------------------


def test_import_and_look_up(tmp_path: Path) -> None:
    place = imported(tmp_path / "intel", ML)
    with open_database(str(place)) as database:
        state = database.state()
        assert state.advisories == len(ML)
        assert [(e.name, e.packages) for e in state.ecosystems] == [("PyPI", 8)]
        assert state.imported == "2026-11-23T12:00:00Z"
        assert state.newest == "2026-11-20T00:00:00Z"
        assert state.sources[0].added == len(ML)
        assert state.sources[0].digest.startswith("sha256:")
        assert [row.id for row in database.rows("PyPI", "ray")] == ["CVE-2023-48022"]
        assert [a.id for a in database.advisories("CVE-2025-32434")] == ["GHSA-53q9-r3pm-6pq6", "PYSEC-2025-41"]
        assert database.advisories("GHSA-53q9-r3pm-6pq6")[0].aliases == ("CVE-2025-32434",)
        assert database.knows_ecosystem("PyPI")
        assert not database.knows_ecosystem("npm")
        assert "torch" in list(database.packages("PyPI"))


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    place = imported(tmp_path / "intel", ML)
    other = archive(tmp_path / "other.zip", reversed(ML))
    once = update([str(other)], str(place / "advisories.db"), now=NOW)[0]
    assert (once.source.unchanged, once.source.added, once.source.changed) == (len(ML), 0, 0)
    content = (place / "advisories.db").read_bytes()
    twice = update([str(other)], str(place / "advisories.db"), now=NOW + datetime.timedelta(days=1))[0]
    assert twice.again
    assert (place / "advisories.db").read_bytes() == content


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_later_of_two_versions_stays_whatever_comes_first(tmp_path: Path, order: tuple[int, int]) -> None:
    old = entry("A-1", "old-name", ZERO, aliases=["CVE-OLD"], modified="2026-01-01T00:00:00Z")
    new = entry("A-1", "new-name", ZERO, aliases=["CVE-NEW"], modified="2026-01-01T00:00:00.5Z")
    outcomes = [add(tmp_path, [(old, new)[which]]) for which in order]
    assert outcomes[1].source.changed == (order == (0, 1))
    with open_database(str(tmp_path)) as database:
        assert not database.rows("PyPI", "old-name")
        assert len(database.rows("PyPI", "new-name")) == 1
        assert not database.advisories("CVE-OLD")
        assert database.advisories("CVE-NEW")


def test_twice_in_one_export(tmp_path: Path) -> None:
    both = [entry("A-1", "x", ZERO, modified=f"2026-01-0{day}T00:00:00Z", summary=str(day)) for day in (1, 3, 2)]
    source = tmp_path / "all.json"
    source.write_text(json.dumps(both))
    found = update([str(source)], str(tmp_path / "advisories.db"), now=NOW)[0].source
    assert (found.added, found.changed, found.unchanged) == (1, 1, 1)
    with open_database(str(tmp_path)) as database:
        assert database.advisories("A-1")[0].summary == "3"
        assert len(database.rows("PyPI", "x")) == 1


def test_aliases_hang_together_through_third_ones(tmp_path: Path) -> None:
    chain = [
        entry("A-1", "x", ZERO, aliases=["C-1"]),
        entry("B-1", "x", ZERO, aliases=["D-1"]),
        entry("C-1", "unrelated-package", ZERO, aliases=["D-1"]),
        entry("E-1", "x", ZERO, aliases=["C-1", "F-1"], withdrawn="2026-02-01T00:00:00Z"),
        entry("F-1", "x", ZERO),
    ]
    with open_database(str(imported(tmp_path, chain))) as database:
        rows = {row.id: row for row in database.rows("PyPI", "x")}
        assert rows["A-1"].problem == rows["B-1"].problem is not None
        assert rows["F-1"].problem is None
        assert rows["E-1"].problem is None
        assert set(database.names_of(rows["A-1"].problem or 0)) == {"A-1", "B-1", "C-1", "D-1"}


def test_sources_of_every_shape(tmp_path: Path) -> None:
    folder = tmp_path / "entries"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a.json").write_text(json.dumps(ML[0]))
    (folder / "notes.txt").write_text("no entry")
    os.symlink("/etc/passwd", folder / "link.json")
    lines = tmp_path / "more.jsonl"
    lines.write_text("\n".join(json.dumps(value) for value in ML[1:4]) + "\n\n")
    one = tmp_path / "one.json"
    one.write_text(json.dumps(ML[4]))
    several = tmp_path / "several.json"
    several.write_text(json.dumps(ML[5:7]))
    packed = archive(tmp_path / "all.zip", ML[7:])
    paths = [str(path) for path in (folder, lines, one, several, packed)]
    found = update(paths, str(tmp_path / "db" / "advisories.db"), now=NOW)
    assert [result.source.added for result in found] == [1, 3, 1, 2, len(ML) - 7]
    assert not any(result.source.rejected for result in found)


def test_known_exploited(tmp_path: Path) -> None:
    catalogue = tmp_path / "known_exploited_vulnerabilities.json"
    catalogue.write_text(
        json.dumps(
            {"title": "KEV", "count": 1, "vulnerabilities": [{"cveID": "CVE-2025-32434", "dateAdded": "2026-01-01"}]}
        )
    )
    place = imported(tmp_path / "intel", ML)
    update([str(catalogue)], str(place / "advisories.db"), now=NOW)
    with open_database(str(place)) as database:
        assert database.exploited == {"CVE-2025-32434"}


# -- hostile input ---------------------------------------------------------------------------------------


def test_bad_members_are_refused_and_the_others_imported(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("good.json", json.dumps(ML[0]))
        file.writestr("../../etc/evil.json", json.dumps(entry("EVIL-1", "x", ZERO)))
        file.writestr("deep.json", "[" * 100_000 + "]" * 100_000)
        file.writestr(
            "deeper.json", '{"id":"A-1","modified":"2026-01-01T00:00:00Z","affected":' + "[" * 900 + "]" * 900 + "}"
        )
        file.writestr("text.json", "no JSON")
        file.writestr("number.json", '{"id":"A-2","modified":' + "9" * 5000 + "}")
        file.writestr("latin.json", b'{"id":"\xff"}')
        file.writestr("list.json", json.dumps([ML[1], 5]))
        file.writestr("README.md", "ignored")
    (result,) = update([str(path)], str(tmp_path / "db" / "advisories.db"), now=NOW)
    assert result.source.added == 3
    assert result.source.rejected == 6
    assert len(result.problems) == 6
    assert sorted(os.listdir(tmp_path)) == ["all.zip", "db"]


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_SLACK", 1 << 20)
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(4):
            file.writestr(f"{number}.json", " " * (4 << 20))
    with pytest.raises(SourceError, match="expands"):
        update([str(path)], str(tmp_path / "db" / "advisories.db"), now=NOW)
    assert not os.path.exists(tmp_path / "db" / "advisories.db")


def test_a_member_larger_than_it_says_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_ENTRY", 1000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("big.json", " " * 100_000)
        file.writestr("large.json", " " * 2_000)
    content = bytearray(buffer.getvalue())
    for place in (content.index(b"PK\x03\x04") + 22, content.index(b"PK\x01\x02") + 24):
        content[place : place + 4] = struct.pack("<I", 100)
    path = tmp_path / "all.zip"
    path.write_bytes(content)
    (result,) = update([str(path)], str(tmp_path / "db" / "advisories.db"), now=NOW)
    assert result.source.rejected == 2


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.json", json.dumps(ML[0]) + " " * 2000)
        file.writestr("b.json", json.dumps(ML[0]) + " " * 2000)
    content = bytearray(buffer.getvalue())
    for index in range(len(content) - 4):
        if content[index : index + 4] == b"PK\x01\x02":
            content[index + 20 : index + 24] = struct.pack("<I", len(content))
    path = tmp_path / "all.zip"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="overlap"):
        update([str(path)], str(tmp_path / "advisories.db"), now=NOW)


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(0, 400), st.binary(max_size=8))
def test_damaged_archives(noise: bytes, place: int, patch: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = archive(Path(folder) / "all.zip", ML[:2])
        content = bytearray(path.read_bytes())
        content[place : place + len(patch)] = patch
        path.write_bytes(bytes(content) + noise)
        try:
            (result,) = update([str(path)], f"{folder}/advisories.db", now=NOW)
        except (SourceError, UsageError):
            return
        assert result.source.entries == result.source.added + result.source.rejected


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x05\x06", b"PK\x03\x04" + b"\0" * 100])
def test_truncated_archives_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(content)
    if content:
        with pytest.raises(SourceError):
            update([str(path)], str(tmp_path / "advisories.db"), now=NOW)
    else:
        assert update([str(path)], str(tmp_path / "advisories.db"), now=NOW)[0].source.rejected == 1


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("absent.zip", "pipe.json"):
        with pytest.raises(SourceError):
            update([str(tmp_path / name)], str(tmp_path / "advisories.db"), now=NOW)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no JSON"):
        update([str(tmp_path / "empty")], str(tmp_path / "advisories.db"), now=NOW)


# -- nothing half done -----------------------------------------------------------------------------------


def test_a_failing_import_leaves_the_old_database(tmp_path: Path) -> None:
    place = imported(tmp_path / "intel", ML)
    before = (place / "advisories.db").read_bytes()
    good = archive(tmp_path / "good.zip", [entry("NEW-1", "x", ZERO)])
    with pytest.raises(SourceError):
        update([str(good), str(tmp_path / "absent")], str(place / "advisories.db"), now=NOW)
    assert (place / "advisories.db").read_bytes() == before
    assert sorted(os.listdir(place)) == ["advisories.db", "lock"]


def test_one_import_at_a_time(tmp_path: Path) -> None:
    import fcntl

    place = imported(tmp_path / "intel", ML)
    with open(place / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DatabaseError, match="Another import"):
            add(place, [entry("NEW-1", "x", ZERO)])


def test_replace_starts_from_nothing(tmp_path: Path) -> None:
    place = imported(tmp_path / "intel", ML)
    add(place, [entry("NEW-1", "x", ZERO)], replace=True)
    with open_database(str(place)) as database:
        assert database.state().advisories == 1
        assert not database.rows("PyPI", "torch")


def test_a_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    place = imported(tmp_path / "intel", ML)
    with open_database(str(place)) as database:
        add(place, [entry("NEW-1", "x", ZERO)], replace=True)
        assert database.rows("PyPI", "torch")


def test_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert default_directory() == str(tmp_path / "data" / "violet" / "intel")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert database_path() == str(tmp_path / ".local/share/violet/intel/advisories.db")
    with pytest.raises(MissingDatabaseError, match="No advisories"):
        open_database()
    with pytest.raises(MissingDatabaseError) as caught:
        open_database(str(tmp_path))
    assert "violet intel update FILE" in caught.value.diagnostics()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    path.write_text("nothing of the kind" * 200)
    with pytest.raises(DatabaseError):
        open_database(str(path))
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (a)")
    with pytest.raises(DatabaseError, match="no database of advisories"):
        open_database(str(path))
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA application_id = 0x56494F53")
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(DatabaseError, match="another version"):
        open_database(str(path))


def test_a_damaged_database_says_so(tmp_path: Path) -> None:
    place = imported(tmp_path / "intel", ML)
    path = place / "advisories.db"
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with open_database(str(place)) as database, pytest.raises(DatabaseError, match="cannot be read"):
        database.state()
