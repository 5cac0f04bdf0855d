"""Names trusted in pickles (optax). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "optax._src.base": (
        "EmptyState GradientTransformation GradientTransformationExtraArgs StatefulSchedule TransformInitFn "
        "TransformUpdateExtraArgsFn TransformUpdateFn"
    ),
    "optax._src.transform": (
        "ApplyEvery ScaleByAdaDeltaState ScaleByAdamState ScaleByAdanState ScaleByAmsgradState ScaleByBeliefState "
        "ScaleByDistanceOverGradientsState ScaleByLBFGSState ScaleByLionState ScaleByNovogradState "
        "ScaleByOptimisticGradientState ScaleByRStdDevState ScaleByRStdDevWithCountState ScaleByRmsState "
        "ScaleByRmsWithCountState ScaleByRpropState ScaleByRssState ScaleBySM3State ScaleByScheduleState"
    ),
    "optax.schedules._inject": (
        "InjectHyperparamsState InjectStatefulHyperparamsState WrappedSchedule WrappedScheduleState"
    ),
    "optax.transforms._accumulation": "EmaState MultiSteps MultiStepsState ShouldSkipUpdateFunction TraceState",
    "optax.transforms._adding": "AddNoiseState WeightDecaySchedule",
    "optax.transforms._combining": "PartitionState",
    "optax.transforms._conditionality": (
        "ApplyIfFiniteState ConditionFn ConditionallyMaskState ConditionallyTransformState"
    ),
    "optax.transforms._constraining": "ZeroNansState",
    "optax.transforms._masking": "MaskedNode MaskedState",
    "optax.transforms._monitoring": "SnapshotState",
}
