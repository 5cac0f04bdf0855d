"""Contexts for policies: one in which nothing is wrong, and strategies that draw others from the schema."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import strategies as st

from violet.policy.cel.types import Type
from violet.policy.schema import VARIABLES

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


def finding(severity: int, number: int = 0) -> dict[str, Any]:
    return {
        "rule": "artifact/pickle-dangerous-call",
        "severity": severity,
        "level": ("info", "low", "medium", "high", "critical")[severity],
        "confidence": 2,
        "fingerprint": f"{number:032x}",
        "path": "model.pkl",
        "message": "It calls os.system.",
        "techniques": [],
    }


def attestation(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "uri": "https://example.org/x",
        "check": "",
        "environment": "",
        "signers": ["ci"],
        "digest": "sha256:00",
        "predicate": {},
        **more,
    }


def good() -> dict[str, Any]:
    """Everything that any preset asks for."""
    return {
        "model": {"name": "model.pkl", "digest": "sha256:00", "size": 3, "files": 1, "directory": False},
        "environment": "",
        "now": NOW,
        "scan": {
            "origin": "attested",
            "age": datetime.timedelta(hours=3),
            "complete": True,
            "deep": True,
            "files": 1,
            "formats": ["pickle"],
            "signers": ["ci"],
        },
        "findings": [],
        "skipped": [],
        "failed": [],
        "measurements": [],
        "tests": [
            {
                "norm": "linf",
                "eps": 0.03,
                "clean": 0.97,
                "robust": 0.8,
                "robust_low": 0.75,
                "bound": 0.8,
                "believable": True,
                "complete": True,
                "samples": 500,
                "age": datetime.timedelta(hours=3),
                "signers": ["ci"],
                "findings": [],
            }
        ],
        "signature": {
            "verified": True,
            "signers": ["release"],
            "key_ids": ["00"],
            "unsigned": [],
            "altered": [],
            "reason": "",
        },
        "bom": {
            "licenses": ["MIT"],
            "framework": "scikit-learn",
            "framework_version": "1.6",
            "architecture": "RandomForestClassifier",
            "format": "pickle",
            "task": "",
            "quantisation": "",
            "dtypes": [],
            "parameters": 7,
            "measured": True,
            "datasets": [{"name": "train.csv", "role": "training", "digest": "sha256:01", "licenses": []}],
            "base_models": [],
            "components": [
                {
                    "name": "scikit-learn",
                    "version": "1.6",
                    "type": "library",
                    "ecosystem": "PyPI",
                    "purl": "",
                    "licenses": ["BSD-3-Clause"],
                    "hashed": False,
                }
            ],
            "gaps": [],
            "conflicts": [],
            "considerations": True,
            "performance": True,
            "signers": ["ci"],
        },
        "vulnerabilities": [],
        "advisories": {
            "age": datetime.timedelta(days=1),
            "newest": datetime.timedelta(days=1),
            "count": 9,
            "unknown": [],
        },
        "lineage": {
            "tainted": False,
            "tainted_by": [],
            "unproven": [],
            "ancestors": 2,
            "trained": True,
            "datasets": ["train.csv"],
        },
        "attestations": [attestation("provenance"), attestation("test-result", result="PASSED", check="scan")],
        "refused": [],
    }


TEXTS = st.sampled_from(["", "a", "pickle", "os.system", "é\u202e\"'\\"])


def values(kind: Type, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a type."""
    match kind.kind:
        case "bool":
            return st.booleans()
        case "int":
            return st.integers(-2, 5) | st.sampled_from([2**63 - 1, -(2**63)])
        case "double":
            return st.floats(allow_nan=False)
        case "string":
            return st.sampled_from(kind.values) if kind.values else TEXTS
        case "timestamp":
            return st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2090, 1, 1)).map(
                lambda moment: moment.replace(tzinfo=datetime.UTC)
            )
        case "duration":
            return st.integers(0, 10**9).map(lambda seconds: datetime.timedelta(seconds=seconds))
        case "list":
            element = kind.element or Type("any")
            return st.lists(values(element, depth + 1), max_size=2)
        case "object":
            needed = {name: values(entry.type, depth + 1) for name, entry in kind.fields.items() if not entry.optional}
            others = {name: values(entry.type, depth + 1) for name, entry in kind.fields.items() if entry.optional}
            return st.fixed_dictionaries(needed, optional=others)
        case _:
            return st.dictionaries(TEXTS, st.none() | st.integers(-5, 5) | TEXTS, max_size=2)


def contexts() -> st.SearchStrategy[dict[str, Any]]:
    """Contexts from which any evidence may be missing."""
    always = {v.name: values(v.type) for v in VARIABLES if not v.source}
    others = {v.name: values(v.type) for v in VARIABLES if v.source}
    return st.fixed_dictionaries(always, optional=others)
