"""Names trusted in pickles (sentence_transformers). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "sentence_transformers.base.sampler": "BatchSamplers MultiDatasetBatchSamplers",
    "sentence_transformers.losses.ContrastiveLoss": "SiameseDistanceMetric",
    "sentence_transformers.losses.TripletLoss": "TripletDistanceMetric",
    "sentence_transformers.sentence_transformer.losses.contrastive": "SiameseDistanceMetric",
    "sentence_transformers.sentence_transformer.losses.triplet": "TripletDistanceMetric",
    "sentence_transformers.sparse_encoder.callbacks.splade_callbacks": "SchedulerType",
    "sentence_transformers.util.file_io": "IncompleteSnapshotError RevisionResolutionError",
    "sentence_transformers.util.similarity": "SimilarityFunction",
}
CONSTRUCT: dict[str, str] = {
    "sentence_transformers.SentenceTransformer": "SentenceTransformer",
    "sentence_transformers.base.data_collator": "BaseDataCollator",
    "sentence_transformers.base.losses.gradcache": "CachedLossMixin RandContext",
    "sentence_transformers.base.modality": "InputFormatter",
    "sentence_transformers.base.modality_types": "AudioDict MessageDict MultimodalInput VideoDict",
    "sentence_transformers.base.model": "BaseModel",
    "sentence_transformers.base.model_card": "BaseModelCardCallback BaseModelCardData _MinMeanMax",
    "sentence_transformers.base.modules.dense": "Dense",
    "sentence_transformers.base.modules.input_module": "InputModule",
    "sentence_transformers.base.modules.module": "Module",
    "sentence_transformers.base.modules.normalize": "Normalize",
    "sentence_transformers.base.modules.router": "Router",
    "sentence_transformers.base.modules.transformer": (
        "BaseVideoProcessor ModalityParams MoonshineConfig PaliGemmaProcessor ProcessingKwargs QueryExpansionConfig "
        "T5Gemma2Config T5Gemma2TextConfig T5GemmaConfig TimmWrapperConfig Transformer _ModalityParamsRequired"
    ),
    "sentence_transformers.base.peft_mixin": "PeftAdapterMixin",
    "sentence_transformers.base.sampler": (
        "DefaultBatchSampler GroupByLabelBatchSampler MultiDatasetDefaultBatchSampler NoDuplicatesBatchSampler "
        "ProportionalBatchSampler RoundRobinBatchSampler SetEpochMixin"
    ),
    "sentence_transformers.base.training_args": "BaseTrainingArguments",
    "sentence_transformers.cross_encoder.CrossEncoder": "CrossEncoder",
    "sentence_transformers.cross_encoder.data_collator": "CrossEncoderDataCollator",
    "sentence_transformers.cross_encoder.fit_mixin": (
        "EvaluatorCallback FitMixin FitMixinLoss OriginalCallback SaveModelCallback"
    ),
    "sentence_transformers.cross_encoder.losses.adr_mse": "ADRMSELoss",
    "sentence_transformers.cross_encoder.losses.binary_cross_entropy": "BinaryCrossEntropyLoss",
    "sentence_transformers.cross_encoder.losses.cached_multiple_negatives_ranking": (
        "CachedMultipleNegativesRankingLoss"
    ),
    "sentence_transformers.cross_encoder.losses.cross_entropy": "CrossEntropyLoss",
    "sentence_transformers.cross_encoder.losses.lambda_loss": (
        "BaseWeightingScheme LambdaLoss LambdaRankScheme NDCGLoss1Scheme NDCGLoss2PPScheme NDCGLoss2Scheme "
        "NoWeightingScheme"
    ),
    "sentence_transformers.cross_encoder.losses.list_mle": "ListMLELoss",
    "sentence_transformers.cross_encoder.losses.list_net": "ListNetLoss",
    "sentence_transformers.cross_encoder.losses.margin_mse": "MarginMSELoss",
    "sentence_transformers.cross_encoder.losses.mse": "MSELoss",
    "sentence_transformers.cross_encoder.losses.multiple_negatives_ranking": "MultipleNegativesRankingLoss",
    "sentence_transformers.cross_encoder.losses.plist_mle": "PListMLELambdaWeight PListMLELoss",
    "sentence_transformers.cross_encoder.losses.rank_net": "RankNetLoss",
    "sentence_transformers.cross_encoder.model": "CrossEncoder _Float32Linear",
    "sentence_transformers.cross_encoder.model_card": "CrossEncoderModelCardCallback CrossEncoderModelCardData",
    "sentence_transformers.cross_encoder.modules.logit_score": "LogitScore",
    "sentence_transformers.cross_encoder.training_args": "CrossEncoderTrainingArguments",
    "sentence_transformers.losses.AdaptiveLayerLoss": "AdaptiveLayerLoss ForwardDecorator TransformerDecorator",
    "sentence_transformers.losses.AnglELoss": "AnglELoss",
    "sentence_transformers.losses.BatchAllTripletLoss": "BatchAllTripletLoss",
    "sentence_transformers.losses.BatchHardSoftMarginTripletLoss": "BatchHardSoftMarginTripletLoss",
    "sentence_transformers.losses.BatchHardTripletLoss": "BatchHardTripletLoss BatchHardTripletLossDistanceFunction",
    "sentence_transformers.losses.BatchSemiHardTripletLoss": "BatchSemiHardTripletLoss",
    "sentence_transformers.losses.CachedGISTEmbedLoss": "CachedGISTEmbedLoss RandContext",
    "sentence_transformers.losses.CachedMultipleNegativesRankingLoss": "CachedMultipleNegativesRankingLoss RandContext",
    "sentence_transformers.losses.CoSENTLoss": "CoSENTLoss",
    "sentence_transformers.losses.ContrastiveLoss": "ContrastiveLoss",
    "sentence_transformers.losses.ContrastiveTensionLoss": (
        "ContrastiveTensionDataLoader ContrastiveTensionLoss ContrastiveTensionLossInBatchNegatives"
    ),
    "sentence_transformers.losses.CosineSimilarityLoss": "CosineSimilarityLoss",
    "sentence_transformers.losses.DenoisingAutoEncoderLoss": "DenoisingAutoEncoderLoss",
    "sentence_transformers.losses.GISTEmbedLoss": "GISTEmbedLoss",
    "sentence_transformers.losses.MSELoss": "MSELoss",
    "sentence_transformers.losses.MarginMSELoss": "MarginMSELoss",
    "sentence_transformers.losses.Matryoshka2dLoss": "Matryoshka2dLoss",
    "sentence_transformers.losses.MatryoshkaLoss": "ForwardDecorator MatryoshkaLoss",
    "sentence_transformers.losses.MegaBatchMarginLoss": "MegaBatchMarginLoss",
    "sentence_transformers.losses.MultipleNegativesRankingLoss": "MultipleNegativesRankingLoss",
    "sentence_transformers.losses.MultipleNegativesSymmetricRankingLoss": "MultipleNegativesSymmetricRankingLoss",
    "sentence_transformers.losses.OnlineContrastiveLoss": "OnlineContrastiveLoss",
    "sentence_transformers.losses.SoftmaxLoss": "SoftmaxLoss",
    "sentence_transformers.losses.TripletLoss": "TripletLoss",
    "sentence_transformers.model_card_templates": "ModelCardTemplate",
    "sentence_transformers.models.Asym": "Asym",
    "sentence_transformers.models.BoW": "BoW",
    "sentence_transformers.models.CLIPModel": "CLIPModel",
    "sentence_transformers.models.CNN": "CNN",
    "sentence_transformers.models.Dense": "Dense",
    "sentence_transformers.models.Dropout": "Dropout",
    "sentence_transformers.models.LSTM": "LSTM",
    "sentence_transformers.models.LayerNorm": "LayerNorm",
    "sentence_transformers.models.Normalize": "Normalize",
    "sentence_transformers.models.Pooling": "Pooling",
    "sentence_transformers.models.Transformer": "Transformer",
    "sentence_transformers.models.WeightedLayerPooling": "WeightedLayerPooling",
    "sentence_transformers.models.WordEmbeddings": "WordEmbeddings",
    "sentence_transformers.models.WordWeights": "WordWeights",
    "sentence_transformers.models.tokenizer.PhraseTokenizer": "PhraseTokenizer",
    "sentence_transformers.models.tokenizer.WhitespaceTokenizer": "WhitespaceTokenizer",
    "sentence_transformers.models.tokenizer.WordTokenizer": "WordTokenizer",
    "sentence_transformers.multi_vector_encoder.data_collator": "MultiVectorEncoderDataCollator",
    "sentence_transformers.multi_vector_encoder.losses.cached_multiple_negatives_ranking": (
        "CachedMultiVectorMultipleNegativesRankingLoss"
    ),
    "sentence_transformers.multi_vector_encoder.losses.distill_kl_div": "MultiVectorDistillKLDivLoss",
    "sentence_transformers.multi_vector_encoder.losses.margin_mse": "MultiVectorMarginMSELoss",
    "sentence_transformers.multi_vector_encoder.losses.multiple_negatives_ranking": (
        "MultiVectorMultipleNegativesRankingLoss"
    ),
    "sentence_transformers.multi_vector_encoder.model": "MultiVectorEncoder _LegacyStash",
    "sentence_transformers.multi_vector_encoder.model_card": (
        "MultiVectorEncoderModelCardCallback MultiVectorEncoderModelCardData"
    ),
    "sentence_transformers.multi_vector_encoder.modules.multi_vector_mask": "MultiVectorMask",
    "sentence_transformers.multi_vector_encoder.modules.token_pooling": (
        "BaseTokenPooling HierarchicalTokenPooling LambdaTokenPooling"
    ),
    "sentence_transformers.multi_vector_encoder.scoring.xtr": "XTRKDScores XTRScores",
    "sentence_transformers.multi_vector_encoder.training_args": "MultiVectorEncoderTrainingArguments",
    "sentence_transformers.sentence_transformer.data_collator": "SentenceTransformerDataCollator",
    "sentence_transformers.sentence_transformer.deprecated_model_card_templates": "ModelCardTemplate",
    "sentence_transformers.sentence_transformer.fit_mixin": (
        "EvaluatorCallback FitMixin OriginalCallback SaveModelCallback"
    ),
    "sentence_transformers.sentence_transformer.losses.adaptive_layer": (
        "AdaptiveLayerLoss ForwardDecorator TransformerDecorator"
    ),
    "sentence_transformers.sentence_transformer.losses.angle": "AnglELoss",
    "sentence_transformers.sentence_transformer.losses.batch_all_triplet": "BatchAllTripletLoss",
    "sentence_transformers.sentence_transformer.losses.batch_hard_soft_margin_triplet": (
        "BatchHardSoftMarginTripletLoss"
    ),
    "sentence_transformers.sentence_transformer.losses.batch_hard_triplet": (
        "BatchHardTripletLoss BatchHardTripletLossDistanceFunction"
    ),
    "sentence_transformers.sentence_transformer.losses.batch_semi_hard_triplet": "BatchSemiHardTripletLoss",
    "sentence_transformers.sentence_transformer.losses.cached_gist_embed": "CachedGISTEmbedLoss",
    "sentence_transformers.sentence_transformer.losses.cached_multiple_negatives_ranking": (
        "CachedMultipleNegativesRankingLoss"
    ),
    "sentence_transformers.sentence_transformer.losses.cached_multiple_negatives_symmetric_ranking": (
        "CachedMultipleNegativesSymmetricRankingLoss"
    ),
    "sentence_transformers.sentence_transformer.losses.contrastive": "ContrastiveLoss",
    "sentence_transformers.sentence_transformer.losses.contrastive_tension": (
        "ContrastiveTensionDataLoader ContrastiveTensionLoss ContrastiveTensionLossInBatchNegatives"
    ),
    "sentence_transformers.sentence_transformer.losses.cosent": "CoSENTLoss",
    "sentence_transformers.sentence_transformer.losses.cosine_similarity": "CosineSimilarityLoss",
    "sentence_transformers.sentence_transformer.losses.denoising_auto_encoder": "DenoisingAutoEncoderLoss",
    "sentence_transformers.sentence_transformer.losses.distill_kl_div": "DistillKLDivLoss",
    "sentence_transformers.sentence_transformer.losses.embed_distill": "EmbedDistillLoss",
    "sentence_transformers.sentence_transformer.losses.gist_embed": "GISTEmbedLoss",
    "sentence_transformers.sentence_transformer.losses.global_orthogonal_regularization": (
        "GlobalOrthogonalRegularizationLoss"
    ),
    "sentence_transformers.sentence_transformer.losses.margin_mse": "MarginMSELoss",
    "sentence_transformers.sentence_transformer.losses.matryoshka": (
        "CachedLossDecorator ForwardDecorator MatryoshkaLoss"
    ),
    "sentence_transformers.sentence_transformer.losses.matryoshka_2d": "Matryoshka2dLoss",
    "sentence_transformers.sentence_transformer.losses.mega_batch_margin": "MegaBatchMarginLoss",
    "sentence_transformers.sentence_transformer.losses.mse": "MSELoss",
    "sentence_transformers.sentence_transformer.losses.multiple_negatives_ranking": "MultipleNegativesRankingLoss",
    "sentence_transformers.sentence_transformer.losses.multiple_negatives_symmetric_ranking": (
        "MultipleNegativesSymmetricRankingLoss"
    ),
    "sentence_transformers.sentence_transformer.losses.online_contrastive": "OnlineContrastiveLoss",
    "sentence_transformers.sentence_transformer.losses.softmax": "SoftmaxLoss",
    "sentence_transformers.sentence_transformer.losses.triplet": "TripletLoss",
    "sentence_transformers.sentence_transformer.model": "SentenceTransformer",
    "sentence_transformers.sentence_transformer.model_card": (
        "ModelCardCallback SentenceTransformerModelCardCallback SentenceTransformerModelCardData"
    ),
    "sentence_transformers.sentence_transformer.modules.bow": "BoW",
    "sentence_transformers.sentence_transformer.modules.clip_model": "CLIPModel",
    "sentence_transformers.sentence_transformer.modules.cnn": "CNN",
    "sentence_transformers.sentence_transformer.modules.dropout": "Dropout",
    "sentence_transformers.sentence_transformer.modules.layer_norm": "LayerNorm",
    "sentence_transformers.sentence_transformer.modules.lstm": "LSTM",
    "sentence_transformers.sentence_transformer.modules.pooling": "Pooling",
    "sentence_transformers.sentence_transformer.modules.static_embedding": "StaticEmbedding",
    "sentence_transformers.sentence_transformer.modules.tokenizer.phrase": "PhraseTokenizer",
    "sentence_transformers.sentence_transformer.modules.tokenizer.whitespace": "WhitespaceTokenizer",
    "sentence_transformers.sentence_transformer.modules.tokenizer.word": "TransformersTokenizerWrapper WordTokenizer",
    "sentence_transformers.sentence_transformer.modules.weighted_layer_pooling": "WeightedLayerPooling",
    "sentence_transformers.sentence_transformer.modules.word_embeddings": "WordEmbeddings",
    "sentence_transformers.sentence_transformer.modules.word_weights": "WordWeights",
    "sentence_transformers.sentence_transformer.training_args": "SentenceTransformerTrainingArguments",
    "sentence_transformers.sparse_encoder.callbacks.splade_callbacks": "SpladeRegularizerWeightSchedulerCallback",
    "sentence_transformers.sparse_encoder.data_collator": "SparseEncoderDataCollator",
    "sentence_transformers.sparse_encoder.losses.cached_splade": "CachedSpladeLoss",
    "sentence_transformers.sparse_encoder.losses.csr": "CSRLoss CSRReconstructionLoss",
    "sentence_transformers.sparse_encoder.losses.flops": "FlopsLoss",
    "sentence_transformers.sparse_encoder.losses.sparse_angle": "SparseAnglELoss",
    "sentence_transformers.sparse_encoder.losses.sparse_cosent": "SparseCoSENTLoss",
    "sentence_transformers.sparse_encoder.losses.sparse_cosine_similarity": "SparseCosineSimilarityLoss",
    "sentence_transformers.sparse_encoder.losses.sparse_distill_kl_div": "SparseDistillKLDivLoss",
    "sentence_transformers.sparse_encoder.losses.sparse_margin_mse": "SparseMarginMSELoss",
    "sentence_transformers.sparse_encoder.losses.sparse_mse": "SparseMSELoss",
    "sentence_transformers.sparse_encoder.losses.sparse_multiple_negatives_ranking": (
        "SparseMultipleNegativesRankingLoss"
    ),
    "sentence_transformers.sparse_encoder.losses.sparse_triplet": "SparseTripletLoss",
    "sentence_transformers.sparse_encoder.losses.splade": "SpladeLoss",
    "sentence_transformers.sparse_encoder.model": "SparseEncoder",
    "sentence_transformers.sparse_encoder.model_card": "SparseEncoderModelCardCallback SparseEncoderModelCardData",
    "sentence_transformers.sparse_encoder.modules.mlm_transformer": "MLMTransformer",
    "sentence_transformers.sparse_encoder.modules.sparse_auto_encoder": "SparseAutoEncoder TiedTranspose",
    "sentence_transformers.sparse_encoder.modules.sparse_static_embedding": "SparseStaticEmbedding",
    "sentence_transformers.sparse_encoder.modules.splade_pooling": "SpladePooling",
    "sentence_transformers.sparse_encoder.training_args": "SparseEncoderTrainingArguments",
    "sentence_transformers.util.distributed": "_DistributedInference",
}
