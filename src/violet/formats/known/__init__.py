"""Formats that are told by their magic number, most of them without a reader: a file is called what it is, a
name that says something else is noticed, and what was not looked into is reported as such.

Magic numbers from each format's own documentation or reference reader, and from the ``file`` program's
public descriptions. A row moves out of here into a module of its own when it gets a reader.

Suffixes stand here only where they belong to one format: a name that many tools use for many things
(``.model``, ``.params``, ``.sav``) announces nothing, and must not make a finding of what it holds.
"""

from __future__ import annotations

from violet.formats.known.data import DATA
from violet.formats.known.media import MEDIA
from violet.formats.known.models import MODELS
from violet.formats.known.serialised import SERIALISED

FORMATS = (*MODELS, *SERIALISED, *DATA, *MEDIA)
