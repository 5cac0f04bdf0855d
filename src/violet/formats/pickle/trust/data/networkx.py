"""Names trusted in pickles (networkx). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "networkx.classes.coreviews": (
        "AdjacencyView AtlasView FilterAdjacency FilterAtlas FilterMultiAdjacency FilterMultiInner MultiAdjacencyView "
        "UnionAdjacency UnionAtlas UnionMultiAdjacency UnionMultiInner"
    ),
    "networkx.classes.digraph": "DiGraph",
    "networkx.classes.filters": "show_nodes",
    "networkx.classes.graph": "Graph",
    "networkx.classes.multidigraph": "MultiDiGraph",
    "networkx.classes.multigraph": "MultiGraph",
    "networkx.classes.reportviews": (
        "DegreeView DiDegreeView DiMultiDegreeView EdgeView EdgeViewABC InDegreeView InEdgeView InMultiDegreeView "
        "InMultiEdgeView MultiDegreeView MultiEdgeView NodeDataView NodeView OutDegreeView OutEdgeView "
        "OutMultiDegreeView OutMultiEdgeView"
    ),
}
