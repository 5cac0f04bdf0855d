"""Say, signed, what a hardened model was made from and how it did in the test afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.services.attest import attest_derivation, attest_report, identity_of
from violet.services.evidence import store_to_write
from violet.services.gate.robustness import CHECK

if TYPE_CHECKING:
    from violet.domain.provenance import Written
    from violet.provenance.keys import PrivateKey
    from violet.services.configuration import Configuration
    from violet.services.hardening.harden import Hardened
    from violet.services.hardening.options import HardenOptions


def attest_hardened(
    options: HardenOptions, hardened: Hardened, configuration: Configuration, key: PrivateKey
) -> tuple[Written, Written]:
    """A derivation that links it to its parent (and, where it was trained, to the training data), and the report of the
    test."""
    from violet.policy import decide
    from violet.services.configuration import policy

    made = hardened.hardening
    store = store_to_write(made.output, configuration)
    sources = [identity_of(made.parent)]
    if options.train is not None:
        sources.append(identity_of(options.train.path))
    sources += [identity_of(member) for member in options.members]
    identity = identity_of(made.output)
    derivation = attest_derivation(
        identity,
        sources,
        "hardening",
        key,
        store,
        parameters={
            "method": made.method,
            "threat": str(options.test.threat),
            "seed": str(made.seed),
            "effect": made.effect.value,
            **dict(made.settings),
        },
        note=made.verdict,
    )
    rules = policy(configuration)
    decision = decide(hardened.report, rules)
    fail_on = "" if rules.fail_on is None else str(rules.fail_on)
    test = attest_report(
        hardened.report,
        identity,
        key,
        store,
        decision=decision,
        fail_on=fail_on,
        question=f"{CHECK}{options.test.threat}",
    )
    return derivation, test
