"""Names trusted in pickles (umap). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "umap": "ParametricUMAP",
    "umap.aligned_umap": "AlignedUMAP",
    "umap.parametric_umap": "ParametricUMAP PumapNet",
    "umap.umap_": "UMAP",
}
