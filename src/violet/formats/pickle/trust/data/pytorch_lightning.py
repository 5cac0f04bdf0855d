"""Names trusted in pickles (pytorch_lightning). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "pytorch_lightning.callbacks.early_stopping": "EarlyStoppingReason",
    "pytorch_lightning.callbacks.prediction_writer": "WriteInterval",
    "pytorch_lightning.callbacks.timer": "Interval",
    "pytorch_lightning.trainer.states": "RunningStage TrainerFn TrainerStatus",
}
CONSTRUCT: dict[str, str] = {
    "pytorch_lightning._graveyard.callbacks": "Callback",
    "pytorch_lightning._graveyard.core": "LightningModule",
    "pytorch_lightning.callbacks.batch_size_finder": "BatchSizeFinder",
    "pytorch_lightning.callbacks.callback": "Callback",
    "pytorch_lightning.callbacks.checkpoint": "Checkpoint",
    "pytorch_lightning.callbacks.device_stats_monitor": "DeviceStatsMonitor",
    "pytorch_lightning.callbacks.early_stopping": "EarlyStopping",
    "pytorch_lightning.callbacks.fault_tolerance": "_FaultToleranceCheckpoint",
    "pytorch_lightning.callbacks.finetuning": "BackboneFinetuning BaseFinetuning",
    "pytorch_lightning.callbacks.gradient_accumulation_scheduler": "GradientAccumulationScheduler",
    "pytorch_lightning.callbacks.lambda_function": "LambdaCallback",
    "pytorch_lightning.callbacks.lr_finder": "LearningRateFinder",
    "pytorch_lightning.callbacks.lr_monitor": "LearningRateMonitor",
    "pytorch_lightning.callbacks.model_checkpoint": "ModelCheckpoint",
    "pytorch_lightning.callbacks.model_summary": "ModelSummary",
    "pytorch_lightning.callbacks.on_exception_checkpoint": "OnExceptionCheckpoint",
    "pytorch_lightning.callbacks.prediction_writer": "BasePredictionWriter",
    "pytorch_lightning.callbacks.progress.base": "ProgressBarBase",
    "pytorch_lightning.callbacks.progress.progress_bar": "ProgressBar",
    "pytorch_lightning.callbacks.progress.rich_progress": (
        "BatchesProcessedColumn CustomBarColumn CustomInfiniteTask CustomProgress CustomTimeColumn MetricsTextColumn "
        "ProcessingSpeedColumn RichProgressBar RichProgressBarTheme"
    ),
    "pytorch_lightning.callbacks.progress.tqdm_progress": "TQDMProgressBar",
    "pytorch_lightning.callbacks.pruning": "ModelPruning _LayerRef",
    "pytorch_lightning.callbacks.quantization": "QuantizationAwareTraining",
    "pytorch_lightning.callbacks.rich_model_summary": "RichModelSummary",
    "pytorch_lightning.callbacks.spike": "SpikeDetection",
    "pytorch_lightning.callbacks.stochastic_weight_avg": "StochasticWeightAveraging",
    "pytorch_lightning.callbacks.throughput_monitor": "ThroughputMonitor",
    "pytorch_lightning.callbacks.timer": "Timer",
    "pytorch_lightning.callbacks.weight_averaging": "EMAWeightAveraging WeightAveraging",
    "pytorch_lightning.core.datamodule": "LightningDataModule",
    "pytorch_lightning.core.hooks": "CheckpointHooks DataHooks ModelHooks",
    "pytorch_lightning.core.mixins.device_dtype_mixin": "DeviceDtypeModuleMixin",
    "pytorch_lightning.core.mixins.hparams_mixin": "HyperparametersMixin",
    "pytorch_lightning.core.module": "LightningModule _TrainerFabricShim",
    "pytorch_lightning.core.optimizer": "LightningOptimizer _MockOptimizer",
    "pytorch_lightning.core.saving": "ModelIO",
    "pytorch_lightning.loops.progress": (
        "_BaseProgress _BatchProgress _OptimizationProgress _OptimizerProgress _ProcessedTracker _Progress "
        "_ReadyCompletedTracker _SchedulerProgress _StartedTracker"
    ),
    "pytorch_lightning.trainer.states": "TrainerState",
    "pytorch_lightning.utilities.parsing": "AttributeDict",
    "pytorch_lightning.utilities.types": (
        "DistributedDataParallel LRSchedulerConfig LRSchedulerConfigType OptimizerConfig OptimizerLRSchedulerConfig "
        "PredictStep TestStep TrainingStep ValidationStep _SizedIterable"
    ),
}
