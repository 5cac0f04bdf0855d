"""Attacks beside those of other libraries: robust accuracy, CPU seconds and queries per 1,000 samples.

    .venv/bin/python benchmarks/evasion.py                     # both below, one after the other
    .venv/bin/python benchmarks/evasion.py --quick             # fewer samples

White-box attacks are measured by ``evasion_whitebox.py``, black-box ones by ``evasion_blackbox.py``: each trains its
models, makes the peers' environments, and prints a table. What was measured is kept in EVASION.md and
EVASION_BLACKBOX.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNS = (
    ("evasion_whitebox.py", (), ("--samples", "200")),
    ("evasion_blackbox.py", ("--samples", "400"), ("--samples", "100", "--few", "8")),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer samples: an hour becomes some minutes")
    quick = parser.parse_args().quick
    worst = 0
    for script, usual, fewer in RUNS:
        print(f"\n# {script}\n", flush=True)
        ended = subprocess.run([sys.executable, str(HERE / script), *(fewer if quick else usual)], check=False)
        worst = max(worst, ended.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
