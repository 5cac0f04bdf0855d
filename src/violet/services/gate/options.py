"""What the gate is asked: one frozen object for every face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime


@dataclass(frozen=True, slots=True)
class GateOptions:
    """``path`` is the model, a file or a directory. ``policy`` is the policy's file (``""``: that of the
    configuration in force); it is the configuration, too, unless ``config`` names another.

    ``run_missing`` lets the gate make what the policy asks for and nobody attested. ``stores`` are further places
    with attestations, ``trust`` further signers as ``NAME=FILE``, ``signature`` the signature's file instead of the
    default one. ``key`` signs the summary (``""``: ``sign.key``, and no summary where that is not set);
    ``summary_days`` is how long it holds. ``links`` accepts symbolic links within the model. ``cache`` lets digests
    of large unchanged files be remembered. ``now`` (default: the clock) is the time of the decision, in UTC.
    ``nonce`` must be in every attestation.
    """

    path: str
    policy: str = ""
    environment: str = ""
    config: str = ""
    isolated: bool = False
    run_missing: bool = False
    stores: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    signature: str = ""
    key: str = ""
    passphrase: str | None = None
    summary: bool = True
    summary_days: int = 30
    links: bool = False
    cache: bool = True
    jobs: int = 0
    nonce: str = ""
    now: datetime.datetime | None = None
