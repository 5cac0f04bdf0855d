"""Names trusted in pickles (lightning). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "lightning.fabric.utilities.data": "_WrapAttrTag",
    "lightning.pytorch.callbacks.prediction_writer": "WriteInterval",
    "lightning.pytorch.callbacks.timer": "Interval",
    "lightning.pytorch.trainer.states": "RunningStage TrainerFn TrainerStatus",
}
CONSTRUCT: dict[str, str] = {
    "lightning.fabric.utilities.data": "AttributeDict",
    "lightning.fabric.utilities.types": "CollectibleGroup Optimizable Steppable _Stateful",
    "lightning.pytorch.callbacks.batch_size_finder": "BatchSizeFinder",
    "lightning.pytorch.callbacks.callback": "Callback",
    "lightning.pytorch.callbacks.checkpoint": "Checkpoint",
    "lightning.pytorch.callbacks.device_stats_monitor": "DeviceStatsMonitor",
    "lightning.pytorch.callbacks.early_stopping": "EarlyStopping",
    "lightning.pytorch.callbacks.finetuning": "BackboneFinetuning BaseFinetuning",
    "lightning.pytorch.callbacks.gradient_accumulation_scheduler": "GradientAccumulationScheduler",
    "lightning.pytorch.callbacks.lambda_function": "LambdaCallback",
    "lightning.pytorch.callbacks.lr_finder": "LearningRateFinder",
    "lightning.pytorch.callbacks.lr_monitor": "LearningRateMonitor",
    "lightning.pytorch.callbacks.model_checkpoint": "ModelCheckpoint",
    "lightning.pytorch.callbacks.model_summary": "ModelSummary",
    "lightning.pytorch.callbacks.on_exception_checkpoint": "OnExceptionCheckpoint",
    "lightning.pytorch.callbacks.prediction_writer": "BasePredictionWriter",
    "lightning.pytorch.callbacks.progress.progress_bar": "ProgressBar",
    "lightning.pytorch.callbacks.progress.rich_progress": (
        "BatchesProcessedColumn CustomBarColumn CustomInfiniteTask CustomProgress CustomTimeColumn MetricsTextColumn "
        "ProcessingSpeedColumn RichProgressBar RichProgressBarTheme"
    ),
    "lightning.pytorch.callbacks.progress.tqdm_progress": "TQDMProgressBar",
    "lightning.pytorch.callbacks.pruning": "ModelPruning _LayerRef",
    "lightning.pytorch.callbacks.rich_model_summary": "RichModelSummary",
    "lightning.pytorch.callbacks.spike": "SpikeDetection",
    "lightning.pytorch.callbacks.stochastic_weight_avg": "StochasticWeightAveraging",
    "lightning.pytorch.callbacks.throughput_monitor": "ThroughputMonitor",
    "lightning.pytorch.callbacks.timer": "Timer",
    "lightning.pytorch.core.datamodule": "LightningDataModule",
    "lightning.pytorch.core.hooks": "CheckpointHooks DataHooks ModelHooks",
    "lightning.pytorch.core.mixins.hparams_mixin": "HyperparametersMixin",
    "lightning.pytorch.core.module": "LightningModule _TrainerFabricShim",
    "lightning.pytorch.core.optimizer": "LightningOptimizer _MockOptimizer",
    "lightning.pytorch.loops.progress": (
        "_BaseProgress _BatchProgress _OptimizationProgress _OptimizerProgress _ProcessedTracker _Progress "
        "_ReadyCompletedTracker _SchedulerProgress _StartedTracker"
    ),
    "lightning.pytorch.trainer.states": "TrainerState",
    "lightning.pytorch.utilities.parsing": "AttributeDict",
    "lightning.pytorch.utilities.types": (
        "DistributedDataParallel LRSchedulerConfig LRSchedulerConfigType OptimizerConfig OptimizerLRSchedulerConfig "
        "_SizedIterable"
    ),
}
