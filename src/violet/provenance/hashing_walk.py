"""The files of a model: every one of them, none from elsewhere, and by names that cannot be misread.

The tree is walked by directory descriptors and no link is followed, so that nobody who swaps a directory for a
link meanwhile leads the walk out of the model.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain import VioletError, shell
from violet.provenance.hub_cache import Snapshot, promised, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GIT_PATHS = (".git", ".gitattributes", ".github", ".gitignore")
"""Left out at the top of a directory, as OpenSSF model signing leaves them out: they belong to the repository
that holds the model. Deeper ones are content."""

DEEPEST = 100
"""Directories within directories."""

MOST_FILES = 1_000_000

_DIRECTORY = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Without blocking, because opening a pipe would wait for its writer; for regular files it changes nothing."""


class ChangedError(VioletError):
    """Something changed while it was being read, so that no digest would mean anything."""

    def __init__(self, path: str, how: str = "changed") -> None:
        super().__init__(f"{path} {how} while it was being hashed.", "Try again when nothing writes to it.")


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file of the tree. ``path`` is its name relative to the root with ``/`` (``""``: the root is the
    file); ``target`` where its content lies, which differs from ``path`` for an accepted link. The rest is what
    ``stat`` said of it, and must still hold when it is opened. For a file of a snapshot in a Hugging Face cache,
    ``blob`` is the name of the blob that is its content, and ``link`` the text of the link."""

    path: str
    target: str
    size: int
    device: int
    inode: int
    blob: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Irregular:
    """Something in the tree that is no file and no directory, or whose name cannot be listed; ``what`` says so,
    as in "is a named pipe"."""

    path: str
    what: str
    hint: str = ""


@dataclass(slots=True, eq=False)
class Tree:
    """``root`` as it was given. ``files`` are in the order of their names as bytes; ``ignored`` are the paths
    that exist and were left out."""

    root: str
    is_directory: bool
    files: list[Found] = field(default_factory=list)
    irregular: list[Irregular] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    directories: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    """Path and state of every directory, to see whether one changed meanwhile."""
    snapshot: Snapshot | None = None
    """Where the directory is a snapshot in a Hugging Face cache."""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def shown(self, path: str) -> str:
        """A path of the tree as messages name it."""
        return os.path.join(self.root, path) if path else self.root


def walk(path: str, *, ignore: Iterable[str] = (), links: bool = False) -> Tree:
    """Find the files under ``path``, without those that ``ignore`` names (relative to it; a directory goes with
    all it holds). ``links`` accepts symbolic links to files of the same directory; those of a snapshot in a Hugging
    Face cache to its blobs are files.

    What cannot be part of a model is listed as ``irregular``, for the caller to refuse or to report. Raises
    ``VioletError`` for what cannot be read, and where there are too many files or levels.
    """
    try:
        state = os.stat(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise VioletError(f"{path!r} is no path: {error}.") from error
    tree = Tree(path, stat.S_ISDIR(state.st_mode))
    if not tree.is_directory:
        if not stat.S_ISREG(state.st_mode):
            raise VioletError(f"{path} {_kind(state.st_mode)}.", "Give a file or a directory.")
        tree.files.append(Found("", "", state.st_size, state.st_dev, state.st_ino))
        return tree
    skipped = frozenset(normal for entry in ignore if (normal := _normal(entry)))
    tree.snapshot = snapshot_of(path)
    root = open_root(path)
    try:
        _require_same(tree, root)
        _walk(tree, root, "", skipped, links, 0)
    finally:
        os.close(root)
    tree.files.sort(key=lambda file: os.fsencode(file.path))
    return tree


def refuse_irregular(tree: Tree) -> None:
    """Raise ``VioletError`` for the first thing in the tree that cannot be part of a model."""
    if not tree.irregular:
        return
    first = min(tree.irregular, key=lambda found: os.fsencode(found.path))
    more = f" ({len(tree.irregular) - 1} more like it)" if len(tree.irregular) > 1 else ""
    raise VioletError(f"{printable(tree.shown(first.path))} {first.what}{more}.", first.hint)


def require_promised(tree: Tree, digests: Sequence[str]) -> None:
    """Raise ``VioletError`` for a blob whose SHA-256, the one of ``digests`` in its place, is not the one that its
    name promises: somebody changed it, or it was not downloaded whole."""
    for file, digest in zip(tree.files, digests, strict=True):
        if broken(file, digest):
            raise VioletError(
                f"{printable(tree.shown(file.path))} is not what was downloaded: its blob {file.blob} has the SHA-256"
                f" {digest}.",
                "Remove the blob, and download it again.",
            )


def broken(file: Found, sha256: str) -> bool:
    """Whether the content of a file is not what the name of its blob promises."""
    return promised(file.blob) not in ("", sha256)


def unchanged(tree: Tree) -> None:
    """Raise ``ChangedError`` if a directory gained or lost an entry since it was walked, or a link to a blob, or the
    blob, is another one."""
    if not tree.is_directory:
        return
    root = open_root(tree.root)
    try:
        for path, before in tree.directories:
            descriptor = open_beneath(root, path, directory=True) if path else os.dup(root)
            try:
                state = os.fstat(descriptor)
            finally:
                os.close(descriptor)
            if _state(state) != before:
                raise ChangedError(tree.shown(path))
        for file in tree.files:
            if file.blob and _blob(tree, root, file) != (file.link, file.device, file.inode, file.size):
                raise ChangedError(tree.shown(file.path))
    except OSError as error:
        raise ChangedError(tree.root) from error
    finally:
        os.close(root)


def open_root(path: str) -> int:
    """A descriptor of the directory. A link that the user named is followed: only what lies below must not
    be one."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError as error:
        raise _unreadable(path, error) from error


