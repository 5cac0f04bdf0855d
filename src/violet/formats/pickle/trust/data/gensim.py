"""Names trusted in pickles (gensim). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "gensim.corpora.dictionary": "Dictionary",
    "gensim.models": "VocabTransform",
    "gensim.models._fasttext_bin": "Model",
    "gensim.models.atmodel": "AuthorTopicModel AuthorTopicState",
    "gensim.models.basemodel": "BaseTopicModel",
    "gensim.models.bm25model": "AtireBM25Model BM25ABC LuceneBM25Model OkapiBM25Model",
    "gensim.models.coherencemodel": "_make_pipeline",
    "gensim.models.doc2vec": (
        "Doc2Vec Doc2VecTrainables Doc2VecVocab Doctag DocvecsArray TaggedBrownCorpus TaggedDocument TaggedLineDocument"
    ),
    "gensim.models.ensemblelda": "CBDBSCAN Cluster EnsembleLda Topic",
    "gensim.models.fasttext": "FastText FastTextKeyedVectors=no-items FastTextTrainables FastTextVocab",
    "gensim.models.hdpmodel": "HdpModel HdpTopicFormatter SuffStats",
    "gensim.models.keyedvectors": (
        "CompatVocab Doc2VecKeyedVectors=no-items EuclideanKeyedVectors=no-items FastTextKeyedVectors=no-items "
        "KeyedVectors=no-items Vocab Word2VecKeyedVectors=no-items"
    ),
    "gensim.models.lda_dispatcher": "Dispatcher",
    "gensim.models.lda_worker": "Worker",
    "gensim.models.ldamodel": "LdaModel LdaState",
    "gensim.models.ldamulticore": "LdaMulticore",
    "gensim.models.ldaseqmodel": "LdaPost LdaSeqModel sslm",
    "gensim.models.logentropy_model": "LogEntropyModel",
    "gensim.models.lsi_dispatcher": "Dispatcher",
    "gensim.models.lsi_worker": "Worker",
    "gensim.models.lsimodel": "LsiModel Projection",
    "gensim.models.nmf": "Nmf",
    "gensim.models.normmodel": "NormModel",
    "gensim.models.phrases": "FrozenPhrases Phraser Phrases _PhrasesTransformation",
    "gensim.models.poincare": (
        "LexicalEntailmentEvaluation LinkPredictionEvaluation NegativesBuffer PoincareBatch "
        "PoincareKeyedVectors=no-items PoincareModel PoincareRelations ReconstructionEvaluation"
    ),
    "gensim.models.rpmodel": "RpModel",
    "gensim.models.tfidfmodel": "TfidfModel",
    "gensim.models.translation_matrix": "BackMappingTranslationMatrix Space TranslationMatrix",
    "gensim.models.word2vec": (
        "BrownCorpus Heapitem LineSentence PathLineSentences Text8Corpus Vocab Word2Vec Word2VecTrainables "
        "Word2VecVocab"
    ),
    "gensim.models.wrappers.fasttext": "FastText FastTextKeyedVectors=no-items",
    "gensim.similarities.annoy": "AnnoyIndexer",
    "gensim.similarities.docsim": (
        "MatrixSimilarity Shard Similarity SoftCosineSimilarity SparseMatrixSimilarity WmdSimilarity"
    ),
    "gensim.similarities.levenshtein": "LevenshteinSimilarityIndex",
    "gensim.similarities.nmslib": "NmslibIndexer",
    "gensim.similarities.termsim": (
        "SparseTermSimilarityMatrix TermSimilarityIndex UniformTermSimilarityIndex WordEmbeddingSimilarityIndex"
    ),
    "gensim.utils": "FakeDict",
}
REFER: dict[str, str] = {
    "gensim.models.ensemblelda": "mass_masking ratio_masking",
    "gensim.models.phrases": "npmi_scorer original_scorer",
    "gensim.models.tfidfmodel": "df2idf smartirs_normalize smartirs_wglobal smartirs_wlocal",
    "gensim.utils": "call_on_class_only identity",
}
