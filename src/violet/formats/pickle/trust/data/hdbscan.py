"""Names trusted in pickles (hdbscan). Written by tools/trust/generate.py: change that instead."""

CHECKED: dict[str, str] = {
    "hdbscan.dist_metrics": "newObj=construct-first-argument",
}
CONSTRUCT: dict[str, str] = {
    "hdbscan._hdbscan_tree": "TreeUnionFind",
    "hdbscan.branch_data": "BranchDetectionData",
    "hdbscan.branches": "BranchDetector SequentialPool",
    "hdbscan.dist_metrics": (
        "BrayCurtisDistance BrayCurtisDistance32 BrayCurtisDistance64 CanberraDistance CanberraDistance32 "
        "CanberraDistance64 ChebyshevDistance ChebyshevDistance32 ChebyshevDistance64 DiceDistance DiceDistance32 "
        "DiceDistance64 DistanceMetric DistanceMetric32 DistanceMetric64 EuclideanDistance EuclideanDistance32 "
        "EuclideanDistance64 HammingDistance HammingDistance32 HammingDistance64 HaversineDistance HaversineDistance32 "
        "HaversineDistance64 JaccardDistance JaccardDistance32 JaccardDistance64 KulsinskiDistance KulsinskiDistance32 "
        "KulsinskiDistance64 MahalanobisDistance MahalanobisDistance32 MahalanobisDistance64 ManhattanDistance "
        "ManhattanDistance32 ManhattanDistance64 MatchingDistance MatchingDistance32 MatchingDistance64 "
        "MinkowskiDistance MinkowskiDistance32 MinkowskiDistance64 PyFuncDistance PyFuncDistance32 PyFuncDistance64 "
        "RogersTanimotoDistance RogersTanimotoDistance32 RogersTanimotoDistance64 RussellRaoDistance "
        "RussellRaoDistance32 RussellRaoDistance64 SEuclideanDistance SEuclideanDistance32 SEuclideanDistance64 "
        "SokalMichenerDistance SokalMichenerDistance32 SokalMichenerDistance64 SokalSneathDistance "
        "SokalSneathDistance32 SokalSneathDistance64 WMinkowskiDistance WMinkowskiDistance32 WMinkowskiDistance64"
    ),
    "hdbscan.hdbscan_": "HDBSCAN",
    "hdbscan.plots": "ApproximationGraph CondensedTree MinimumSpanningTree SingleLinkageTree",
    "hdbscan.prediction": "PredictionData",
    "hdbscan.robust_single_linkage_": "RobustSingleLinkage",
}
