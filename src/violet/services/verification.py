"""The steps of verification: read the signature, find who made it, and only then compare the files."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.domain import VioletError, shell
from violet.domain.signature import Change, Difference, Outcome, Signer, VerifyResult
from violet.provenance.identity import identify, open_cache
from violet.provenance.manifest import Manifest, WrongType, read_statement
from violet.provenance.signing import trust
from violet.provenance.signing.bundle import LARGEST, Bundle, read
from violet.provenance.signing.compare import Comparison, How, compare
from violet.provenance.signing.place import (
    DATA_SUFFIX,
    SIGNATURE_SUFFIX,
    beside,
    inside,
    kept_signatures,
    read_bounded,
    signature_path,
)
from violet.provenance.strict_json import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.services.sign import VerifyOptions

    Progress = Callable[[int, int, str], None]

MOST_TRIED = 8
"""Signatures that are tried where none is named after the digest of the content."""

LISTED = 3
"""Differences that the one sentence of a result names; all of them are in the result."""


@dataclass(frozen=True, slots=True)
class _Trusted:
    signers: tuple[Signer, ...]
    warnings: tuple[str, ...] = ()


def run(options: VerifyOptions, progress: Progress | None) -> VerifyResult:
    """See ``violet.services.sign.verify``."""
    anchors = trust.read_anchors([s for s in options.signers if {"*", trust.VOUCHES_FOR} & set(s.vouches_for)])
    first: VerifyResult | None = None
    for path in _signatures(options, progress):
        result = _verified(options, path, anchors, progress)
        if result.holds:
            return result
        first = first or result
    return first or _none_fits(options, anchors)


def _signatures(options: VerifyOptions, progress: Progress | None) -> list[str]:
    """The signatures that may be this model's, the likeliest first; none where those of its name in the directory of
    evidence are all over other content."""
    if options.signature or not options.directory:
        return [options.signature or signature_path(options.path)]
    kept = kept_signatures(options.path, options.directory)
    if len(kept) <= 1:
        return list(kept) or [beside(options.path, SIGNATURE_SUFFIX, options.directory)]
    now = identify(
        options.path, jobs=options.jobs, cache=options.cache, ignore=options.ignore, links=True, progress=progress
    )
    fitting = [path for path, digits in kept.items() if digits and now.digest.value.startswith(digits)]
    # Those over shards are not named after the digest of the content, and one by hand after no digest at all.
    others = [path for path, digits in kept.items() if not digits or _is_over_shards(path)]
    return [*fitting, *(path for path in others[:MOST_TRIED] if path not in fitting)]


def _is_over_shards(path: str) -> bool:
    try:
        return bool(read_statement(read(read_bounded(path, LARGEST) or b"").payload).shard_size)
    except (OSError, Malformed):
        return False


def _none_fits(options: VerifyOptions, anchors: tuple[trust.Anchor, ...]) -> VerifyResult:
    place = beside(options.path, SIGNATURE_SUFFIX, options.directory)
    return VerifyResult(
        options.path,
        place,
        Outcome.NOT_SIGNED,
        f"The signatures of that name in {options.directory} are over other content than {options.path} has.",
        "It was altered, or is another version: --signature FILE says which it should be, and what differs.",
        tried=tuple(anchor.key_id for anchor in anchors if anchor.key is not None),
        commands=_commands(options, signature_path(options.path)),
    )


def _verified(
    options: VerifyOptions, path: str, anchors: tuple[trust.Anchor, ...], progress: Progress | None
) -> VerifyResult:
    """Verify with the signature ``path``."""
    result = VerifyResult(
        options.path,
        path,
        Outcome.NOT_SIGNED,
        "",
        tried=tuple(anchor.key_id for anchor in anchors if anchor.key is not None),
        commands=_commands(options, path),
    )
    try:
        bundle = _read(path)
        result = replace(result, claimed=_claimed(bundle))
        trusted = _authenticate(bundle, anchors, options, path)
        manifest = _manifest(bundle, path)
    except trust.Refused as refused:
        return replace(result, outcome=refused.outcome, reason=refused.what, fix=refused.hint)
    result = replace(
        result,
        signers=trusted.signers,
        warnings=trusted.warnings,
        algorithm=manifest.algorithm,
        shard_size=manifest.shard_size,
        dataset=_dataset_path(options, path, manifest),
    )
    found = compare(
        options.path,
        manifest,
        How(options.jobs, open_cache(options.cache), progress),
        accepted=options.ignore,
        own=inside(options.path, path, *filter(None, [result.dataset])),
        ignore_unsigned=options.ignore_unsigned,
    )
    _add_data(found, manifest, options, result.dataset, progress)
    result = replace(
        result,
        identity=found.identity,
        files=found.files,
        differences=tuple(found.differences),
        ignored=found.ignored,
        unsigned=tuple(found.unsigned),
    )
    return _concluded(result, len(manifest.paths))


def _read(path: str) -> Bundle:
    try:
        content = read_bounded(path, LARGEST)
    except FileNotFoundError as error:
        raise trust.Refused(
            Outcome.NOT_SIGNED,
            f"There is no signature {path}.",
            "Say where it is (--signature FILE), or sign the model: violet sign.",
        ) from error
    except OSError as error:
        raise VioletError(f"The signature {path} cannot be read: {error.strerror}.") from error
    try:
        if content is None:
            raise Malformed(f"is larger than {LARGEST:,} bytes")
        return read(content)
    except Malformed as wrong:
        raise trust.Refused(
            Outcome.MALFORMED, f"The signature {path} {wrong}.", "Get it again from the signer."
        ) from wrong


def _claimed(bundle: Bundle) -> tuple[str, ...]:
    """The key ids that the bundle names; those of its certificates are computed."""
    if bundle.method == "key":
        return (bundle.hint,) if bundle.hint else ()
    try:
        return (trust.signer_of_certificate(bundle.certificates[0], "")[0].key_id,)
    except trust.Refused:
        return ()


def _authenticate(bundle: Bundle, anchors: tuple[trust.Anchor, ...], options: VerifyOptions, path: str) -> _Trusted:
    """Who signed. The way that the bundle calls for is taken; a signer's own key counts with every bundle."""
    authorities = [anchor for anchor in anchors if anchor.authority]
    at = _as_of(options)
    if bundle.method == "sigstore":
        if options.sigstore is None:
            raise trust.Refused(
                Outcome.UNKNOWN_SIGNER,
                f"{path} is a Sigstore keyless signature, and no identity was given that should have made it.",
                "Give --identity and --issuer.",
            )
        from violet.provenance.signing.upstream import by_sigstore

        return _Trusted((by_sigstore(bundle, options.sigstore, path),))
    if bundle.method == "certificate" and (options.chain or authorities):
        try:
            return _Trusted(trust.by_keys(bundle, anchors, path, at))
        except trust.Refused:
            return _by_chain(bundle, authorities, options, path)
    return _Trusted(trust.by_keys(bundle, anchors, path, at))


