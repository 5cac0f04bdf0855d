"""The process that examined the file did not survive it.

## What it looks for

Each file is examined in a process of its own with limits on memory and time. This is reported when that
process crashed, ran out of memory, took longer than allowed, or handed back an answer that made no sense.

## Why it matters

Ordinary model files need a few milliseconds and a few megabytes. A file that brings the examination down
may have been built to do so, to escape the scan or to attack the scanner; and what it holds has not been
seen.

## Example

A 40 kB compressed pickle that expands without end: the worker is stopped after 120 s, the rest of the scan
goes on.

## Fix

Do not load the file. Where its maker is trusted and it is merely large, scan it again with a larger
``--timeout`` or ``--memory``.
"""

from __future__ import annotations

from violet.domain import Rule, Severity, Stage

RULE = Rule(
    id="artifact/worker-death",
    title="File breaks the process that examines it",
    severity=Severity.HIGH,
    fix="Do not load it. If its maker is trusted, scan it again with a larger --timeout or --memory.",
    stage=Stage.PACKAGING,
    techniques=("AML.T0029",),
    cwe=(400,),
)
