"""Names trusted in pickles (xgboost). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "xgboost.collective": "Op",
    "xgboost.core": "DataSplitMode XGBoostError",
    "xgboost.libpath": "XGBoostLibraryNotFound",
}
CONSTRUCT: dict[str, str] = {
    "xgboost": "Booster",
    "xgboost._data_utils": "DfCatAccessor TransformedDf _ArrayLikeArg _CudaArrayLikeArg",
    "xgboost.callback": (
        "CallbackContainer EarlyStopping EvaluationMonitor LearningRateScheduler TrainingCallback TrainingCheckPoint"
    ),
    "xgboost.collective": "CommunicatorContext Config",
    "xgboost.compat": "XGBClassifierBase XGBModelBase XGBRegressorBase XGBoostLabelEncoder",
    "xgboost.core": "Booster DataIter _RefMixIn",
    "xgboost.data": "ArrowTransformed CudfTransformed PandasTransformed SingleBatchInternalIter",
    "xgboost.objective": "Objective TreeObjective",
    "xgboost.sklearn": (
        "XGBClassifier XGBModel XGBRFClassifier XGBRFRegressor XGBRanker XGBRankerMixIn XGBRegressor _SklObjWProto"
    ),
}
