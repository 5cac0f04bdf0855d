"""Names trusted in pickles (fairlearn). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "fairlearn.exceptions": "DataFairnessWarning",
}
CONSTRUCT: dict[str, str] = {
    "fairlearn.adversarial._adversarial_mitigation": (
        "AdversarialFairnessClassifier AdversarialFairnessRegressor _AdversarialFairness"
    ),
    "fairlearn.adversarial._backend_engine": "BackendEngine",
    "fairlearn.adversarial._preprocessor": "FloatTransformer",
    "fairlearn.adversarial._pytorch_engine": "PytorchEngine",
    "fairlearn.adversarial._tensorflow_engine": "TensorflowEngine",
    "fairlearn.metrics._annotated_metric_function": "AnnotatedMetricFunction",
    "fairlearn.metrics._disaggregated_result": "DisaggregatedResult",
    "fairlearn.metrics._group_feature": "GroupFeature",
    "fairlearn.metrics._make_derived_metric": "_DerivedMetric",
    "fairlearn.metrics._metric_frame": "MetricFrame",
    "fairlearn.postprocessing._interpolated_thresholder": "InterpolatedThresholder",
    "fairlearn.postprocessing._threshold_operation": "ThresholdOperation",
    "fairlearn.postprocessing._threshold_optimizer": "ThresholdOptimizer",
    "fairlearn.preprocessing._correlation_remover": "CorrelationRemover",
    "fairlearn.preprocessing._prototype_representation_learner": "PrototypeRepresentationLearner",
    "fairlearn.reductions._exponentiated_gradient._lagrangian": "_GapResult _Lagrangian _PredictorAsCallable",
    "fairlearn.reductions._exponentiated_gradient.exponentiated_gradient": "ExponentiatedGradient",
    "fairlearn.reductions._grid_search._grid_generator": "_GridGenerator",
    "fairlearn.reductions._grid_search.grid_search": "GridSearch",
    "fairlearn.reductions._moments.bounded_group_loss": (
        "AbsoluteLoss BoundedGroupLoss ConditionalLossMoment MeanLoss SquareLoss ZeroOneLoss"
    ),
    "fairlearn.reductions._moments.error_rate": "ErrorRate",
    "fairlearn.reductions._moments.moment": "ClassificationMoment LossMoment Moment",
    "fairlearn.reductions._moments.utility_parity": (
        "DemographicParity EqualizedOdds ErrorRateParity FalsePositiveRateParity TruePositiveRateParity UtilityParity"
    ),
}
