"""Names trusted in pickles (flair). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "flair.models.entity_mention_linking": "SimilarityMetric",
}
CONSTRUCT: dict[str, str] = {
    "flair.data": (
        "BoundingBox ConcatFlairDataset Corpus DataPair DataPoint DataTriple Dictionary EntityCandidate FlairDataset "
        "Image MultiCorpus Sentence Token _PartOfSentence"
    ),
    "flair.embeddings.base": "DocumentEmbeddings Embeddings ScalarMix TokenEmbeddings",
    "flair.embeddings.document": (
        "DocumentCNNEmbeddings DocumentLMEmbeddings DocumentPoolEmbeddings DocumentTFIDFEmbeddings "
        "SentenceTransformerDocumentEmbeddings"
    ),
    "flair.embeddings.image": (
        "ConvTransformNetworkImageEmbeddings IdentityImageEmbeddings ImageEmbeddings NetworkImageEmbeddings "
        "PrecomputedImageEmbeddings"
    ),
    "flair.embeddings.legacy": "CharLMEmbeddings DocumentLSTMEmbeddings DocumentMeanEmbeddings",
    "flair.embeddings.token": (
        "BytePairEmbeddings CharacterEmbeddings FastTextEmbeddings FlairEmbeddings HashEmbeddings "
        "MuseCrosslingualEmbeddings OneHotEmbeddings StackedEmbeddings"
    ),
    "flair.models.clustering": "ClusteringModel",
    "flair.models.entity_linker_model": "CandidateGenerator EntityLinker SpanClassifier",
    "flair.models.entity_mention_linking": (
        "Ab3PEntityPreprocessor BioSynEntityPreprocessor CandidateSearchIndex EntityMentionLinker EntityPreprocessor "
        "ExactMatchCandidateSearchIndex SemanticCandidateSearchIndex"
    ),
    "flair.models.lemmatizer_model": "Lemmatizer",
    "flair.models.multitask_model": "MultitaskModel",
    "flair.models.pairwise_classification_model": "TextPairClassifier",
    "flair.models.pairwise_regression_model": "TextPairRegressor",
    "flair.models.prefixed_tagger": (
        "EntityTypeTaskPromptAugmentationStrategy PrefixedSentence PrefixedSequenceTagger SentenceAugmentationStrategy"
    ),
    "flair.models.regexp_tagger": "RegexpTagger TokenCollection",
    "flair.models.relation_classifier_model": (
        "EncodedSentence EncodingStrategy EntityMarker EntityMarkerPunct EntityMask RelationClassifier "
        "TypedEntityMarker TypedEntityMarkerPunct TypedEntityMask _Entity"
    ),
    "flair.models.relation_extractor_model": "RelationExtractor",
    "flair.models.sequence_tagger_model": "SequenceTagger",
    "flair.models.sequence_tagger_utils.crf": "CRF",
    "flair.models.sequence_tagger_utils.viterbi": "ViterbiDecoder ViterbiLoss",
    "flair.models.tars_model": "FewshotClassifier TARSClassifier TARSTagger",
    "flair.models.text_classification_model": "TextClassifier",
    "flair.models.text_regression_model": "TextRegressor",
    "flair.models.triple_classification_model": "TextTripleClassifier",
    "flair.models.word_tagger_model": "TokenClassifier WordTagger",
    "flair.nn.decoder": "DeepNCMDecoder LabelVerbalizerDecoder PrototypicalDecoder",
    "flair.nn.distance.cosine": "CosineDistance LogitCosineDistance NegativeScaledDotProduct",
    "flair.nn.distance.euclidean": "EuclideanDistance EuclideanMean",
    "flair.nn.distance.hyperbolic": "HyperbolicDistance HyperbolicMean",
    "flair.nn.dropout": "LockedDropout WordDropout",
    "flair.nn.loss": "SigmoidLoss",
    "flair.nn.model": "Classifier DefaultClassifier Model ReduceTransformerVocabMixin",
}
