"""VEX: who says that a vulnerability matters here, and who says that it does not.

Documents are OpenVEX 0.2.0 or CycloneDX bills with analyses. Reading them out of files and envelopes is up to
``violet.services.vex``; here are their meaning and the rules by which one statement goes before another.

Source: OpenVEX specification 0.2.0 ("Statement Fields", "Status Labels", "Data Inheritance"); CISA, "Minimum
Requirements for VEX" (April 2023).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.intel.vex.base import VexError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from violet.domain.vulnerability import VexProduct, VexStatement

__all__ = ["VexError", "read_vex"]


def read_vex(
    value: Any,
    source: str,
    *,
    signers: tuple[str, ...] = (),
    products: Sequence[VexProduct] = (),
    timestamp: datetime.datetime | None = None,
) -> tuple[VexStatement, ...]:
    """The statements of a document that was read as JSON.

    ``products`` and ``timestamp`` are those of what the document came in (an attestation), for statements that
    have none of their own. Raises ``VexError`` for what is no valid document: of an invalid one nothing is used.
    """
    if not isinstance(value, dict):
        raise VexError(f"{source} is no VEX document: it is no JSON object.")
    if value.get("bomFormat") == "CycloneDX":
        from violet.intel.vex.cyclonedx import read_cyclonedx

        return read_cyclonedx(value, source, signers=signers)
    from violet.intel.vex.openvex import read_openvex

    return read_openvex(value, source, signers=signers, products=products, timestamp=timestamp)
