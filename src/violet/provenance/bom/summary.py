"""A bill of materials as plain values, for the expressions of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain.bom import Basis, Bom, ModelFacts

if TYPE_CHECKING:
    from violet.domain.asset import Digest


def summary(bom: Bom) -> dict[str, Any]:
    """Texts, numbers, truth values and lists and maps of them; what is not known is ``""``, ``0`` or empty.

    ``name``, ``type``, ``version``, ``digests`` (by algorithm), ``format``, ``framework``, ``framework_version``,
    ``architecture``, ``family``, ``task``, ``tensors``, ``parameters``, ``parameters_measured`` (counted and not
    claimed), ``parameters_claimed``, ``dtypes`` (elements by type), ``quantisation``, ``tokenizer``, ``base_models``,
    ``languages``, ``licenses`` (of the subject), ``component_licenses``, ``unlicensed`` (names of packages without
    one), ``datasets`` (maps of ``name``, ``role``, ``digests``, ``licenses``), ``datasets_with_digests`` (truth value:
    there are training data, and each has a digest), ``components`` (number of packages), ``unpinned`` (number of
    packages without a version), ``unhashed`` (without a digest), ``packages`` (maps of ``name``, ``version``,
    ``purl``, ``pinned``, ``licenses``), ``gaps``, ``conflicts``.
    """
    facts = bom.facts
    packages = [part for part in bom.components if part.type in ("library", "framework", "application")]
    training = [data for data in bom.datasets if data.role != "testing"]
    return {
        "name": bom.subject.name,
        "type": bom.subject.type,
        "version": bom.subject.version,
        "digests": _digests(bom.subject.hashes),
        "format": facts.format,
        "framework": facts.framework,
        "framework_version": facts.framework_version,
        "architecture": facts.architecture,
        "family": facts.family,
        "task": facts.task,
        "tensors": facts.tensors or 0,
        "parameters": facts.parameters or facts.parameters_claimed or 0,
        "parameters_measured": _measured(facts),
        "parameters_claimed": facts.parameters_claimed or 0,
        "dtypes": dict(facts.dtypes),
        "quantisation": facts.quantisation,
        "tokenizer": facts.tokenizer,
        "base_models": list(facts.base_models),
        "languages": list(facts.languages),
        "licenses": list(bom.subject.licenses or facts.licenses),
        "component_licenses": sorted({name for part in packages for name in part.licenses}),
        "unlicensed": sorted({part.name for part in packages if not part.licenses}),
        "datasets": [
            {"name": d.name, "role": d.role, "digests": _digests(d.digests), "licenses": list(d.licenses)}
            for d in bom.datasets
        ],
        "datasets_with_digests": bool(training) and all(data.digests for data in training),
        "components": len(packages),
        "unpinned": sum(1 for part in packages if not part.version),
        "unhashed": sum(1 for part in packages if not part.hashes),
        "packages": [
            {
                "name": part.name,
                "version": part.version,
                "purl": part.purl,
                "pinned": bool(part.version),
                "licenses": list(part.licenses),
            }
            for part in packages
        ],
        "gaps": list(bom.gaps),
        "conflicts": [*bom.conflicts, *(c for c in facts.conflicts if c not in bom.conflicts)],
    }


def _measured(facts: ModelFacts) -> bool:
    bases = [source.basis for source in facts.sources if source.fact == "parameters"]
    return facts.parameters is not None and bool(bases) and all(basis is Basis.MEASURED for basis in bases)


def _digests(found: tuple[Digest, ...]) -> dict[str, str]:
    return {digest.algorithm: digest.value for digest in found}
