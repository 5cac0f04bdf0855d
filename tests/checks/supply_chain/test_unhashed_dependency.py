"""Pins without digests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import DIGEST, file, said, severities
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unhashed-dependency"


def positive(directory: Path) -> Path:
    return file(directory, "requirements.txt", f"numpy==2.0.0 --hash={DIGEST}", "torch==2.9.0")


def benign(directory: Path) -> Path:
    return file(
        directory, "requirements.txt", "numpy==2.0.0 \\", f"    --hash={DIGEST}", f"torch==2.9.0 --hash={DIGEST}"
    )


def test_the_one_without_is_named(tmp_path: Path) -> None:
    (found,) = said(positive(tmp_path), RULE)
    assert found.evidence == "torch"
    assert found.location.line == 2
    assert found.severity is Severity.MEDIUM


def test_pins_without_any_are_information(tmp_path: Path) -> None:
    assert severities(file(tmp_path, "requirements.txt", "numpy==2.0.0"), RULE) == [Severity.INFO]
    assert severities(file(tmp_path, "requirements.txt", "numpy>=2.0.0"), RULE) == []


def test_a_digest_of_the_wrong_length_is_none(tmp_path: Path) -> None:
    path = file(tmp_path, "requirements.txt", f"numpy==2.0.0 --hash={DIGEST}", "torch==2.9.0 --hash=sha256:abcd")
    assert severities(path, RULE) == [Severity.MEDIUM]


LOCKS = {
    "poetry.lock": ("[[package]]", 'name = "a"', 'version = "1"', "files = []", "[[package]]", 'name = "b"',
                    'version = "1"', f'files = [{{file = "b.whl", hash = "{DIGEST}"}}]'),
    "uv.lock": ("version = 1", "[[package]]", 'name = "a"', 'version = "1"', 'source = { registry = "https://x" }',
                "[[package]]", 'name = "b"', 'version = "1"', f'wheels = [{{ url = "b.whl", hash = "{DIGEST}" }}]'),
    "pylock.toml": ('lock-version = "1.0"', "[[packages]]", 'name = "a"', 'version = "1"', "[[packages]]",
                    'name = "b"', 'version = "1"', f'wheels = [{{hashes = {{sha256 = "{DIGEST[7:]}"}}}}]'),
    "Pipfile.lock": ('{"_meta": {}, "default": {"a": {"version": "==1"}, "b": {"version": "==1",',
                     f'"hashes": ["{DIGEST}"]}}}}}}'),
    "conda-lock.yml": ("metadata:", "  content_hash: {}", "package:", "- name: a", "  version: '1'", "  manager: pip",
                       "- name: b", "  version: '1'", f"  hash: {{sha256: {DIGEST[7:]}}}"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files(tmp_path: Path, name: str) -> None:
    (found,) = said(file(tmp_path, name, *LOCKS[name]), RULE)
    assert found.evidence == "a"
