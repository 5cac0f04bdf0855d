"""Names trusted in pickles (hmmlearn). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "hmmlearn._emissions": "BaseCategoricalHMM BaseGMMHMM BaseGaussianHMM BaseMultinomialHMM BasePoissonHMM",
    "hmmlearn.base": "BaseHMM ConvergenceMonitor VariationalBaseHMM _AbstractHMM",
    "hmmlearn.hmm": "CategoricalHMM GMMHMM GaussianHMM MultinomialHMM PoissonHMM",
    "hmmlearn.vhmm": "VariationalCategoricalHMM VariationalGaussianHMM",
}