def _as_of(options: VerifyOptions) -> datetime.datetime | None:
    """When certificates must be in force: nothing in a signature proves when it was made, so that whoever got hold of
    the key of a certificate that ended could sign today."""
    return None if options.accept_expired else options.at or datetime.datetime.now(datetime.UTC)


def _by_chain(bundle: Bundle, authorities: list[trust.Anchor], options: VerifyOptions, path: str) -> _Trusted:
    from violet.provenance.signing.upstream import by_chain

    chains: list[tuple[str, tuple[str, ...]]] = [(anchor.name, (anchor.path,)) for anchor in authorities]
    if options.chain:
        chains.insert(0, ("", options.chain))
    refused: trust.Refused | None = None
    for name, files in chains:
        try:
            signer, certificate = by_chain(bundle, files, path, _as_of(options))
        except trust.Refused as error:
            if refused is None or error.outcome is Outcome.EXPIRED:
                refused = error
            continue
        signer = replace(signer, issuer=f"{signer.issuer} ({name})" if name else signer.issuer)
        warnings: tuple[str, ...] = ()
        if when := certificate.not_in_force(datetime.datetime.now(datetime.UTC)):
            warnings = (f"The certificate of {signer.name} {when}; nothing proves when the signature was made.",)
        return _Trusted((signer,), warnings)
    assert refused is not None
    raise refused


