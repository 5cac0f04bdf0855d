"""The digest of an artifact: what is in it, what is refused, and that a shell prints the same."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain import Digest, VioletError
from violet.provenance.hashing import BUFFER, SMALL, Task, hash_all, new_hash
from violet.provenance.hashing_walk import ChangedError, open_beneath, open_root, unchanged, unlistable, walk
from violet.provenance.identity import identify


def build(root: Path, files: dict[str, bytes]) -> str:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return str(root)


FILES = {
    "config.json": b"{}",
    "weights/model-00001.bin": b"w" * (SMALL + 1),
    "weights/model-00002.bin": b"v" * (3 * BUFFER + 7),
    "Zebra.txt": b"upper case comes first",
    "empty": b"",
    "sub/deep/er/x": b"x",
    "name with spaces & 'quotes'": b"q",
    "-dash": b"d",
    "ünïcode-模型.bin": b"u",
    "[pattern]*?": b"p",
    "sub/.git/kept": b"only the top one is left out",
}
LEFT_OUT = {".git/config": b"g", ".gitattributes": b"a", ".github/workflow.yml": b"h", ".gitignore": b"i"}


def shell(command: str, cwd: Path) -> str:
    """What a shell prints for the command: the digest."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=cwd, check=True)
    assert not done.stderr
    return done.stdout.split()[0]


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_a_directory_has_the_digest_that_a_shell_prints(tmp_path: Path, jobs: int) -> None:
    build(tmp_path / "model", FILES | LEFT_OUT)
    identity = identify(str(tmp_path / "model"), jobs=jobs, cache=False)
    assert identity.digest.algorithm == "dirHash"
    assert {file.path for file in identity.files} == FILES.keys()
    assert all(file.digest.value == hashlib.sha256(FILES[file.path]).hexdigest() for file in identity.files)
    assert [file.path for file in identity.files] == sorted(FILES, key=os.fsencode)
    assert identity.size == sum(map(len, FILES.values()))
    assert shell(identity.command("model"), tmp_path) == identity.digest.value
    assert shell(identity.command(str(tmp_path / "model")), Path("/")) == identity.digest.value


def test_as_the_specification_computes_it(tmp_path: Path) -> None:
    """in-toto attestation, DigestSet, dirHash: the command that the specification gives."""
    build(tmp_path, {"b/2": b"two", "a": b"one", "c-3": b"three"})
    command = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum"
    assert shell(command, tmp_path) == identify(str(tmp_path), cache=False).digest.value


def test_a_file(tmp_path: Path) -> None:
    for name in ("model.bin", "-rf", "it's $HOME `x`"):
        (tmp_path / name).write_bytes(b"content")
        identity = identify(str(tmp_path / name))
        assert identity.digest == Digest("sha256", hashlib.sha256(b"content").hexdigest())
        assert not identity.is_directory
        assert shell(identity.command(name), tmp_path) == identity.digest.value


def test_an_empty_directory(tmp_path: Path) -> None:
    identity = identify(str(tmp_path))
    assert identity.files == ()
    assert shell(identity.command("."), tmp_path) == identity.digest.value


def test_what_is_left_out_is_in_the_command(tmp_path: Path) -> None:
    build(tmp_path / "model", FILES)
    identity = identify(
        str(tmp_path / "model"), ignore=("sub/", "./[pattern]*?", "absent", "../config.json"), cache=False
    )
    assert identity.ignored == ("[pattern]*?", "sub")
    assert not any(file.path.startswith("sub/") for file in identity.files)
    assert shell(identity.command("model"), tmp_path) == identity.digest.value


def test_the_name_of_a_file_is_part_of_it(tmp_path: Path) -> None:
    build(tmp_path / "a", {"x": b"1", "y": b"2"})
    build(tmp_path / "b", {"x": b"2", "y": b"1"})
    assert identify(str(tmp_path / "a")).digest != identify(str(tmp_path / "b")).digest


def test_progress_counts_bytes(tmp_path: Path) -> None:
    build(tmp_path, FILES)
    calls: list[tuple[int, int, str]] = []
    for jobs in (1, 2):
        identity = identify(str(tmp_path), jobs=jobs, cache=False, progress=lambda *seen: calls.append(seen))
        assert all(done <= total == identity.size for done, total, _ in calls)
    assert max(done for done, _, _ in calls) == identity.size


