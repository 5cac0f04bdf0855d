"""Names trusted in pickles (catboost). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "catboost.core": "EFeaturesSelectionAlgorithm EFeaturesSelectionGrouping EFstrType EShapCalcType",
    "catboost.hnsw.hnsw": "EDistance EVectorComponentType",
}
CONSTRUCT: dict[str, str] = {
    "catboost.core": (
        "CatBoost CatBoostClassifier CatBoostRanker CatBoostRegressor _CatBoostBase _CustomLoggersStack "
        "_StreamLikeWrapper _TrainCallbacksWrapper pandas pandas.DataFrame pandas.Series polars polars.DataFrame "
        "polars.Series"
    ),
    "catboost.hnsw.hnsw": "Hnsw HnswEstimator OnlineHnsw Pool",
    "catboost.metrics": "BuiltinMetric pandas pandas.DataFrame pandas.Series",
    "catboost.plot_helpers": "OfflineMetricVisualizer",
    "catboost.utils": "polars polars.DataFrame polars.Series",
}
