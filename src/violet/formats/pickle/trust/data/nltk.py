"""Names trusted in pickles (nltk). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "nltk.probability": "FreqDist",
}
CHECKED: dict[str, str] = {
    "nltk.probability": "ConditionalFreqDist=no-arguments",
}
CONSTRUCT: dict[str, str] = {
    "nltk.classify.naivebayes": "NaiveBayesClassifier",
    "nltk.grammar": "CFG Nonterminal PCFG ProbabilisticProduction Production",
    "nltk.lm.api": "LanguageModel Smoothing",
    "nltk.lm.counter": "NgramCounter",
    "nltk.lm.models": (
        "AbsoluteDiscountingInterpolated InterpolatedLanguageModel KneserNeyInterpolated Laplace Lidstone MLE "
        "StupidBackoff WittenBellInterpolated"
    ),
    "nltk.lm.smoothing": "AbsoluteDiscounting KneserNey WittenBell",
    "nltk.lm.vocabulary": "Vocabulary",
    "nltk.probability": (
        "ConditionalProbDist ConditionalProbDistI CrossValidationProbDist DictionaryConditionalProbDist "
        "DictionaryProbDist ELEProbDist HeldoutProbDist ImmutableProbabilisticMixIn KneserNeyProbDist LaplaceProbDist "
        "LidstoneProbDist MLEProbDist MutableProbDist ProbDistI ProbabilisticMixIn RandomProbDist "
        "SimpleGoodTuringProbDist UniformProbDist WittenBellProbDist"
    ),
    "nltk.stem.api": "StemmerI",
    "nltk.stem.arlstem": "ARLSTem",
    "nltk.stem.arlstem2": "ARLSTem2",
    "nltk.stem.cistem": "Cistem",
    "nltk.stem.isri": "ISRIStemmer",
    "nltk.stem.lancaster": "LancasterStemmer",
    "nltk.stem.porter": "PorterStemmer",
    "nltk.stem.regexp": "RegexpStemmer",
    "nltk.stem.rslp": "RSLPStemmer",
    "nltk.stem.snowball": (
        "ArabicStemmer DanishStemmer DutchStemmer EnglishStemmer FinnishStemmer FrenchStemmer GermanStemmer "
        "HungarianStemmer ItalianStemmer NorwegianStemmer PorterStemmer PortugueseStemmer RomanianStemmer "
        "RussianStemmer SnowballStemmer SpanishStemmer SwedishStemmer _LanguageSpecificStemmer _ScandinavianStemmer "
        "_StandardStemmer"
    ),
    "nltk.stem.wordnet": "WordNetLemmatizer",
    "nltk.tag.hmm": "HiddenMarkovModelTagger HiddenMarkovModelTrainer",
    "nltk.tag.perceptron": "AveragedPerceptron PerceptronTagger",
    "nltk.tag.sequential": (
        "AffixTagger BigramTagger ClassifierBasedPOSTagger ClassifierBasedTagger ContextTagger DefaultTagger "
        "NgramTagger RegexpTagger SequentialBackoffTagger TrigramTagger UnigramTagger"
    ),
    "nltk.tokenize.punkt": (
        "PunktBaseClass PunktLanguageVars PunktParameters PunktSentenceTokenizer PunktToken PunktTokenizer PunktTrainer"
    ),
    "nltk.tree": "ImmutableTree Tree",
    "nltk.tree.tree": "ImmutableTree Tree",
}