def open_beneath(root: int, path: str, *, directory: bool = False) -> int:
    """Open ``path``, relative to the directory ``root``, following no link on the way. Raises ``OSError``."""
    *above, name = path.split("/")
    parent = root
    try:
        for part in above:
            below = os.open(part, _DIRECTORY, dir_fd=parent)
            if parent != root:
                os.close(parent)
            parent = below
        return os.open(name, _DIRECTORY if directory else _FILE, dir_fd=parent)
    finally:
        if parent != root:
            os.close(parent)


def open_file(path: str) -> int:
    """Open a file that the user named, following links. Raises ``OSError``."""
    return os.open(path, _FILE & ~os.O_NOFOLLOW)


def unlistable(name: str) -> str:
    """Why a name cannot stand in a listing of digests (``""``: it can).

    A line break would make two listings equal whose files differ, and ``sha256sum`` escapes backslashes where
    other programs do not: such names are refused rather than given a spelling of our own.
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "has a name that is not UTF-8"
    if "\\" in name:
        return "has a backslash in its name"
    if any(character < " " or character == "\x7f" for character in name):
        return "has a control character in its name"
    return ""


def printable(path: str) -> str:
    """``path`` with escapes for what would garble a message."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path)


def _walk(tree: Tree, descriptor: int, prefix: str, skipped: frozenset[str], links: bool, depth: int) -> None:
    if depth > DEEPEST:
        raise VioletError(f"{printable(tree.shown(prefix))} lies more than {DEEPEST} directories deep.")
    state = os.fstat(descriptor)
    tree.directories.append((prefix.removesuffix("/"), _state(state)))
    folders: list[str] = []
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                path = prefix + entry.name
                if path in skipped:
                    tree.ignored.append(path)
                elif why := unlistable(entry.name):
                    tree.irregular.append(Irregular(path, why, "Rename it."))
                elif entry.is_symlink():
                    if not _add_blob(tree, path, os.readlink(entry.name, dir_fd=descriptor)):
                        _add_link(tree, path, links)
                else:
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        _add(tree, path, path, status)
                    elif stat.S_ISDIR(status.st_mode):
                        folders.append(entry.name)
                    else:
                        tree.irregular.append(Irregular(path, _kind(status.st_mode), "Remove it, or leave it out."))
    except FileNotFoundError as error:
        raise ChangedError(tree.shown(prefix)) from error
    except OSError as error:
        raise _unreadable(tree.shown(prefix), error) from error
    for name in sorted(folders):
        path = prefix + name
        try:
            below = os.open(name, _DIRECTORY, dir_fd=descriptor)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ChangedError(tree.shown(path)) from error
        except OSError as error:
            raise _unreadable(tree.shown(path), error) from error
        try:
            _walk(tree, below, path + "/", skipped, links, depth + 1)
        finally:
            os.close(below)


def _add(tree: Tree, path: str, target: str, status: os.stat_result, blob: str = "", link: str = "") -> None:
    if len(tree.files) >= MOST_FILES:
        raise VioletError(f"{tree.root} holds more than {MOST_FILES:,} files.", "Sign its parts one by one.")
    tree.files.append(Found(path, target, status.st_size, status.st_dev, status.st_ino, blob, link))


