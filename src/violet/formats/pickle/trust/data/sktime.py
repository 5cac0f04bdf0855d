"""Names trusted in pickles (sktime). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "sktime.base._meta": "_ColumnEstimator _HeterogenousMetaEstimator",
    "sktime.base._panel.forest._composable": "BaseTimeSeriesForest",
    "sktime.base._panel.forest._tsf": "BaseTimeSeriesForest",
    "sktime.base._panel.knn": "_BaseKnnTimeSeriesEstimator",
    "sktime.base._proba._base": "_Indexer",
    "sktime.base._proba._mixin": "_PredictProbaMixin",
    "sktime.base._tagmanager": "_FlagManager",
    "sktime.base.adapters._pyts": "_PytsAdapter",
    "sktime.base.adapters._tslearn": "_TslearnAdapter",
    "sktime.classification.deep_learning._pytorch": "Dataset PytorchDataset",
    "sktime.classification.deep_learning.mvts_transformer": "Dataset PytorchDataset",
    "sktime.classification.sklearn._continuous_interval_tree": "ContinuousIntervalTree _TreeNode",
    "sktime.classification.sklearn._rotation_forest": "RotationForest",
    "sktime.forecasting.base.adapters._fbprophet": "_suppress_stdout_stderr",
    "sktime.forecasting.base.adapters._generalised_statsforecast": "StatsForecastBackAdapter",
    "sktime.forecasting.base.adapters._pytorch": "Dataset PyTorchPredDataset PyTorchTrainDataset",
    "sktime.forecasting.chronos": (
        "ChronosBoltStrategy ChronosDefaultStrategy ChronosModelStrategy PreTrainedModel _CachedChronos "
        "_CachedChronosBolt torch torch.Tensor"
    ),
    "sktime.forecasting.compose._reduce": "_ReducerMixin",
    "sktime.forecasting.conditional_invertible_neural_network": "Dataset PyTorchCinnTestDataset _EarlyStopper",
    "sktime.forecasting.es_rnn": "Dataset ESRNNPredDataset ESRNNTrainDataset",
    "sktime.forecasting.online_learning._prediction_weighted_ensembler": (
        "HedgeExpertEnsemble NNLSEnsemble NormalHedgeEnsemble _PredictionWeightedEnsembler"
    ),
    "sktime.forecasting.pykan_forecaster": "Dataset PyTorchTrainDataset",
    "sktime.forecasting.timemoe": "_CachedTimeMoE",
    "sktime.forecasting.timesfm_forecaster": "_CachedTimesFM",
    "sktime.forecasting.ttm": "Dataset PyTorchDataset",
    "sktime.transformations.compose._logger": "DataLog",
    "sktime.transformations.panel.channel_selection": "_distance_matrix _shrunk_centroid",
    "sktime.transformations.panel.shapelet_transform._shapelet_transform": "Shapelet ShapeletPQ",
    "sktime.transformations.panel.signature_based._window": (
        "_Dyadic _Expanding _ExpandingSliding _Global _Pair _Sliding _Window"
    ),
    "sktime.transformations.series.augmenter": "_AugmenterTags",
    "sktime.transformations.series.kalman_filter._base": "BaseKalmanFilter",
}
