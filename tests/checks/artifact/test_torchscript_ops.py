"""TorchScript programs that reach outside the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.examples import outcomes
from tests.formats.test_torch import PROGRAM, archive, script
from violet.domain import Severity

RULE = "artifact/torchscript-ops"


def build(directory: Path, program: str) -> Path:
    path = directory / "net.pt"
    path.write_bytes(archive(script(program)))
    return path


def positive(directory: Path) -> Path:
    return build(directory, PROGRAM + '    torch.save(x, "/home/user/.bashrc")\n')


def benign(directory: Path) -> Path:
    return build(directory, PROGRAM)


@pytest.mark.parametrize(
    ("program", "severity"),
    [
        ('def forward(self, x):\n  torch.save(x, "/x")\n', Severity.HIGH),
        ('def forward(self, x):\n  return torch.from_file("/etc/passwd")\n', Severity.HIGH),
        ('def __setstate__(self, x):\n  torch.save(x, "/x")\n', Severity.CRITICAL),
        ("def forward(self, x):\n  ops.acme.run(x)\n", Severity.MEDIUM),
    ],
)
def test_severities(tmp_path: Path, program: str, severity: Severity) -> None:
    found = [f for f in outcomes(build(tmp_path, program)) if f.rule == RULE]
    assert [f.severity for f in found] == [severity]


def test_the_finding_shows_the_line(tmp_path: Path) -> None:
    (found,) = [f for f in outcomes(positive(tmp_path)) if f.rule == RULE]
    assert found.evidence == 'torch.save(x, "/home/user/.bashrc")'
    assert "net/code/__torch__.py:12" in found.message
