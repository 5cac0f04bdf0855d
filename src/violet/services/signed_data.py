"""The description of a data set that is signed with it: made, bound, and compared."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain import Digest, VioletError
from violet.domain.signature import Change, Difference
from violet.provenance.signing.place import read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.domain.provenance import Identity
    from violet.provenance.manifest import Manifest

    Progress = Callable[[int, int, str], None]

LARGEST = 256 << 20
"""Bytes of a description."""


def describe(
    path: str,
    identity: Identity,
    jobs: int,
    exact_rows: int = 0,
    decode: bool = False,
    *,
    progress: Progress | None = None,
) -> bytes:
    """The description of the data set at ``path``, as it is written to its file."""
    from violet.services import dataset

    options = dataset.DescribeOptions(jobs=jobs, decode=decode)
    if exact_rows:
        options = replace(options, exact_rows=exact_rows)
    manifest = dataset.describe(path, identity, options, progress=progress)
    content = dataset.manifest_bytes(manifest)
    if len(content) > LARGEST:
        raise VioletError(
            f"The description of {path} would be larger than {LARGEST:,} bytes.", "Sign its parts one by one."
        )
    return content


def described_by(manifest: Manifest, file: str, content: bytes) -> Manifest:
    """``manifest``, with the description bound to it."""
    digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    return replace(manifest, dataset=(os.path.basename(file), digest))


def problem(file: str, signed: Digest) -> str:
    """What is wrong with the description in ``file`` (``""``: it is the one that was signed)."""
    return _signed_content(file, signed)[1]


def changes(
    path: str,
    file: str,
    signed: Digest,
    identity: Identity,
    jobs: int,
    *,
    progress: Progress | None = None,
) -> tuple[Difference, ...]:
    """What changed inside the data since it was described; nothing where the description itself is not the signed
    one, for then it can name nothing."""
    from violet.services import dataset

    content, wrong = _signed_content(file, signed)
    if wrong:
        return ()
    expected = dataset.parse_manifest(content, file)
    found = dataset.differences(path, expected, identity, dataset.DescribeOptions(jobs=jobs), progress=progress)
    return tuple(Difference(Change.DATA, difference.shard, difference.message) for difference in found)


def _signed_content(file: str, signed: Digest) -> tuple[bytes, str]:
    try:
        content = read_bounded(file, LARGEST)
    except FileNotFoundError:
        return b"", f"The description {file}, which was signed with the data, is missing."
    except OSError as error:
        return b"", f"The description {file} cannot be read: {error.strerror}."
    if content is None or hashlib.sha256(content).hexdigest() != signed.value:
        return b"", f"The description {file} is not the one that was signed."
    return content, ""
