"""Names trusted in pickles (tslearn). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "tslearn.clustering.utils": "EmptyClusterError",
}
CONSTRUCT: dict[str, str] = {
    "tslearn.backend.backend": "Backend PyTorchBackend",
    "tslearn.backend.numpy_backend": "NumPyBackend NumPyLinalg NumPyRandom NumPyTesting",
    "tslearn.backend.pytorch_backend": "PyTorchBackend PyTorchLinalg PyTorchRandom PyTorchTesting",
    "tslearn.bases.bases": "BaseModelPackage TimeSeriesBaseEstimator",
    "tslearn.clustering.kmeans": "KernelKMeans TimeSeriesKMeans",
    "tslearn.clustering.kshape": "KShape",
    "tslearn.clustering.utils": "TimeSeriesCentroidBasedClusteringMixin",
    "tslearn.early_classification.early_classification": "NonMyopicEarlyClassifier",
    "tslearn.matrix_profile.matrix_profile": "MatrixProfile",
    "tslearn.metrics.soft_dtw_loss_pytorch": "SoftDTWLossPyTorch",
    "tslearn.metrics.softdtw_variants": "SoftDTW SquaredEuclidean",
    "tslearn.neighbors.neighbors": (
        "KNeighborsTimeSeries KNeighborsTimeSeriesClassifier KNeighborsTimeSeriesMixin KNeighborsTimeSeriesRegressor"
    ),
    "tslearn.neural_network.neural_network": "TimeSeriesMLPClassifier TimeSeriesMLPRegressor",
    "tslearn.piecewise.piecewise": (
        "OneD_SymbolicAggregateApproximation PiecewiseAggregateApproximation SymbolicAggregateApproximation"
    ),
    "tslearn.preprocessing.preprocessing": "TimeSeriesResampler TimeSeriesScalerMeanVariance TimeSeriesScalerMinMax",
    "tslearn.shapelets.shapelets": "LearningShapelets",
    "tslearn.svm.svm": "TimeSeriesSVC TimeSeriesSVMMixin TimeSeriesSVR",
    "tslearn.utils.utils": "LabelCategorizer",
}
