"""What is written is written whole or not at all; what is read is a regular file of the store's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from violet.domain import Digest, UsageError
from violet.provenance import stores
from violet.provenance.identity import stem
from violet.provenance.stores import DirectoryStore, beside, file_name, read, write_once

SUBJECT = Digest("sha256", "ab" * 32)


@pytest.mark.parametrize(
    ("path", "directory"),
    [("m.pkl", "m.pkl.attestations"), ("m/", "m.attestations"), ("a/b//", "a/b.attestations")],
)
def test_beside(path: str, directory: str) -> None:
    assert beside(path).path == directory
    assert not beside(path).shared
    assert beside(path, "evidence") == DirectoryStore("evidence", shared=True)


def test_the_working_directory_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert stem(".") == str(tmp_path)
    assert stem("./") == str(tmp_path)


def test_names_tell_type_subject_and_content() -> None:
    name = file_name("test-result", SUBJECT, b"{}")
    assert name == "test-result-abababababababab-44136fa355b3678a.dsse.json"
    assert file_name("https://example.com/Über/v1", SUBJECT, b"{}").startswith("https-example-com-ber-v1-abab")
    assert file_name("://", SUBJECT, b"{}").startswith("statement-abab")


def test_the_same_content_is_written_once(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path / "s"))
    assert store.write("vex", SUBJECT, b"one") == store.write("vex", SUBJECT, b"one")
    assert store.write("vex", SUBJECT, b"two") != store.write("vex", SUBJECT, b"one")
    assert len(list(store.entries())) == 2


@pytest.mark.parametrize("unnamed", [True, False])
def test_either_way_of_writing_leaves_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unnamed: bool
) -> None:
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    target = tmp_path / "s" / "x.dsse.json"
    write_once(str(target), b"content")
    assert target.read_bytes() == b"content"
    assert os.listdir(target.parent) == ["x.dsse.json"]


def test_what_is_in_the_way_is_replaced(tmp_path: Path) -> None:
    """A file that is called like its content and is not it (half a download) does not stay."""
    target = tmp_path / "x.dsse.json"
    target.write_bytes(b"half")
    write_once(str(target), b"whole")
    assert target.read_bytes() == b"whole"


def test_errors_are_explained_and_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_once(str(tmp_path / "file" / "x.dsse.json"), b"content")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        write_once(str(tmp_path / "s" / "x.dsse.json"), b"content")
    assert os.listdir(tmp_path / "s") == []


_KILLED = """
import os, sys
sys.path.insert(0, sys.argv[2])
from violet.provenance import stores
if sys.argv[3] == "named":
    del os.O_TMPFILE
wait = os.fsync
def fsync(descriptor):
    print("writing", flush=True)
    import time
    time.sleep(60)
os.fsync = fsync
stores.write_once(sys.argv[1], b"x" * 100_000)
"""


@pytest.mark.parametrize("way", ["unnamed", "named"])
def test_killed_while_writing(tmp_path: Path, way: str) -> None:
    target = tmp_path / "s" / "x.dsse.json"
    source = str(Path(stores.__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(target), source, way], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "writing\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert not target.exists()
    assert list(DirectoryStore(str(target.parent)).entries()) == []
    if way == "unnamed" and hasattr(os, "O_TMPFILE"):
        assert os.listdir(target.parent) == [], "not even a temporary file"
    write_once(str(target), b"again")
    assert read(str(target)).content == b"again"


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "l.dsse.json").symlink_to("secret")
    (tmp_path / "gone.dsse.json").symlink_to("absent")
    os.mkfifo(tmp_path / "p.dsse.json")
    (tmp_path / "d.dsse.json").mkdir()
    problems = {os.path.basename(s.path): s.problem for s in DirectoryStore(str(tmp_path)).entries()}
    assert problems["l.dsse.json"] == problems["gone.dsse.json"] == "it is a link"
    assert problems["p.dsse.json"] == "it is no regular file"
    assert problems["d.dsse.json"] == "it is no regular file"


def test_size_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    assert read(str(tmp_path / "x"), 4).problem == "it is larger than 4 bytes"
    assert read(str(tmp_path / "x"), 5).content == b"12345"


def test_blobs_are_held_to_their_digest(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    digest = store.write_blob(b"report")
    assert store.blob(digest) == b"report"
    (tmp_path / "blobs" / "sha256" / digest.value).write_bytes(b"Report")
    assert store.blob(digest) is None
    assert store.blob(Digest("sha256", "../../etc/passwd")) is None
    assert store.blob(Digest("md5", "00" * 16)) is None


def test_a_shared_store_is_narrowed_by_name_only_where_names_are_ours(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path), shared=True)
    mine = store.write("vex", SUBJECT, b"1")
    other = store.write("vex", Digest("sha256", "cd" * 32), b"2")
    foreign = tmp_path / "anything.dsse.json"
    foreign.write_bytes(b"3")
    assert {s.path for s in store.entries(SUBJECT.value)} == {mine, str(foreign)}
    assert {s.path for s in store.entries()} == {mine, other, str(foreign)}
    assert {s.path for s in store.entries(kinds={"provenance"})} == {str(foreign)}
