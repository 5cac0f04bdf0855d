"""Names trusted in pickles (ngboost). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "ngboost.distns.categorical": "CategoricalCRPScore CategoricalLogScore",
    "ngboost.distns.cauchy": "Cauchy CauchyFixedVar",
    "ngboost.distns.distn": "ClassificationDistn Distn RegressionDistn",
    "ngboost.distns.exponential": "ExponentialCRPScore ExponentialLogScore",
    "ngboost.distns.gamma": "GammaLogScore",
    "ngboost.distns.halfnormal": "HalfNormalLogScore",
    "ngboost.distns.laplace": "LaplaceCRPScore LaplaceLogScore",
    "ngboost.distns.lognormal": "LogNormalCRPScoreCensored LogNormalLogScoreCensored",
    "ngboost.distns.multivariate_normal": "MVNLogScore",
    "ngboost.distns.normal": (
        "NormalCRPScore NormalFixedMeanCRPScore NormalFixedMeanLogScore NormalFixedVarCRPScore NormalFixedVarLogScore "
        "NormalLogScore"
    ),
    "ngboost.distns.poisson": "PoissonLogScore",
    "ngboost.distns.t": "T TFixedDf TFixedDfFixedVar TFixedDfFixedVarLogScore TFixedDfLogScore TLogScore",
    "ngboost.distns.weibull": "WeibullLogScore",
    "ngboost.scores": "CRPScore LogScore Score",
}