def _require_same(tree: Tree, root: int) -> None:
    """Raise ``ChangedError`` if what was opened is not the snapshot whose blobs will be read."""
    if tree.snapshot is None:
        return
    place, here = os.path.join(tree.snapshot.home, "snapshots", tree.snapshot.revision), os.fstat(root)
    try:
        there = os.lstat(place)
    except OSError as error:
        raise ChangedError(tree.root) from error
    if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
        raise ChangedError(tree.root, "was replaced")


def _add_blob(tree: Tree, path: str, link: str) -> bool:
    """Whether this is a link of a snapshot to a blob; then it is a file, or irregular."""
    blob = tree.snapshot.blob_of(path, link) if tree.snapshot is not None else ""
    if not blob or tree.snapshot is None:
        return False
    try:
        status = os.lstat(os.path.join(tree.snapshot.blobs, blob))
    except (OSError, ValueError):
        what = f"is a link to the blob {blob}, which does not exist"
        tree.irregular.append(Irregular(path, printable(what), "Download it again."))
        return True
    if not stat.S_ISREG(status.st_mode):
        what = f"is a link to the blob {blob}, which {_kind(status.st_mode)}"
        tree.irregular.append(Irregular(path, printable(what), "Remove the blob, and download it again."))
        return True
    _add(tree, path, path, status, blob, link)
    return True


def _blob(tree: Tree, root: int, file: Found) -> tuple[str, int, int, int]:
    """The link of a file of a snapshot, and device, inode and size of the blob, as they are now."""
    assert tree.snapshot is not None
    folder = file.path.rpartition("/")[0]
    descriptor = open_beneath(root, folder, directory=True) if folder else os.dup(root)
    try:
        link = os.readlink(file.path.rpartition("/")[2], dir_fd=descriptor)
    finally:
        os.close(descriptor)
    status = os.lstat(os.path.join(tree.snapshot.blobs, file.blob))
    return link, status.st_dev, status.st_ino, status.st_size


def _state(status: os.stat_result) -> tuple[int, ...]:
    """The times differ when a directory gained or lost an entry; nobody can set the second one back."""
    return (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)


def _add_link(tree: Tree, path: str, links: bool) -> None:
    """A link is content only where it was asked for, and where what it names is a file of this tree."""
    where = tree.shown(path)
    root = os.path.realpath(tree.root)
    to = os.path.realpath(where)
    target = os.path.relpath(to, root).replace(os.sep, "/")
    if target == ".." or target.startswith("../") or target == ".":
        what = "is a symbolic link out of the model"
        tree.irregular.append(Irregular(path, what, f"Copy the files instead: cp -rL {shell.quote(tree.root)} COPY"))
        return
    if not links:
        what = "is a symbolic link"
        tree.irregular.append(Irregular(path, what, "Replace it by a copy, or accept links with --allow-links."))
        return
    try:
        status = os.lstat(to)
    except OSError:
        tree.irregular.append(Irregular(path, "is a symbolic link to nothing", "Remove it."))
        return
    if not stat.S_ISREG(status.st_mode):
        what = "is a symbolic link to something that is no file"
        tree.irregular.append(Irregular(path, what, "Replace it by a copy."))
        return
    if why := unlistable(target):
        tree.irregular.append(Irregular(path, f"is a symbolic link to something that {why}", "Rename that."))
        return
    _add(tree, path, target, status)


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISFIFO, "is a named pipe"),
        (stat.S_ISSOCK, "is a socket"),
        (stat.S_ISBLK, "is a block device"),
        (stat.S_ISCHR, "is a character device"),
        (stat.S_ISDIR, "is a directory"),
        (stat.S_ISLNK, "is a symbolic link"),
    )
    return next((text for test, text in kinds if test(mode)), "is not a regular file")


def _normal(path: str) -> str:
    """``a/b`` for ``./a//b/``; ``""`` for what is not below the model."""
    parts = [part for part in path.replace(os.sep, "/").split("/") if part not in ("", ".")]
    return "" if ".." in parts or path.startswith("/") else "/".join(parts)


def _unreadable(path: str, error: OSError) -> VioletError:
    where = printable(path)
    if isinstance(error, FileNotFoundError):
        return VioletError(f"{where} does not exist.")
    return VioletError(f"{where} cannot be read: {error.strerror}.")
