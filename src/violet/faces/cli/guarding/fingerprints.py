"""``violet guard fingerprints``: what is known of adversarial examples, to hand around without the examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from argparse import Namespace


def fingerprints(arguments: Namespace) -> int:
    from violet.services.guarding.campaign import make_campaign
    from violet.services.guarding.needs import require_guard

    require_guard()
    if not arguments.target:
        raise UsageError("Which examples is not said.", "violet guard fingerprints EXAMPLES.npz --profile FILE")
    if not arguments.profile:
        raise UsageError("Fingerprints go by a profile.", "Say --profile FILE, the one that the guard has.")
    if len(arguments.output) != 1:
        raise UsageError("Fingerprints are one file.", "Say --output FILE, once.")
    found = make_campaign(arguments.target, arguments.profile, arguments.output[0], arguments.seed)
    if not arguments.quiet:
        print(
            f"{len(found.hashes):,} examples, {found.usable:,} of which can be known again: {arguments.output[0]}\n"
            f"Use them: violet guard --profile {arguments.profile} --campaign {arguments.output[0]}"
        )
    return 0
