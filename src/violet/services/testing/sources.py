"""Read the data that a face named."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.services.testing.options import DataSource
    from violet.targets.base import LabelledData


def load_source(source: DataSource) -> LabelledData:
    """Raises ``VioletError`` where it cannot be read."""
    from violet.targets.data import load_data

    return load_data(
        source.path,
        schema_path=source.schema,
        label=source.label,
        segment=source.segments,
        layout=source.layout,
        value_range=source.value_range,
    )
