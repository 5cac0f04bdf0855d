"""Names trusted in pickles (polars). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "polars.dataframe.frame": "DataFrame",
    "polars.series.series": "Series",
}
