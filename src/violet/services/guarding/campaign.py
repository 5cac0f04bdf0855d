"""From adversarial examples to fingerprints that a guard can know them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.detectors.inputs.known_campaign import Campaign


def make_campaign(examples: str, profile: str, output: str, seed: int = 0) -> Campaign:
    """Of the file ``examples``, which ``violet test --save-adversarial`` wrote, for guards with this ``profile``.
    Raises ``UsageError`` where a file is not what it should be, and where no example can be told from benign rows."""
    from violet.detectors.inputs.known_campaign import from_adversarial, write_campaign
    from violet.detectors.profile.file import load_profile
    from violet.domain.errors import UsageError

    reference = load_profile(profile)[0].layout.reference
    if reference is None:
        raise UsageError(f"{profile} has no rows to compare with.", "Make it of traffic or data with: violet profile")
    found = from_adversarial(examples, reference, seed)
    if not found.usable:
        raise UsageError(
            f"No example of {examples} can be told from benign rows by its neighbourhood.",
            "Their changes are too small, or too common.",
        )
    write_campaign(output, found)
    return found
