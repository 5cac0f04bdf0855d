"""Names trusted in pickles (lightgbm). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "lightgbm.basic": "LGBMDeprecationWarning LightGBMError _MissingType",
    "lightgbm.callback": "EarlyStopException",
}
CONSTRUCT: dict[str, str] = {
    "lightgbm": "Booster",
    "lightgbm.basic": "Booster EvalResult Sequence _ConfigAliases _DummyLogger",
    "lightgbm.callback": (
        "CallbackEnv _EarlyStoppingCallback _LogEvaluationCallback _RecordEvaluationCallback _ResetParameterCallback"
    ),
    "lightgbm.compat": (
        "_LGBMClassifierBase _LGBMModelBase _LGBMRegressorBase dask_Array dask_DataFrame dask_Series dt_DataTable "
        "pd_CategoricalDtype pd_DataFrame pd_Series"
    ),
    "lightgbm.sklearn": (
        "LGBMClassifier LGBMModel LGBMRanker LGBMRegressor _EvalFunctionWrapper _ObjectiveFunctionWrapper"
    ),
}
