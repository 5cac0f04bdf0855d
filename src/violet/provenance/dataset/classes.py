"""Images that lie in a folder for each class."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from violet.domain import Digest
from violet.domain.dataset import IMAGE, Difference, ImageClass
from violet.domain.provenance import DIRECTORY_DIGEST
from violet.provenance.dataset.wording import counted, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.dataset import Shard


def image_classes(shards: Sequence[Shard]) -> tuple[ImageClass, ...]:
    """The folders that hold images, in order; none where images lie at the top only. ``shards`` are in order."""
    folders: dict[str, list[Shard]] = {}
    for shard in shards:
        folder, slash, _ = shard.path.rpartition("/")
        if shard.kind == IMAGE and slash:
            folders.setdefault(folder, []).append(shard)
    found = []
    for folder in sorted(folders, key=os.fsencode):
        images = folders[folder]
        listing = "".join(f"{image.digest.value}  {image.path[len(folder) + 1 :]}\n" for image in images)
        digest = hashlib.sha256(os.fsencode(listing)).hexdigest()
        found.append(ImageClass(folder, len(images), Digest(DIRECTORY_DIGEST, digest)))
    return tuple(found)


def tell_classes(before: Sequence[ImageClass], after: Sequence[ImageClass]) -> list[Difference]:
    """Classes that have more or fewer images than they had."""
    now = {group.name: group.images for group in after}
    was = {group.name: group.images for group in before}
    found = []
    for name in dict.fromkeys([*was, *now]):
        old, new = was.get(name, 0), now.get(name, 0)
        if old != new:
            text = f"The class {quoted(name)} had {counted(old, 'image')}, and has {new:,} now."
            found.append(Difference("class-changed", text, name))
    return found
