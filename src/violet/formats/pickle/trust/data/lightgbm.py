"""Names trusted in pickles (lightgbm). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "lightgbm.basic": "LGBMDeprecationWarning LightGBMError _MissingType",
    "lightgbm.callback": "EarlyStopException",
}
CONSTRUCT: dict[str, str] = {
    "lightgbm": "Booster",
    "lightgbm.basic": "Booster EvalResult Sequence _ConfigAliases _DummyLogger _TempFile",
    "lightgbm.callback": (
        "CallbackEnv _EarlyStoppingCallback _LogEvaluationCallback _RecordEvaluationCallback "
        "_ResetParameterCallback"
    ),
    "lightgbm.compat": (
        "_LGBMClassifierBase _LGBMModelBase _LGBMRegressorBase pd_CategoricalDtype pd_DataFrame pd_Series"
    ),
    "lightgbm.sklearn": (
        "LGBMClassifier LGBMModel LGBMRanker LGBMRegressor _EvalFunctionWrapper _ObjectiveFunctionWrapper"
    ),
}
