"""A symbolic link leads out of the directory that is scanned.

## What it looks for

Symbolic links whose target lies outside the scanned directory. Links from a Hugging Face cache snapshot to
the blobs of the same repository are how that cache is built, and are not reported.

## Why it matters

What such a link shows depends on the machine: a model directory that was copied, archived or cloned may
take in a file of its new home (a key, a password file), or load code that was not part of what was
reviewed.

## Example

``tokenizer.json -> ../../../../home/user/.ssh/id_ed25519`` in a downloaded model repository.

## Fix

Replace the link by a copy of the file that is meant, or remove it.
"""

from __future__ import annotations

from violet.domain import Rule, Severity, Stage

RULE = Rule(
    id="supply_chain/link-leaves-root",
    title="Symbolic link leads out of the scanned directory",
    severity=Severity.LOW,
    fix="Replace the link by a copy of the file that is meant, or remove it.",
    stage=Stage.PACKAGING,
    techniques=("AML.T0010",),
    cwe=(59,),
)
