"""``violet test --attest``: loaded only when it is asked for."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.passphrase import asker
from violet.services.attest import Terms, identity_of, parse_duration, signing_key
from violet.services.evidence import store_to_write
from violet.services.testing.attested import attest_tested

if TYPE_CHECKING:
    from argparse import Namespace

    from violet.domain import Decision, Report
    from violet.faces.cli.progress import Progress
    from violet.policy import Policy
    from violet.services.configuration import Configuration


class AttestedTest:
    """Made before the test, so that a missing key is known at once, and what is signed is what was tested."""

    def __init__(self, arguments: Namespace, configuration: Configuration, progress: Progress) -> None:
        if not arguments.attest:
            raise UsageError("--key and --expires belong to --attest.", "Add --attest.")
        self._path = arguments.model
        if not os.path.exists(self._path):
            raise UsageError(f"{self._path} is no file: there is nothing that a digest could bind the result to.")
        try:
            expires = parse_duration(arguments.expires) if arguments.expires else None
        except ValueError as error:
            raise UsageError(f"--expires: {error}.") from error
        self._terms = Terms(expires)
        self._keys = [signing_key(configuration, arguments.key, ask=asker())]
        self._store = store_to_write(self._path, configuration)
        self._identity = identity_of(self._path, progress)

    def leave(self, report: Report, decision: Decision, rules: Policy, threat: str) -> None:
        """Sign the result, and say on standard error where it is."""
        written = attest_tested(
            self._path, self._identity, report, decision, rules, self._keys, self._store, self._terms, threat
        )
        print(f"violet: the result was signed: {written.path}", file=sys.stderr)
