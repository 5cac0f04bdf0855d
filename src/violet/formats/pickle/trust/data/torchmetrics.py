"""Names trusted in pickles (torchmetrics). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "torchmetrics.functional.regression.kendall": "_MetricVariant _TestAlternative",
    "torchmetrics.functional.text.helper": "_EditOperations",
    "torchmetrics.functional.text.infolm": "_IMEnum",
    "torchmetrics.utilities.enums": (
        "AverageMethod ClassificationTask ClassificationTaskNoBinary ClassificationTaskNoMultilabel "
        "DataType EnumStr MDMCAverageMethod"
    ),
    "torchmetrics.utilities.exceptions": "TorchMetricsUserError TorchMetricsUserWarning",
}
CONSTRUCT: dict[str, str] = {
    "torchmetrics.collections": "MetricCollection",
    "torchmetrics.detection._mean_ap": (
        "BaseMetricResults COCOMetricResults MAPMetricResults MARMetricResults"
    ),
    "torchmetrics.detection.helpers": "CocoBackend",
    "torchmetrics.functional.audio.dnsmos": "InferenceSession",
    "torchmetrics.functional.audio.nisqa": (
        "_AdaptCNN _Framewise _NISQADIM _PoolAttFF _Pooling _SelfAttention _SelfAttentionLayer "
        "_TimeDependency"
    ),
    "torchmetrics.functional.image.arniqa": "_ARNIQA _NoTrainArniqa",
    "torchmetrics.functional.image.dists": "DISTSNetwork L2pooling",
    "torchmetrics.functional.image.lpips": (
        "Alexnet NetLinLayer ScalingLayer SqueezeNet Vgg16 _LPIPS _NoTrainLpips"
    ),
    "torchmetrics.functional.image.perceptual_path_length": "GeneratorType",
    "torchmetrics.functional.multimodal.clip_score": "JinaProcessorWrapper",
    "torchmetrics.functional.text.helper": "_LevenshteinEditDistance",
    "torchmetrics.functional.text.helper_embedding_metric": "TextDataset TokenizedDataset",
    "torchmetrics.functional.text.infolm": "_InformationMeasure",
    "torchmetrics.functional.text.sacre_bleu": "_SacreBLEUTokenizer",
    "torchmetrics.functional.text.ter": "_TercomTokenizer",
    "torchmetrics.image.fid": "NoTrainInceptionV3 _FeatureExtractorInceptionV3",
    "torchmetrics.wrappers.feature_share": "FeatureShare NetworkCache",
    "torchmetrics.wrappers.tracker": "MetricTracker",
}
