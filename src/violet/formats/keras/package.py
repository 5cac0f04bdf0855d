"""The ``.keras`` archive: its configuration is read as one even where it does not look like one.

The zip reader gives all members as children; this one adds only what the sniffers could be kept from
seeing: Keras parses ``config.json`` whatever it begins with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.archive import ArchiveFacts
from violet.formats.base import HEAD, Child, Parsed, Probe, Relation
from violet.formats.keras import sniff_config
from violet.formats.keras.facts import KerasFacts
from violet.formats.zip import read_zip

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source


def read(source: Source, reading: Reading) -> Parsed:
    """Facts are empty: what the configuration names stands in those of its own node."""
    parsed = Parsed(facts=KerasFacts())
    archive = read_zip(source, reading).facts
    if not isinstance(archive, ArchiveFacts):
        return parsed
    for member in archive.members:
        if member.name != "config.json" or member.source is None:
            continue
        if not sniff_config(Probe(member.source, "config.json", member.source.read(0, HEAD))):
            parsed.children.append(Child(member.name, member.source, Relation.TEXT, "keras-config"))
    return parsed
