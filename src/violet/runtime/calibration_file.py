"""Thresholds fitted to benign traffic, as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from violet.domain.errors import ConfigurationError, UsageError
from violet.domain.guarding_calibration import from_document
from violet.domain.whole_file import whole_file

if TYPE_CHECKING:
    from violet.domain.guarding_calibration import Calibration

LARGEST_FILE = 1 << 26
"""Bytes of a calibration that is read."""


def write_calibration(path: str, calibration: Calibration) -> None:
    """As JSON. Raises ``UsageError`` where the file cannot be written."""
    text = json.dumps(calibration.to_document(), indent=1, allow_nan=False) + "\n"
    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.", "Name a file that can be written.") from None


def read_calibration(path: str) -> Calibration:
    """Raises ``UsageError`` for a file that cannot be read, ``ConfigurationError`` for one that is no calibration."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.", "Name a calibration.") from None
    if len(data) > LARGEST_FILE:
        raise ConfigurationError(f"{path} is too large for a calibration.")
    try:
        document: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not JSON: {error}.", "Make one with: violet guard calibrate") from None
    try:
        return from_document(document)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error.what}", error.hint) from None