@pytest.mark.parametrize("name", ["a\nb", "a\\b", "a\rb", "a\x7f", b"\xff.bin"])
def test_names_that_could_be_misread_are_refused(tmp_path: Path, name: str | bytes) -> None:
    (tmp_path / "fine").write_bytes(b"")
    with open(os.path.join(os.fsencode(tmp_path), os.fsencode(name)), "wb"):
        pass
    with pytest.raises(VioletError, match="name") as caught:
        identify(str(tmp_path))
    assert "\n" not in caught.value.diagnostics()
    caught.value.diagnostics().encode("utf-8")


@given(st.text(min_size=1, max_size=20).filter(lambda name: "/" not in name and "\0" not in name))
def test_listable_names_make_lines_that_can_be_read_back(name: str) -> None:
    if unlistable(name):
        return
    line = f"{'0' * 64}  {name}\n".encode()
    assert line.count(b"\n") == 1
    assert line.decode().removesuffix("\n")[66:] == name


def test_links_are_refused_by_name(tmp_path: Path) -> None:
    build(tmp_path / "model", {"real": b"1"})
    (tmp_path / "model" / "alias").symlink_to("real")
    with pytest.raises(VioletError, match=r"model/alias is a symbolic link\."):
        identify(str(tmp_path / "model"))
    identity = identify(str(tmp_path / "model"), links=True)
    assert [file.path for file in identity.files] == ["alias", "real"]
    assert len({file.digest for file in identity.files}) == 1
    assert shell(identity.command("model"), tmp_path) == identity.digest.value


@pytest.mark.parametrize("target", ["../secret", "/etc/hostname", "down/../../secret", "."])
@pytest.mark.parametrize("links", [False, True])
def test_links_never_lead_out(tmp_path: Path, target: str, links: bool) -> None:
    build(tmp_path, {"secret": b"s", "model/down/x": b""})
    (tmp_path / "model" / "out").symlink_to(target)
    with pytest.raises(VioletError, match="out is a symbolic link out of the model"):
        identify(str(tmp_path / "model"), links=links)


@pytest.mark.parametrize("target", ["down", "nothing", "loop"])
def test_links_to_anything_but_files_are_refused(tmp_path: Path, target: str) -> None:
    build(tmp_path, {"down/x": b""})
    (tmp_path / "loop").symlink_to(target)
    with pytest.raises(VioletError, match="loop is a symbolic link"):
        identify(str(tmp_path), links=True)


def test_a_link_that_the_user_names_is_followed(tmp_path: Path) -> None:
    build(tmp_path / "v1", {"x": b"1"})
    (tmp_path / "current").symlink_to("v1")
    assert identify(str(tmp_path / "current")).digest == identify(str(tmp_path / "v1")).digest


def make_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # addresses of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize(("make", "what"), [(os.mkfifo, "named pipe"), (make_socket, "socket")], ids=["pipe", "socket"])
def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path, make: Callable[[Path], None], what: str) -> None:
    make(tmp_path / "odd")
    with pytest.raises(VioletError, match=what):
        identify(str(tmp_path))
    with pytest.raises(VioletError, match=what):
        identify(str(tmp_path / "odd"))


def test_devices_and_absent_paths(tmp_path: Path) -> None:
    with pytest.raises(VioletError, match="character device"):
        identify("/dev/zero")
    with pytest.raises(VioletError, match="does not exist"):
        identify(str(tmp_path / "absent"))
    with pytest.raises(VioletError, match="no path"):
        identify("a\0b")


def test_depth_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 102)).mkdir(parents=True)
    with pytest.raises(VioletError, match="directories deep"):
        identify(str(tmp_path))


