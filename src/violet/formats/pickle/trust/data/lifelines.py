"""Names trusted in pickles (lifelines). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "lifelines.exceptions": (
        "ApproximationWarning ConvergenceError ConvergenceWarning ProportionalHazardAssumptionError StatError "
        "StatisticalWarning"
    ),
    "lifelines.utils": "CensoringType",
}
CONSTRUCT: dict[str, str] = {
    "lifelines.fitters": (
        "BaseFitter KnownModelParametricUnivariateFitter NonParametricUnivariateFitter ParametericAFTRegressionFitter "
        "ParametricRegressionFitter ParametricUnivariateFitter RegressionFitter SemiParametricRegressionFitter "
        "UnivariateFitter"
    ),
    "lifelines.fitters.aalen_additive_fitter": "AalenAdditiveFitter",
    "lifelines.fitters.aalen_johansen_fitter": "AalenJohansenFitter",
    "lifelines.fitters.breslow_fleming_harrington_fitter": "BreslowFlemingHarringtonFitter",
    "lifelines.fitters.cox_time_varying_fitter": "CoxTimeVaryingFitter",
    "lifelines.fitters.coxph_fitter": (
        "CoxPHFitter ParametricCoxModelFitter ParametricPiecewiseBaselinePHFitter ParametricSplinePHFitter "
        "SemiParametricPHFitter _BatchVsSingle"
    ),
    "lifelines.fitters.crc_spline_fitter": "CRCSplineFitter",
    "lifelines.fitters.exponential_fitter": "ExponentialFitter",
    "lifelines.fitters.generalized_gamma_fitter": "GeneralizedGammaFitter",
    "lifelines.fitters.generalized_gamma_regression_fitter": "GeneralizedGammaRegressionFitter",
    "lifelines.fitters.kaplan_meier_fitter": "KaplanMeierFitter",
    "lifelines.fitters.log_logistic_aft_fitter": "LogLogisticAFTFitter",
    "lifelines.fitters.log_logistic_fitter": "LogLogisticFitter",
    "lifelines.fitters.log_normal_aft_fitter": "LogNormalAFTFitter",
    "lifelines.fitters.log_normal_fitter": "LogNormalFitter",
    "lifelines.fitters.mixins": "ProportionalHazardMixin SplineFitterMixin",
    "lifelines.fitters.mixture_cure_fitter": "MixtureCureFitter",
    "lifelines.fitters.nelson_aalen_fitter": "NelsonAalenFitter",
    "lifelines.fitters.npmle": "interval min_max",
    "lifelines.fitters.piecewise_exponential_fitter": "PiecewiseExponentialFitter",
    "lifelines.fitters.piecewise_exponential_regression_fitter": "PiecewiseExponentialRegressionFitter",
    "lifelines.fitters.spline_fitter": "SplineFitter",
    "lifelines.fitters.weibull_aft_fitter": "WeibullAFTFitter",
    "lifelines.fitters.weibull_fitter": "WeibullFitter",
    "lifelines.plotting": "PlotEstimateConfig",
    "lifelines.statistics": "StatisticalResult TimeTransformers",
    "lifelines.utils": "CovariateParameterMappings DataframeSlicer StepSizer",
    "lifelines.utils.btree": "_BTree",
    "lifelines.utils.printer": "Printer",
}
