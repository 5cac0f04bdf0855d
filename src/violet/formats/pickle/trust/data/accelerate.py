"""Names trusted in pickles (accelerate). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "accelerate.utils.dataclasses": (
        "BaseEnum ComputeEnvironment CustomDtype DDPCommunicationHookType DistributedType DynamoBackend FP8BackendType "
        "LoggerType PrecisionType RNGType SageMakerDistributedType"
    ),
}
CONSTRUCT: dict[str, str] = {
    "accelerate.hooks": "AlignDevicesHook CpuOffload LayerwiseCastingHook ModelHook SequentialHook UserCpuOffloadHook",
    "accelerate.scheduler": "AcceleratedScheduler",
    "accelerate.state": "AcceleratorState GradientState PartialState ThreadLocalSharedDict",
    "accelerate.utils.dataclasses": (
        "AORecipeKwargs AutocastKwargs BnbQuantizationConfig DataLoaderConfiguration DeepSpeedPlugin "
        "DeepSpeedSequenceParallelConfig DistributedDataParallelKwargs FP8RecipeKwargs FullyShardedDataParallelPlugin "
        "GradScalerKwargs GradientAccumulationPlugin InitProcessGroupKwargs KwargsHandler MSAMPRecipeKwargs "
        "MegatronLMPlugin ProfileKwargs ProjectConfiguration TERecipeKwargs TensorInformation "
        "TorchContextParallelConfig TorchDynamoPlugin TorchTensorParallelConfig TorchTensorParallelPlugin"
    ),
}
