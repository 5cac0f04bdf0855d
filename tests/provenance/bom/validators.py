"""The official validators, offline: the strict JSON schemas in cyclonedx-python-lib, and the SPDX project's own model,
which is generated from the SHACL shapes of SPDX 3.0.1 and refuses what these refuse (unknown properties, wrong types,
values outside enumerations, missing required properties)."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any


def cyclonedx_problem(text: str) -> str:
    """What the schema finds wrong; ``""`` for a valid document."""
    problem = _validator(json.loads(text)["specVersion"]).validate_str(text)
    return "" if problem is None else str(problem)


@cache
def _validator(version: str) -> Any:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator({"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}[version])


def spdx_objects(text: str) -> Any:
    """The document as the SPDX project's model reads it. Raises for an invalid one, and for references to nothing."""
    from spdx_python_model import v3_0_1 as spdx

    found = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().read(io.StringIO(text), found)
    found.link()
    assert not found.missing_ids, found.missing_ids
    spdx.JSONLDSerializer().write(found, io.BytesIO())  # checks cardinalities
    return found
