"""Names trusted in pickles (interpret). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "interpret.api.base": "ExplainerMixin ExplanationMixin",
    "interpret.api.templates": "FeatureValueExplanation",
    "interpret.blackbox._lime": "LimeTabular",
    "interpret.blackbox._partialdependence": "PDPExplanation PartialDependence",
    "interpret.blackbox._sensitivity": "MorrisExplanation MorrisSampler MorrisSensitivity SamplerMixin",
    "interpret.blackbox._shap": "ShapKernel",
    "interpret.data._response": "ClassHistogram ClassHistogramExplanation Marginal MarginalExplanation",
    "interpret.glassbox._aplr": (
        "APLRClassifier APLRClassifierTags APLRExplanation APLRInputTags APLRRegressor APLRRegressorTags APLRTags "
        "APLRTargetTags"
    ),
    "interpret.glassbox._decisiontree": (
        "BaseShallowDecisionTree ClassificationTree RegressionTree TreeClassifierTags TreeExplanation TreeInputTags "
        "TreeRegressorTags TreeTags TreeTargetTags"
    ),
    "interpret.glassbox._ebm._ebm": (
        "DPExplainableBoostingClassifier DPExplainableBoostingRegressor EBMExplanation EBMModel EbmClassifierTags "
        "EbmInputTags EbmRegressorTags EbmTags EbmTargetTags ExplainableBoostingClassifier "
        "ExplainableBoostingRegressor"
    ),
    "interpret.glassbox._ebm._excel": (
        "EvaluationWorksheet ExportableEBMModel Format OverviewWorksheet ShapePlotsWorksheet VariablesDataWorksheet "
        "VariablesWorksheet Worksheet"
    ),
    "interpret.glassbox._linear": (
        "BaseLinear LinearClassifierTags LinearExplanation LinearInputTags LinearRegression LinearRegressorTags "
        "LinearTags LinearTargetTags LogisticRegression"
    ),
    "interpret.glassbox._skoperules": (
        "DecisionClassifierTags DecisionInputTags DecisionListClassifier DecisionRegressorTags DecisionTags "
        "DecisionTargetTags RulesExplanation"
    ),
    "interpret.greybox._shaptree": "ShapTree",
    "interpret.greybox._treeinterpreter": "TreeInterpreter",
    "interpret.perf._curve": "PR PRExplanation ROC ROCExplanation",
    "interpret.perf._regression": "RegressionExplanation RegressionPerf",
    "interpret.utils._native": "Booster InteractionDetector Native",
    "interpret.utils._preprocessor": (
        "EBMPreprocessor PreprocessorInputTags PreprocessorTags PreprocessorTargetTags PreprocessorTransformerTags"
    ),
}