@contextmanager
def somebody_else() -> Iterator[Path]:
    """A directory of a user whom permissions hold for, also where the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.geteuid() == 0
        if root:
            os.chown(folder, 65534, 65534)
            os.chmod(os.path.dirname(folder), os.stat(os.path.dirname(folder)).st_mode | 0o001)
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)


@pytest.mark.parametrize("unreadable", ["secret", "down"])
def test_unreadable_things_are_named(unreadable: str) -> None:
    with somebody_else() as folder:
        build(folder, {"secret": b"s", "down/x": b"x"})
        (folder / unreadable).chmod(0)
        try:
            with pytest.raises(VioletError, match=rf"{unreadable} cannot be read: Permission denied") as caught:
                identify(str(folder))
        finally:
            (folder / unreadable).chmod(0o700)
    assert caught.value.exit_code == 3


def once(action: Callable[[], object]) -> Callable[[int, int, str], None]:
    """A progress function that interferes, once, in the middle of the file."""
    done: list[bool] = []

    def progress(count: int, total: int, _path: str) -> None:
        if not done and 0 < count < total:
            done.append(True)
            action()

    return progress


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def rewrite(path: Path) -> None:
    """As a careful attacker would: same size, and the time of modification set back."""
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"X")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    "change", [append, rewrite, lambda path: os.truncate(path, 10)], ids=["grow", "rewrite", "cut"]
)
def test_a_file_that_changes_while_it_is_hashed(tmp_path: Path, change: Callable[[Path], object]) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"m" * (4 * BUFFER))
    with pytest.raises(ChangedError, match=r"model\.bin .* while it was being hashed"):
        identify(str(model), cache=False, progress=once(lambda: change(model)))


def test_a_directory_that_gains_a_file_meanwhile(tmp_path: Path) -> None:
    build(tmp_path / "model", {"a": b"m" * (4 * BUFFER)})
    with pytest.raises(ChangedError, match="model changed while"):
        identify(str(tmp_path / "model"), cache=False, progress=once(lambda: (tmp_path / "model" / "b").touch()))


def test_swaps_between_finding_and_opening(tmp_path: Path) -> None:
    """What ``walk`` found is opened without following links, and must be the same file."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"1")

    def to_link(path: Path) -> None:
        path.unlink()
        path.symlink_to(secret)

    def to_other(path: Path) -> None:
        (tmp_path / "other").write_bytes(path.read_bytes())
        (tmp_path / "other").rename(path)

    def to_pipe(path: Path) -> None:
        path.unlink()
        os.mkfifo(path)

    def parent_to_link(path: Path) -> None:
        path.parent.rename(tmp_path / "moved")
        path.parent.symlink_to(tmp_path / "moved")

    def to_link_to_itself(path: Path) -> None:
        path.rename(tmp_path / "itself")
        path.symlink_to(tmp_path / "itself")

    swaps = (to_link, to_other, to_pipe, Path.unlink, parent_to_link, to_link_to_itself)
    for number, swap in enumerate(swaps):
        model = tmp_path / f"model{number}"
        build(model, {"down/w": b"1", "down/v": b"2"})
        tree = walk(str(model))
        swap(model / "down" / "w")
        with pytest.raises(ChangedError):
            hash_all(tree, [Task(file) for file in tree.files])


def test_no_link_on_the_way_is_followed(tmp_path: Path) -> None:
    build(tmp_path, {"real/x": b"1"})
    (tmp_path / "alias").symlink_to("real")
    root = open_root(str(tmp_path))
    try:
        os.close(open_beneath(root, "real/x"))
        with pytest.raises(OSError, match=r"alias|Not a directory|symbolic"):
            os.close(open_beneath(root, "alias/x"))
    finally:
        os.close(root)


def test_descriptors_are_closed(tmp_path: Path) -> None:
    build(tmp_path, FILES)
    (tmp_path / "odd").symlink_to("nothing")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(VioletError):
            identify(str(tmp_path))
        tree = walk(str(tmp_path), ignore=("odd",))
        hash_all(tree, [Task(file) for file in tree.files], jobs=2)
        unchanged(tree)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("algorithm", ["sha256", "blake2b", "blake3"])
def test_parts_of_files(tmp_path: Path, algorithm: str) -> None:
    content = os.urandom(5 * BUFFER + 11)
    (tmp_path / "big").write_bytes(content)
    tree = walk(str(tmp_path))
    cuts = [(0, 1), (1, BUFFER), (BUFFER, 5 * BUFFER + 11), (0, None)]
    tasks = [Task(tree.files[0], (algorithm, "sha256"), start, end) for start, end in cuts]
    for (start, end), (own, sha256) in zip(cuts, hash_all(tree, tasks, jobs=3), strict=True):
        expected = new_hash(algorithm)
        expected.update(content[start:end])
        assert own == expected.hexdigest()
        assert sha256 == hashlib.sha256(content[start:end]).hexdigest()


def test_weak_hashes_are_refused() -> None:
    for name in ("md5", "sha1", "crc32", ""):
        with pytest.raises(VioletError, match="no hash"):
            new_hash(name)


def test_an_interruption_ends_all_threads(tmp_path: Path) -> None:
    build(tmp_path, {f"{number}": b"x" * (8 << 20) for number in range(4)})

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    import threading

    for jobs in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            identify(str(tmp_path), jobs=jobs, cache=False, progress=interrupt)
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("hash-")]
