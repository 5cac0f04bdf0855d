"""Names trusted in pickles (setfit). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "setfit.data": "SetFitDataset",
    "setfit.logging": "EmptyTqdm _tqdm_cls",
    "setfit.losses": "SupConLoss",
    "setfit.model_card": "ModelCardCallback SetFitModelCardData",
    "setfit.notebook": "SetFitNotebookProgressCallback",
    "setfit.sampler": "ContrastiveDataset ContrastiveDistillationDataset",
    "setfit.span.aspect_extractor": "AspectExtractor",
    "setfit.span.modeling": "AbsaModel",
    "setfit.span.trainer": "AbsaTrainer",
    "setfit.trainer": "ColumnMappingMixin SetFitTrainer Trainer",
    "setfit.trainer_distillation": "DistillationSetFitTrainer DistillationTrainer",
    "setfit.training_args": "TrainingArguments",
    "setfit.utils": "Benchmark BestRun",
}
