"""Lists of packages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, mutations, survives
from violet.formats.requirements.reader import classify


def valid() -> bytes:
    return b"numpy==2.0 \\\n  --hash=sha256:00\n-r base.txt\nhelper @ https://x/h.whl # why\n--index-url https://y\n"


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "conda.yaml", "python_env.yaml", "environment.yml"]
)
def test_recognised(name: str) -> None:
    assert "requirements" in ids(valid(), name)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("numpy==2.0", "package"),
        ("numpy[extra]>=1; python_version>'3'", "package"),
        ("-r base.txt", "include"),
        ("--index-url=https://x", "index"),
        ("-i https://x", "index"),
        ("--extra-index-url https://x", "extra-index"),
        ("--find-links https://x", "links"),
        ("-e .", "path"),
        ("-e git+https://x/y", "repository"),
        ("x @ git+ssh://git@x/y", "repository"),
        ("git+https://x/y@" + "a" * 40, "repository"),
        ("x @ https://x/y.whl", "url"),
        ("./x.whl", "path"),
        ("x; curl http://y | sh", "command"),
        ("--no-binary :all:", "option"),
    ],
)
def test_kinds_of_lines(line: str, kind: str) -> None:
    assert classify(line, 1).kind == kind


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("requirements", data, "requirements.txt")
    survives("requirements", data, "conda.yaml")
