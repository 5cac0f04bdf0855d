"""What is examined, under which names, and what is left out."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from violet.domain import Failed, Finding, Skipped, UsageError
from violet.policy import BY_CHOICE
from violet.services.options import IgnoreSource
from violet.services.walk import LEFT_OUT, Walk


def walk(*paths: Path | str, ignore: tuple[IgnoreSource, ...] = (), obeyed: tuple[str, ...] = ()) -> Walk:
    walked = Walk(ignore, obeyed)
    for path in paths:
        walked.add(str(path))
    walked.finish()
    return walked


def logical(walked: Walk) -> list[str]:
    return [target.logical for target in walked.targets]


def skipped(walked: Walk) -> dict[str, str]:
    return {Path(o.location.path).name: o.what for o in walked.outcomes if isinstance(o, Skipped)}


def source(base: Path, *lines: str, found: bool = True) -> IgnoreSource:
    return IgnoreSource(".violetignore", tuple(enumerate(lines, 1)), str(base), found)


def test_names_are_relative_and_sorted(zoo: Path) -> None:
    assert logical(walk(zoo)) == ["below/evil.pkl", "below/good.pkl", "evil.pkl", "good.pkl"]


def test_a_file_goes_by_its_name(zoo: Path) -> None:
    walked = walk(zoo / "evil.pkl")
    assert logical(walked) == ["evil.pkl"]
    assert walked.targets[0].root == str(zoo)


def test_same_names_from_different_roots_are_told_apart(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(zoo)
    assert logical(walk("evil.pkl", "below/evil.pkl")) == ["evil.pkl", "below/evil.pkl"]


@pytest.mark.parametrize("name", ["nothing", "nul\0"])
def test_what_does_not_exist_is_wrong_usage(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        walk(tmp_path / name)


def test_links_to_files_are_followed_and_leaving_is_told(zoo: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.bin"
    outside.write_bytes(b"x")
    (zoo / "link.bin").symlink_to(outside)
    walked = walk(zoo)
    assert "link.bin" in logical(walked)
    findings = [o for o in walked.outcomes if isinstance(o, Finding)]
    assert [f.rule for f in findings] == ["supply_chain/link-leaves-root"]


def test_dangling_links_fail(zoo: Path) -> None:
    (zoo / "gone").symlink_to("nowhere")
    (failed,) = [o for o in walk(zoo).outcomes if isinstance(o, Failed)]
    assert failed.location.path == str(zoo / "gone")
    with pytest.raises(UsageError):
        walk(zoo / "gone")


def test_link_loops_end(zoo: Path) -> None:
    (zoo / "round").symlink_to("round")
    (zoo / "back").symlink_to("..")
    (zoo / "below" / "up").symlink_to("../../zoo")
    walked = walk(zoo)
    assert len(walked.targets) == 4
    assert skipped(walked)["up"] == "duplicate"
    assert skipped(walked)["back"] == "directory link"


def test_special_files_are_skipped_not_opened(zoo: Path) -> None:
    os.mkfifo(zoo / "pipe.pkl")
    listening = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(zoo)
    try:
        listening.bind("s.pkl")
    finally:
        os.chdir(here)
        listening.close()
    (zoo / "null").symlink_to("/dev/null")
    walked = walk(zoo)
    assert {"pipe.pkl", "s.pkl", "null"} <= set(skipped(walked))
    assert not set(skipped(walked).values()) & BY_CHOICE
    assert len(walked.targets) == 4


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_some_directories_are_not_entered_unless_named(zoo: Path, name: str) -> None:
    (zoo / name).mkdir()
    (zoo / name / "x.pkl").write_bytes(b"x")
    walked = walk(zoo)
    assert skipped(walked) == {name: LEFT_OUT[name]}
    assert LEFT_OUT[name] in BY_CHOICE
    assert logical(walk(zoo / name)) == ["x.pkl"]


def test_the_same_file_twice_is_examined_once(zoo: Path) -> None:
    (zoo / "copy").mkdir()
    os.link(zoo / "evil.pkl", zoo / "copy" / "evil.pkl")
    os.link(zoo / "evil.pkl", zoo / "copy" / "renamed.safetensors")
    walked = walk(zoo)
    assert "copy/renamed.safetensors" in logical(walked)  # another name may mean another reading
    assert len([name for name in logical(walked) if name.endswith("evil.pkl")]) == 2
    assert "duplicate" in skipped(walked).values()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_directories_fail(zoo: Path) -> None:
    (zoo / "below").chmod(0)
    try:
        assert [o for o in walk(zoo).outcomes if isinstance(o, Failed)]
    finally:
        (zoo / "below").chmod(0o755)


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are Unicode there")
def test_names_that_are_no_unicode(zoo: Path) -> None:
    Path(os.fsdecode(os.path.join(os.fsencode(zoo), b"\xff.pkl"))).write_bytes(b"x")
    assert "\udcff.pkl" in logical(walk(zoo))


def cache(root: Path) -> Path:
    """A Hugging Face cache with one repository, of two revisions that share a blob, and a blob of none."""
    home = root / "hub" / "models--org--name"
    for folder in ("blobs", "refs", "snapshots/r1", "snapshots/r2/sub"):
        (home / folder).mkdir(parents=True)
    for number in (1, 2, 3):
        (home / "blobs" / f"{number:064d}").write_bytes(b"x" * number)
    (home / "refs" / "main").write_text("r2", encoding="ascii")
    (home / "snapshots" / "r1" / "model.bin").symlink_to(f"../../blobs/{1:064d}")
    (home / "snapshots" / "r2" / "model.bin").symlink_to(f"../../blobs/{1:064d}")
    (home / "snapshots" / "r2" / "sub" / "config.json").symlink_to(f"../../../blobs/{2:064d}")
    return home


@pytest.mark.parametrize("start", [".", "models--org--name"])
def test_hugging_face_caches_are_shown_by_snapshot(tmp_path: Path, start: str) -> None:
    home = cache(tmp_path)
    walked = walk(home.parent / start)
    prefix = "models--org--name/" if start == "." else ""
    assert logical(walked) == [
        f"{prefix}refs/main",
        f"{prefix}snapshots/r1/model.bin",
        f"{prefix}snapshots/r2/sub/config.json",
        f"{prefix}blobs/{3:064d}",
    ]
    assert not [o for o in walked.outcomes if isinstance(o, Finding)]
    assert [o.what for o in walked.outcomes if isinstance(o, Skipped)] == ["duplicate"]


def test_one_snapshot_of_a_cache_does_not_leave_its_root(tmp_path: Path) -> None:
    home = cache(tmp_path)
    walked = walk(home / "snapshots" / "r2")
    assert logical(walked) == ["model.bin", "sub/config.json"]
    assert not walked.outcomes
    assert {target.root for target in walked.targets} == {str(home)}


def test_links_out_of_a_cache_are_told(tmp_path: Path) -> None:
    home = cache(tmp_path)
    (tmp_path / "secret").write_bytes(b"x")
    (home / "snapshots" / "r1" / "tokenizer.json").symlink_to("../../../../secret")
    findings = [o for o in walk(home).outcomes if isinstance(o, Finding)]
    assert [f.logical_path for f in findings] == ["snapshots/r1/tokenizer.json"]


def test_ignored_files_and_directories_are_told_with_their_line(zoo: Path) -> None:
    walked = walk(zoo, ignore=(source(zoo, "# not these", "evil.pkl", "!/evil.pkl", "nothing"),))
    assert logical(walked) == ["below/good.pkl", "evil.pkl", "good.pkl"]
    (entry,) = [o for o in walked.outcomes if isinstance(o, Skipped)]
    assert (entry.reason, entry.what) == ("ignored by .violetignore:2", "ignored")
    assert walk(zoo, ignore=(source(zoo, "below/"),)).ignored == 1


def test_patterns_count_from_the_directory_of_their_file(zoo: Path, tmp_path: Path) -> None:
    above = source(tmp_path, "/zoo/evil.pkl")
    assert logical(walk(zoo, ignore=(above,))) == ["below/evil.pkl", "below/good.pkl", "good.pkl"]
    below = source(zoo / "below", "/evil.pkl")
    assert logical(walk(zoo, ignore=(below,))) == ["below/good.pkl", "evil.pkl", "good.pkl"]


def test_patterns_found_elsewhere_say_nothing_but_named_ones_do(zoo: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert len(walk(zoo, ignore=(source(elsewhere, "*"),)).targets) == 4
    assert not walk(zoo, ignore=(source(elsewhere, "*", found=False),)).targets


def test_what_is_named_is_examined_whatever_the_patterns_say(zoo: Path) -> None:
    assert logical(walk(zoo / "evil.pkl", ignore=(source(zoo, "*"),))) == ["evil.pkl"]


def test_settings_inside_are_told_and_not_obeyed(zoo: Path) -> None:
    (zoo / "below" / ".violetignore").write_text("*\n", encoding="utf-8")
    (zoo / "violet.toml").write_text("", encoding="utf-8")
    walked = walk(zoo, obeyed=(str(zoo / "violet.toml"),))
    messages = {o.logical_path: o.message for o in walked.outcomes if isinstance(o, Finding)}
    assert "not obeyed" in messages["below/.violetignore"]
    assert "in force" in messages["violet.toml"]
    assert "below/evil.pkl" in logical(walked)