def _manifest(bundle: Bundle, path: str) -> Manifest:
    """What was signed. By now it is a trusted signer who says it, but that does not make it well-formed."""
    try:
        return read_statement(bundle.payload)
    except WrongType as wrong:
        raise trust.Refused(
            Outcome.WRONG_TYPE, f"What {path} signs {wrong}.", "Give the signature of the model: --signature FILE"
        ) from wrong
    except Malformed as wrong:
        raise trust.Refused(Outcome.MALFORMED, f"What {path} signs {wrong}.", "Sign the model again.") from wrong


def _dataset_path(options: VerifyOptions, path: str, manifest: Manifest) -> str:
    """The description lies where the signature lies, or beside the data."""
    if manifest.dataset is None:
        return ""
    near = os.path.join(os.path.dirname(path), manifest.dataset[0])
    usual = beside(options.path, DATA_SUFFIX, options.directory)
    return near if os.path.exists(near) or not os.path.exists(usual) else usual


def _add_data(
    found: Comparison, manifest: Manifest, options: VerifyOptions, file: str, progress: Progress | None
) -> None:
    """Say what changed inside a data set, behind which of its files changed."""
    if manifest.dataset is None:
        if options.data:
            found.differences.append(
                Difference(Change.DATA, "", "It was not signed as a data set: no description was signed with it.")
            )
        return
    from violet.services.signed_data import changes, problem

    signed = manifest.dataset[1]
    if wrong := problem(file, signed):
        found.differences.append(Difference(Change.DATA, os.path.basename(file), wrong))
        return
    altered = {Change.ALTERED, Change.MISSING, Change.ADDED, Change.RENAMED}
    if not any(difference.change in altered for difference in found.differences):
        return
    identity = identify(
        options.path,
        jobs=options.jobs,
        cache=options.cache,
        ignore=(*manifest.ignored, *options.ignore),
        links=manifest.links,
        progress=progress,
    )
    found.differences.extend(changes(options.path, file, signed, identity, options.jobs, progress=progress))


def _concluded(result: VerifyResult, files: int) -> VerifyResult:
    if not result.differences:
        who = " and ".join(signer.name for signer in result.signers)
        what = f"{files:,} file{'s' if files != 1 else ''}"
        return replace(result, outcome=Outcome.VERIFIED, reason=f"{result.path} is what {who} signed: {what}.")
    kinds = {difference.change for difference in result.differences}
    if kinds <= {Change.ADDED, Change.HIDDEN} and Change.ADDED in kinds:
        outcome, fix = Outcome.UNSIGNED_FILES, "Remove them, or accept them: --ignore-unsigned"
    elif kinds == {Change.HIDDEN}:
        outcome, fix = Outcome.HIDDEN_FILES, "Look at them; accept what is harmless: --ignore PATH"
    elif kinds == {Change.DATA}:
        outcome, fix = Outcome.TAMPERED, "Get the description again, or sign the data again with --data."
    else:
        outcome, fix = Outcome.TAMPERED, "Do not use it: get the signed files again."
    sentences = " ".join(difference.sentence for difference in result.differences[:LISTED])
    more = len(result.differences) - LISTED
    if more > 0:
        sentences += f" There are {more:,} more differences."
    return replace(result, outcome=outcome, reason=sentences, fix=fix)


def _commands(options: VerifyOptions, path: str) -> tuple[str, ...]:
    """The command that verifies again."""
    words = ["violet", "verify", options.path]
    if path != signature_path(options.path):
        words += ["--signature", path]
    for signer in options.signers:
        words += ["--key", signer.key]
    for file in options.chain:
        words += ["--certificate-chain", file]
    if options.sigstore is not None:
        words += ["--identity", options.sigstore.identity, "--issuer", options.sigstore.issuer]
        if options.sigstore.trust_config:
            words += ["--trust-config", options.sigstore.trust_config]
    for name in options.ignore:
        words += ["--ignore", name]
    if options.ignore_unsigned:
        words.append("--ignore-unsigned")
    if options.data:
        words.append("--data")
    if options.at is not None:
        words += ["--at", options.at.isoformat()]
    if options.accept_expired:
        words.append("--accept-expired-certificates")
    return (shell.join([*words, "--no-cache"]),)
