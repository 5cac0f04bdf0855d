"""Names trusted in pickles (pynndescent). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "pynndescent.optimal_transport": "ArcState ProblemStatus",
}
CONSTRUCT: dict[str, str] = {
    "pynndescent.optimal_transport": "DiGraph LeavingArcData NodeArcData SpanningTree",
    "pynndescent.pynndescent_": "PyNNDescentTransformer",
    "pynndescent.rp_trees": "FlatTree",
    "pynndescent.utils": "HeapType",
}
