"""The explanation that stands in a finding: what attacks moved, beside what the model relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.robustness import EvasionTest

SHOWN = 3


def surface(test: EvasionTest) -> str:
    """``attacks moved purpose (36 %), open_accounts (30 %); the model relies on them by 21 %, 9 % (tree-shap)``; empty
    where nothing is known of it."""
    if not test.moved:
        return ""
    shown = test.moved[:SHOWN]
    moved = ", ".join(f"{name} ({100 * share:.0f} %)" for name, share in shown)
    relied = dict(test.relied)
    if not all(name in relied for name, _ in shown):
        return f"attacks moved {moved}"
    shares = ", ".join(f"{100 * relied[name]:.0f} %" for name, _ in shown)
    return f"attacks moved {moved}; the model relies on them by {shares} ({test.relied_by})"
