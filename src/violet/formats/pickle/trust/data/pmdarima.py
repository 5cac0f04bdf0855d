"""Names trusted in pickles (pmdarima). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "pmdarima.arima._context": "ContextType",
    "pmdarima.warnings": "ModelFitWarning",
}
CONSTRUCT: dict[str, str] = {
    "pmdarima.arima._auto_solvers": "_RandomFitWrapper _SolverMixin _StepwiseFitWrapper",
    "pmdarima.arima._context": "AbstractContext ContextStore _CtxSingleton _emptyContext",
    "pmdarima.arima.auto": "AutoARIMA StepwiseContext",
    "pmdarima.arima.seasonality": "CHTest OCSBTest _SeasonalStationarityTest",
    "pmdarima.arima.stationarity": "ADFTest KPSSTest PPTest _BaseStationarityTest _DifferencingStationarityTest",
    "pmdarima.base": "BaseARIMA",
    "pmdarima.model_selection._split": "BaseTSCrossValidator RollingForecastCV SlidingWindowForecastCV",
    "pmdarima.pipeline": "Pipeline",
    "pmdarima.preprocessing.base": "BaseTransformer UpdatableMixin",
    "pmdarima.preprocessing.endog.base": "BaseEndogTransformer",
    "pmdarima.preprocessing.endog.boxcox": "BoxCoxEndogTransformer",
    "pmdarima.preprocessing.endog.log": "LogEndogTransformer",
    "pmdarima.preprocessing.exog.base": "BaseExogFeaturizer BaseExogTransformer",
    "pmdarima.preprocessing.exog.dates": "DateFeaturizer",
    "pmdarima.preprocessing.exog.fourier": "FourierFeaturizer",
    "pmdarima.utils.metaestimators": "_IffHasDelegate",
}
