"""What is scanned brings settings for the scanner.

## What it looks for

A ``.violetignore`` or ``violet.toml`` inside the scanned directory. One that stands in the working
directory or above it is in force, because whoever started the scan stands there; every other one is not
obeyed.

## Why it matters

Whoever wrote the model could have written these files, to have the scan look away. In your own repository
that is what they are for. In something downloaded it is not.

## Example

A model repository whose ``.violetignore`` says ``pytorch_model.bin``.

## Fix

For what others made, scan from another directory or with ``--isolated``. To obey a file that lies deeper,
name it with ``--ignore-file`` or ``--config``.
"""

from __future__ import annotations

from violet.domain import Rule, Severity, Stage

RULE = Rule(
    id="supply_chain/scan-settings-in-target",
    title="Scanner settings inside what is scanned",
    severity=Severity.INFO,
    fix="For what others made, scan with --isolated; to obey these settings, name them on the command line.",
    stage=Stage.PACKAGING,
    techniques=("AML.T0010",),
    cwe=(807,),
)
