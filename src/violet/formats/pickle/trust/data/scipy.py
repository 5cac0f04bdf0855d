"""Names trusted in pickles (scipy). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "scipy.cluster.hierarchy": "ClusterWarning",
    "scipy.cluster.vq": "ClusterError",
    "scipy.integrate._ode": "IntegratorConcurrencyError",
    "scipy.integrate._odepack_py": "ODEintWarning",
    "scipy.integrate._quadpack_py": "IntegrationWarning",
    "scipy.integrate._quadrature": "AccuracyWarning",
    "scipy.integrate.odepack": "ODEintWarning",
    "scipy.integrate.quadpack": "IntegrationWarning",
    "scipy.integrate.quadrature": "AccuracyWarning",
    "scipy.optimize._linesearch": "LineSearchWarning",
    "scipy.optimize._nonlin": "NoConvergence",
    "scipy.optimize._optimize": "BracketError OptimizeWarning _LineSearchError _MaxFuncCallError",
    "scipy.optimize._spectral": "_NoConvergence",
    "scipy.optimize.linesearch": "LineSearchWarning",
    "scipy.optimize.nonlin": "NoConvergence",
    "scipy.optimize.optimize": "OptimizeWarning _LineSearchError",
    "scipy.signal._filter_design": "BadCoefficients",
    "scipy.signal.filter_design": "BadCoefficients",
    "scipy.sparse._base": "SparseEfficiencyWarning SparseFormatWarning SparseWarning",
    "scipy.sparse.base": "SparseEfficiencyWarning SparseFormatWarning SparseWarning",
    "scipy.sparse.linalg._dsolve.linsolve": "MatrixRankWarning",
    "scipy.sparse.linalg._eigen.arpack.arpack": "ArpackError ArpackNoConvergence",
    "scipy.sparse.linalg.dsolve.linsolve": "MatrixRankWarning",
    "scipy.sparse.linalg.eigen.arpack.arpack": "ArpackError ArpackNoConvergence",
    "scipy.spatial._ckdtree": "cKDTree",
    "scipy.spatial.ckdtree": "cKDTree",
    "scipy.special._mptestutils": "TimeoutError",
    "scipy.special._sf_error": "SpecialFunctionError SpecialFunctionWarning",
    "scipy.special.sf_error": "SpecialFunctionError SpecialFunctionWarning",
    "scipy.stats._axis_nan_policy": "SmallSampleWarning",
    "scipy.stats._continuous_distns": "FitDataError FitSolverError FitUniformFixedScaleDataError",
    "scipy.stats._warnings_errors": "ConstantInputWarning DegenerateDataWarning FitError NearConstantInputWarning",
    "scipy.stats.stats": (
        "AlexanderGovernConstantInputWarning F_onewayBadInputSizesWarning F_onewayConstantInputWarning "
        "PearsonRConstantInputWarning PearsonRNearConstantInputWarning SpearmanRConstantInputWarning"
    ),
}
CHECKED: dict[str, str] = {
    "scipy.spatial.ckdtree": "new_object=construct-first-argument",
}
CONSTRUCT: dict[str, str] = {
    "scipy.cluster.hierarchy": "ClusterNode",
    "scipy.integrate._bvp": "BVPResult",
    "scipy.integrate._cubature": "CubatureRegion CubatureResult _InfiniteLimitsTransform _VariableTransform",
    "scipy.integrate._ivp.base": "ConstantDenseOutput DenseOutput OdeSolver",
    "scipy.integrate._ivp.bdf": "BDF BdfDenseOutput",
    "scipy.integrate._ivp.common": "OdeSolution",
    "scipy.integrate._ivp.ivp": "OdeResult",
    "scipy.integrate._ivp.lsoda": "LSODA LsodaDenseOutput",
    "scipy.integrate._ivp.radau": "Radau RadauDenseOutput",
    "scipy.integrate._ivp.rk": "DOP853 Dop853DenseOutput RK23 RK45 RkDenseOutput RungeKutta",
    "scipy.integrate._ode": "IntegratorBase complex_ode dop853 dopri5 lsoda ode vode zvode",
    "scipy.integrate._quad_vec": "DoubleInfiniteFunc LRUDict SemiInfiniteFunc _Bunch",
    "scipy.integrate._quadpack_py": "_NQuad _OptFunc _RangeFunc",
    "scipy.integrate._quadrature": "CacheAttributes QMCQuadResult",
    "scipy.integrate._rules._base": "FixedRule NestedFixedRule ProductNestedFixed Rule",
    "scipy.integrate._rules._gauss_kronrod": "GaussKronrodQuadrature",
    "scipy.integrate._rules._gauss_legendre": "GaussLegendreQuadrature",
    "scipy.integrate._rules._genz_malik": "GenzMalikCubature",
    "scipy.integrate.quadpack": "_NQuad _OptFunc _RangeFunc",
    "scipy.interpolate._bary_rational": "AAA FloaterHormannInterpolator _BarycentricRational",
    "scipy.interpolate._bsplines": "BSpline _BSpline",
    "scipy.interpolate._cubic": "Akima1DInterpolator CubicHermiteSpline CubicSpline PchipInterpolator",
    "scipy.interpolate._fitpack2": (
        "BivariateSpline InterpolatedUnivariateSpline LSQBivariateSpline LSQSphereBivariateSpline LSQUnivariateSpline "
        "RectBivariateSpline RectSphereBivariateSpline SmoothBivariateSpline SmoothSphereBivariateSpline "
        "SphereBivariateSpline UnivariateSpline _BivariateSplineBase _DerivedBivariateSpline"
    ),
    "scipy.interpolate._fitpack_repro": "Bunch F Fperiodic",
    "scipy.interpolate._interpnd": "CloughTocher2DInterpolator LinearNDInterpolator NDInterpolatorBase",
    "scipy.interpolate._interpolate": "BPoly NdPPoly PPoly _BPoly _NdPPoly _PPoly _PPolyBase interp1d interp2d",
    "scipy.interpolate._ndbspline": "NdBSpline",
    "scipy.interpolate._ndgriddata": "NearestNDInterpolator",
    "scipy.interpolate._polyint": (
        "BarycentricInterpolator KroghInterpolator _Interpolator1D _Interpolator1DWithDerivatives"
    ),
    "scipy.interpolate._rbf": "Rbf",
    "scipy.interpolate._rbfinterp": "RBFInterpolator",
    "scipy.interpolate._rgi": "RegularGridInterpolator",
    "scipy.interpolate.fitpack2": (
        "BivariateSpline InterpolatedUnivariateSpline LSQBivariateSpline LSQSphereBivariateSpline LSQUnivariateSpline "
        "RectBivariateSpline RectSphereBivariateSpline SmoothBivariateSpline SmoothSphereBivariateSpline "
        "SphereBivariateSpline UnivariateSpline _BivariateSplineBase"
    ),
    "scipy.interpolate.interpnd": "CloughTocher2DInterpolator LinearNDInterpolator NDInterpolatorBase",
    "scipy.interpolate.interpolate": (
        "BPoly=no-items NdPPoly PPoly=no-items RegularGridInterpolator _PPolyBase=no-items _ppform=no-items interp1d "
        "interp2d"
    ),
    "scipy.interpolate.ndgriddata": "NearestNDInterpolator",
    "scipy.interpolate.polyint": (
        "BarycentricInterpolator KroghInterpolator _Interpolator1D _Interpolator1DWithDerivatives"
    ),
    "scipy.interpolate.rbf": "Rbf",
    "scipy.optimize._basinhopping": (
        "AdaptiveStepsize BasinHoppingRunner Metropolis MinimizerWrapper RandomDisplacement Storage"
    ),
    "scipy.optimize._constraints": "Bounds LinearConstraint NonlinearConstraint PreparedConstraint",
    "scipy.optimize._dcsrch": "DCSRCH",
    "scipy.optimize._differentiable_functions": (
        "IdentityVectorFunction LinearVectorFunction ScalarFunction VectorFunction _ScalarGradWrapper "
        "_ScalarHessWrapper _VectorFunWrapper _VectorHessWrapper _VectorJacWrapper"
    ),
    "scipy.optimize._differentialevolution": "DifferentialEvolutionSolver _ConstraintWrapper _FunctionWrapper",
    "scipy.optimize._dual_annealing": (
        "EnergyState LocalSearchWrapper ObjectiveFunWrapper StrategyChain VisitingDistribution"
    ),
    "scipy.optimize._hessian_update_strategy": "BFGS FullHessianUpdateStrategy HessianUpdateStrategy SR1",
    "scipy.optimize._hungarian": "_Hungary",
    "scipy.optimize._lbfgsb_py": "LbfgsInvHessProduct",
    "scipy.optimize._linprog_util": "_LPProblem",
    "scipy.optimize._lsq.least_squares": "_WrapArgsKwargs",
    "scipy.optimize._minimize": "_Patch_Callback_Equal_Variables _Remove_From_Func",
    "scipy.optimize._nonlin": (
        "Anderson BroydenFirst BroydenSecond DiagBroyden ExcitingMixing GenericBroyden InverseJacobian Jacobian "
        "KrylovJacobian LinearMixing LowRankMatrix=no-items TerminationCondition"
    ),
    "scipy.optimize._numdiff": "_Fun_Wrapper",
    "scipy.optimize._optimize": "Brent MemoizeJac OptimizeResult _Brute_Wrapper",
    "scipy.optimize._root_scalar": "MemoizeDer",
    "scipy.optimize._shgo": "LMap LMapCache SHGO",
    "scipy.optimize._shgo_lib._complex": "Complex",
    "scipy.optimize._shgo_lib._vertex": (
        "ConstraintWrapper FieldWrapper VertexBase VertexCacheBase VertexCacheField VertexCacheIndex VertexCube "
        "VertexScalarField VertexVectorField"
    ),
    "scipy.optimize._shgo_lib.sobol_seq": "Sobol",
    "scipy.optimize._shgo_lib.triangulation": "Cell Complex Simplex Vertex VertexCache VertexGroup",
    "scipy.optimize._trustregion": "BaseQuadraticSubproblem",
    "scipy.optimize._trustregion_constr.canonical_constraint": "CanonicalConstraint",
    "scipy.optimize._trustregion_constr.minimize_trustregion_constr": "HessianLinearOperator LagrangianHessian",
    "scipy.optimize._trustregion_constr.report": "BasicReport IPReport ReportBase SQPReport",
    "scipy.optimize._trustregion_constr.tr_interior_point": "BarrierSubproblem",
    "scipy.optimize._trustregion_dogleg": "DoglegSubproblem",
    "scipy.optimize._trustregion_exact": "IterativeSubproblem",
    "scipy.optimize._trustregion_ncg": "CGSteihaugSubproblem",
    "scipy.optimize._zeros_py": "RootResults TOMS748Solver",
    "scipy.optimize.lbfgsb": "LbfgsInvHessProduct",
    "scipy.optimize.nonlin": (
        "Anderson BroydenFirst BroydenSecond DiagBroyden ExcitingMixing GenericBroyden InverseJacobian Jacobian "
        "KrylovJacobian LinearMixing LowRankMatrix=no-items TerminationCondition"
    ),
    "scipy.optimize.optimize": "Brent MemoizeJac OptimizeResult _Brute_Wrapper",
    "scipy.optimize.zeros": "RootResults TOMS748Solver",
    "scipy.signal._czt": "CZT ZoomFFT",
    "scipy.signal._ltisys": (
        "Bunch LinearTimeInvariant StateSpaceContinuous StateSpaceDiscrete TransferFunctionContinuous "
        "TransferFunctionDiscrete ZerosPolesGainContinuous ZerosPolesGainDiscrete dlti lti"
    ),
    "scipy.signal._upfirdn": "_UpFIRDn",
    "scipy.signal.ltisys": (
        "Bunch LinearTimeInvariant StateSpaceContinuous StateSpaceDiscrete TransferFunctionContinuous "
        "TransferFunctionDiscrete ZerosPolesGainContinuous ZerosPolesGainDiscrete dlti lti"
    ),
    "scipy.sparse._arrays": "_sparray bsr_array coo_array csc_array csr_array dia_array dok_array lil_array",
    "scipy.sparse._base": "_spbase sparray",
    "scipy.sparse._bsr": "_bsr_base bsr_array bsr_matrix",
    "scipy.sparse._compressed": "_cs_matrix",
    "scipy.sparse._coo": "_coo_base coo_array coo_matrix",
    "scipy.sparse._csc": "_csc_base csc_array csc_matrix",
    "scipy.sparse._csr": "_csr_base csr_array csr_matrix",
    "scipy.sparse._data": "_data_matrix _minmax_mixin",
    "scipy.sparse._dia": "_dia_base dia_array dia_matrix",
    "scipy.sparse._dok": "_dok_base dok_array dok_matrix",
    "scipy.sparse._index": "IndexMixin",
    "scipy.sparse._lil": "_lil_base lil_array lil_matrix",
    "scipy.sparse._matrix": "spmatrix",
    "scipy.sparse.base": "spmatrix",
    "scipy.sparse.bsr": "bsr_matrix",
    "scipy.sparse.compressed": "_cs_matrix",
    "scipy.sparse.coo": "coo_matrix",
    "scipy.sparse.csc": "csc_matrix",
    "scipy.sparse.csr": "csr_matrix",
    "scipy.sparse.data": "_data_matrix _minmax_mixin",
    "scipy.sparse.dia": "dia_matrix",
    "scipy.sparse.dok": "dok_matrix",
    "scipy.sparse.lil": "lil_matrix",
    "scipy.sparse.linalg._eigen.arpack.arpack": (
        "IterInv IterOpInv LuInv SpLuInv _ArpackParams _SymmetricArpackParams _UnsymmetricArpackParams"
    ),
    "scipy.sparse.linalg._expm_multiply": "LazyOperatorNormInfo",
    "scipy.sparse.linalg._interface": (
        "IdentityOperator LinearOperator MatrixLinearOperator _AdjointLinearOperator _AdjointMatrixOperator "
        "_CustomLinearOperator _PowerLinearOperator _ProductLinearOperator _ScaledLinearOperator _SumLinearOperator "
        "_TransposedLinearOperator"
    ),
    "scipy.sparse.linalg._matfuncs": "MatrixPowerOperator ProductOperator _ExpmPadeHelper",
    "scipy.sparse.linalg._special_sparse_arrays": "LaplacianNd MikotaK MikotaM MikotaPair Sakurai",
    "scipy.sparse.linalg._svdp": "_AProd",
    "scipy.sparse.linalg.eigen.arpack.arpack": (
        "IterInv IterOpInv LuInv SpLuInv _ArpackParams _SymmetricArpackParams _UnsymmetricArpackParams"
    ),
    "scipy.sparse.linalg.interface": (
        "IdentityOperator LinearOperator MatrixLinearOperator _AdjointLinearOperator _AdjointMatrixOperator "
        "_CustomLinearOperator _PowerLinearOperator _ProductLinearOperator _ScaledLinearOperator _SumLinearOperator "
        "_TransposedLinearOperator"
    ),
    "scipy.sparse.linalg.matfuncs": "MatrixPowerOperator ProductOperator _ExpmPadeHelper",
    "scipy.sparse.sputils": "IndexMixin",
    "scipy.spatial._ckdtree": "cKDTreeNode",
    "scipy.spatial._kdtree": "KDTree KDTree.innernode KDTree.leafnode KDTree.node Rectangle",
    "scipy.spatial._qhull": "ConvexHull Delaunay HalfspaceIntersection Voronoi _QhullUser",
    "scipy.spatial._spherical_voronoi": "SphericalVoronoi",
    "scipy.spatial.distance": (
        "CDistMetricWrapper CDistWeightedMetricWrapper MetricInfo PDistMetricWrapper PDistWeightedMetricWrapper"
    ),
    "scipy.spatial.kdtree": "KDTree KDTree.innernode KDTree.leafnode KDTree.node Rectangle",
    "scipy.spatial.qhull": "ConvexHull Delaunay HalfspaceIntersection Voronoi _QhullUser",
    "scipy.spatial.transform._rigid_transform": "RigidTransform",
    "scipy.spatial.transform._rotation": "Rotation Slerp",
    "scipy.spatial.transform._rotation_spline": "RotationSpline",
    "scipy.spatial.transform.rotation": "Rotation Slerp",
    "scipy.special._generate_pyx": "Func FusedFunc Ufunc",
    "scipy.special._mptestutils": "Arg ComplexArg FixedArg IntArg MpmathData",
    "scipy.special._multiufuncs": "MultiUFunc",
    "scipy.special._orthogonal": "orthopoly1d",
    "scipy.special._support_alternative_backends": "_FuncInfo",
    "scipy.special._testutils": "FuncData MissingModule",
    "scipy.special.orthogonal": "orthopoly1d",
    "scipy.stats._binned_statistic": "BinnedStatistic2dResult BinnedStatisticResult BinnedStatisticddResult",
    "scipy.stats._binomtest": "BinomTestResult",
    "scipy.stats._censored_data": "CensoredData",
    "scipy.stats._common": "ConfidenceInterval",
    "scipy.stats._continuous_distns": (
        "alpha_gen=scipy-distribution-state anglit_gen=scipy-distribution-state arcsine_gen=scipy-distribution-state "
        "argus_gen=scipy-distribution-state beta_gen=scipy-distribution-state betaprime_gen=scipy-distribution-state "
        "bradford_gen=scipy-distribution-state burr12_gen=scipy-distribution-state burr_gen=scipy-distribution-state "
        "cauchy_gen=scipy-distribution-state chi2_gen=scipy-distribution-state chi_gen=scipy-distribution-state "
        "cosine_gen=scipy-distribution-state crystalball_gen=scipy-distribution-state "
        "dgamma_gen=scipy-distribution-state dpareto_lognorm_gen=scipy-distribution-state "
        "dweibull_gen=scipy-distribution-state erlang_gen=scipy-distribution-state expon_gen=scipy-distribution-state "
        "exponnorm_gen=scipy-distribution-state exponpow_gen=scipy-distribution-state "
        "exponweib_gen=scipy-distribution-state f_gen=scipy-distribution-state "
        "fatiguelife_gen=scipy-distribution-state fisk_gen=scipy-distribution-state "
        "foldcauchy_gen=scipy-distribution-state foldnorm_gen=scipy-distribution-state "
        "frechet_l_gen=scipy-distribution-state frechet_r_gen=scipy-distribution-state "
        "gamma_gen=scipy-distribution-state gausshyper_gen=scipy-distribution-state "
        "genexpon_gen=scipy-distribution-state genextreme_gen=scipy-distribution-state "
        "gengamma_gen=scipy-distribution-state genhalflogistic_gen=scipy-distribution-state "
        "genhyperbolic_gen=scipy-distribution-state geninvgauss_gen=scipy-distribution-state "
        "genlogistic_gen=scipy-distribution-state gennorm_gen=scipy-distribution-state "
        "genpareto_gen=scipy-distribution-state gibrat_gen=scipy-distribution-state "
        "gilbrat_gen=scipy-distribution-state gompertz_gen=scipy-distribution-state "
        "gumbel_l_gen=scipy-distribution-state gumbel_r_gen=scipy-distribution-state "
        "halfcauchy_gen=scipy-distribution-state halfgennorm_gen=scipy-distribution-state "
        "halflogistic_gen=scipy-distribution-state halfnorm_gen=scipy-distribution-state "
        "hypsecant_gen=scipy-distribution-state invgamma_gen=scipy-distribution-state "
        "invgauss_gen=scipy-distribution-state invweibull_gen=scipy-distribution-state "
        "irwinhall_gen=scipy-distribution-state jf_skew_t_gen=scipy-distribution-state "
        "johnsonsb_gen=scipy-distribution-state johnsonsu_gen=scipy-distribution-state "
        "kappa3_gen=scipy-distribution-state kappa4_gen=scipy-distribution-state ksone_gen=scipy-distribution-state "
        "kstwo_gen=scipy-distribution-state kstwobign_gen=scipy-distribution-state landau_gen=scipy-distribution-state "
        "laplace_asymmetric_gen=scipy-distribution-state laplace_gen=scipy-distribution-state "
        "levy_gen=scipy-distribution-state levy_l_gen=scipy-distribution-state "
        "levy_stable_gen=scipy-distribution-state loggamma_gen=scipy-distribution-state "
        "logistic_gen=scipy-distribution-state loglaplace_gen=scipy-distribution-state "
        "lognorm_gen=scipy-distribution-state lomax_gen=scipy-distribution-state maxwell_gen=scipy-distribution-state "
        "mielke_gen=scipy-distribution-state moyal_gen=scipy-distribution-state nakagami_gen=scipy-distribution-state "
        "ncf_gen=scipy-distribution-state nct_gen=scipy-distribution-state ncx2_gen=scipy-distribution-state "
        "norm_gen=scipy-distribution-state norminvgauss_gen=scipy-distribution-state "
        "pareto_gen=scipy-distribution-state pearson3_gen=scipy-distribution-state "
        "powerlaw_gen=scipy-distribution-state powerlognorm_gen=scipy-distribution-state "
        "powernorm_gen=scipy-distribution-state rayleigh_gen=scipy-distribution-state "
        "rdist_gen=scipy-distribution-state recipinvgauss_gen=scipy-distribution-state "
        "reciprocal_gen=scipy-distribution-state rel_breitwigner_gen=scipy-distribution-state "
        "rice_gen=scipy-distribution-state rv_histogram=scipy-distribution-state "
        "semicircular_gen=scipy-distribution-state skew_norm_gen=scipy-distribution-state "
        "skewcauchy_gen=scipy-distribution-state skewnorm_gen=scipy-distribution-state "
        "studentized_range_gen=scipy-distribution-state t_gen=scipy-distribution-state "
        "trapezoid_gen=scipy-distribution-state trapz_gen=scipy-distribution-state triang_gen=scipy-distribution-state "
        "truncexpon_gen=scipy-distribution-state truncnorm_gen=scipy-distribution-state "
        "truncpareto_gen=scipy-distribution-state truncweibull_min_gen=scipy-distribution-state "
        "tukeylambda_gen=scipy-distribution-state uniform_gen=scipy-distribution-state "
        "vonmises_gen=scipy-distribution-state wald_gen=scipy-distribution-state "
        "weibull_max_gen=scipy-distribution-state weibull_min_gen=scipy-distribution-state "
        "wrapcauchy_gen=scipy-distribution-state"
    ),
    "scipy.stats._covariance": (
        "CovViaCholesky CovViaDiagonal CovViaEigendecomposition CovViaPSD CovViaPrecision Covariance"
    ),
    "scipy.stats._crosstab": "CrosstabResult",
    "scipy.stats._discrete_distns": (
        "_nchypergeom_gen=scipy-distribution-state bernoulli_gen=scipy-distribution-state "
        "betabinom_gen=scipy-distribution-state betanbinom_gen=scipy-distribution-state "
        "binom_gen=scipy-distribution-state boltzmann_gen=scipy-distribution-state "
        "dlaplace_gen=scipy-distribution-state geom_gen=scipy-distribution-state "
        "hypergeom_gen=scipy-distribution-state logser_gen=scipy-distribution-state "
        "nbinom_gen=scipy-distribution-state nchypergeom_fisher_gen=scipy-distribution-state "
        "nchypergeom_wallenius_gen=scipy-distribution-state nhypergeom_gen=scipy-distribution-state "
        "planck_gen=scipy-distribution-state poisson_binom_gen=scipy-distribution-state poisson_binomial_frozen "
        "poisson_gen=scipy-distribution-state randint_gen=scipy-distribution-state "
        "skellam_gen=scipy-distribution-state yulesimon_gen=scipy-distribution-state zipf_gen=scipy-distribution-state "
        "zipfian_gen=scipy-distribution-state"
    ),
    "scipy.stats._distn_infrastructure": (
        "_ShapeInfo rv_continuous=scipy-distribution-state rv_continuous_frozen rv_discrete=scipy-distribution-state "
        "rv_discrete_frozen rv_frozen rv_generic=scipy-distribution-state rv_sample=scipy-distribution-state"
    ),
    "scipy.stats._distribution_infrastructure": (
        "ContinuousDistribution DiscreteDistribution FoldedDistribution Mixture MonotonicTransformedDistribution "
        "OrderStatisticDistribution ShiftedScaledDistribution TransformedDistribution TruncatedDistribution "
        "UnivariateDistribution _Domain _IntegerInterval _Interval _Parameter _Parameterization _RealInterval "
        "_RealParameter"
    ),
    "scipy.stats._fit": "FitResult GoodnessOfFitResult",
    "scipy.stats._hypotests": (
        "BarnardExactResult BoschlooExactResult CramerVonMisesResult Epps_Singleton_2sampResult SomersDResult "
        "TukeyHSDResult"
    ),
    "scipy.stats._kde": "gaussian_kde",
    "scipy.stats._levy_stable": "levy_stable_frozen levy_stable_gen=scipy-distribution-state",
    "scipy.stats._mannwhitneyu": "MannwhitneyuResult _MWU",
    "scipy.stats._mgc": "MGCResult _ParallelP",
    "scipy.stats._morestats": (
        "AndersonResult Anderson_ksampResult AnsariResult BartlettResult DirectionalStats FlignerResult LeveneResult "
        "Mean MedianTestResult ShapiroResult Std_dev Variance WilcoxonResult _ABW _BigFloat"
    ),
    "scipy.stats._mstats_basic": (
        "BrunnerMunzelResult DescribeResult F_onewayResult FriedmanchisquareResult KruskalResult KurtosistestResult "
        "MannwhitneyuResult ModeResult NormaltestResult PointbiserialrResult SenSeasonalSlopesResult SkewtestResult "
        "Ttest_1sampResult Ttest_indResult Ttest_relResult"
    ),
    "scipy.stats._multicomp": "DunnettResult",
    "scipy.stats._multivariate": (
        "_PSD dirichlet_frozen dirichlet_gen dirichlet_multinomial_frozen dirichlet_multinomial_gen invwishart_frozen "
        "invwishart_gen matrix_normal_frozen matrix_normal_gen matrix_t_frozen matrix_t_gen multi_rv_frozen "
        "multi_rv_generic multinomial_frozen multinomial_gen multivariate_hypergeom_frozen multivariate_hypergeom_gen "
        "multivariate_normal_frozen multivariate_normal_gen multivariate_t_frozen multivariate_t_gen "
        "normal_inverse_gamma_frozen normal_inverse_gamma_gen ortho_group_frozen ortho_group_gen "
        "random_correlation_frozen random_correlation_gen random_table_frozen random_table_gen "
        "special_ortho_group_frozen special_ortho_group_gen uniform_direction_frozen uniform_direction_gen "
        "unitary_group_frozen unitary_group_gen vonmises_fisher_frozen vonmises_fisher_gen wishart_frozen wishart_gen"
    ),
    "scipy.stats._new_distributions": "Binomial Logistic Normal StandardNormal Uniform _Gamma _LogUniform",
    "scipy.stats._odds_ratio": "OddsRatioResult",
    "scipy.stats._probability_distribution": "_ProbabilityDistribution",
    "scipy.stats._qmc": "Halton LatinHypercube MultinomialQMC MultivariateNormalQMC PoissonDisk QMCEngine Sobol",
    "scipy.stats._relative_risk": "RelativeRiskResult",
    "scipy.stats._resampling": (
        "BootstrapMethod BootstrapResult MonteCarloMethod MonteCarloTestResult PermutationMethod PermutationTestResult "
        "PowerResult ResamplingMethod"
    ),
    "scipy.stats._rvs_sampling": "NumericalInverseHermite",
    "scipy.stats._sampling": "CustomDistPINV RatioUniforms",
    "scipy.stats._sensitivity_analysis": "BootstrapSobolResult PPFDist SobolResult",
    "scipy.stats._stats_mstats_common": "LinregressResult SiegelslopesResult TheilslopesResult",
    "scipy.stats._stats_py": (
        "AlexanderGovernResult BrunnerMunzelResult ConfidenceInterval CumfreqResult DescribeResult F_onewayResult "
        "FriedmanchisquareResult HistogramResult KruskalResult KstestResult KurtosistestResult LinregressResult "
        "MGCResult ModeResult NormaltestResult PearsonRResult PearsonRResultBase Power_divergenceResult "
        "QuantileTestResult RanksumsResult RelfreqResult RepeatedResults SigmaclipResult SignificanceResult "
        "SkewtestResult TtestResult TtestResultBase Ttest_indResult _ParallelP _SimpleBeta _SimpleChi2 _SimpleF "
        "_SimpleNormal _SimpleStudentT"
    ),
    "scipy.stats._survival": "ECDFResult EmpiricalDistributionFunction LogRankResult",
    "scipy.stats._wilcoxon": "WilcoxonDistribution",
    "scipy.stats.contingency": "Chi2ContingencyResult",
    "scipy.stats.kde": "gaussian_kde",
    "scipy.stats.morestats": (
        "AndersonResult Anderson_ksampResult AnsariResult BartlettResult FlignerResult LeveneResult Mean ShapiroResult "
        "Std_dev Variance WilcoxonResult _ABW"
    ),
    "scipy.stats.mstats_basic": (
        "BrunnerMunzelResult DescribeResult F_onewayResult FriedmanchisquareResult KendalltauResult KruskalResult "
        "KurtosistestResult LinregressResult MannwhitneyuResult ModeResult NormaltestResult PointbiserialrResult "
        "SkewtestResult SpearmanrResult Ttest_1sampResult Ttest_indResult Ttest_relResult"
    ),
    "scipy.stats.stats": (
        "BrunnerMunzelResult CumfreqResult DescribeResult F_onewayResult FriedmanchisquareResult HistogramResult "
        "Jarque_beraResult KendalltauResult KruskalResult Ks_2sampResult KstestResult KurtosistestResult MGCResult "
        "MannwhitneyuResult ModeResult NormaltestResult PointbiserialrResult Power_divergenceResult RanksumsResult "
        "RelfreqResult RepeatedResults SigmaclipResult SkewtestResult SpearmanrResult Ttest_1sampResult "
        "Ttest_indResult Ttest_relResult WeightedTauResult _ParallelP"
    ),
}
REFER: dict[str, str] = {
    "scipy._external.array_api_compat.numpy._aliases": "asarray",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "scipy.interpolate._interpolate": (
        "interp1d._call_linear interp1d._call_linear_np interp1d._call_nan_spline interp1d._call_nearest "
        "interp1d._call_previousnext interp1d._call_spline"
    ),
    "scipy.interpolate.interpolate": (
        "interp1d._call_linear interp1d._call_linear_np interp1d._call_nan_spline interp1d._call_nearest "
        "interp1d._call_previousnext interp1d._call_spline"
    ),
    "scipy.linalg": "cholesky det eig eigh expm inv logm lstsq norm pinv qr solve sqrtm svd",
    "scipy.spatial.distance": (
        "braycurtis canberra cdist chebyshev cityblock correlation cosine dice directed_hausdorff euclidean hamming "
        "is_valid_dm is_valid_y jaccard jensenshannon kulczynski1 kulsinski mahalanobis matching minkowski num_obs_dm "
        "num_obs_y pdist rogerstanimoto russellrao seuclidean sokalmichener sokalsneath sqeuclidean squareform "
        "wminkowski yule"
    ),
    "scipy.special": (
        "beta betaln binom boxcox boxcox1p cbrt comb digamma entr erf erfc erfinv exp10 exp2 expit expm1 factorial "
        "gamma gammaln huber inv_boxcox inv_boxcox1p kl_div log1p log_softmax logit logsumexp ndtr ndtri pseudo_huber "
        "rel_entr softmax softplus xlog1py xlogy"
    ),
    "scipy.special._basic": "comb factorial",
    "scipy.special._logsumexp": "log_softmax logsumexp softmax",
    "scipy.special._special_ufuncs": (
        "beta betaln binom boxcox boxcox1p cbrt cospi entr erf erfc erfinv exp10 exp2 expit expm1 exprel gamma gammaln "
        "huber inv_boxcox inv_boxcox1p kl_div log1p log_expit logit ndtr ndtri pseudo_huber psi rel_entr sinpi xlog1py "
        "xlogy"
    ),
    "scipy.special._ufuncs": (
        "beta betaln binom boxcox boxcox1p cbrt entr erf erfc erfinv exp10 exp2 expit expm1 gamma gammaln huber "
        "inv_boxcox inv_boxcox1p kl_div log1p logit ndtr ndtri pseudo_huber psi rel_entr xlog1py xlogy"
    ),
    "scipy.stats": (
        "entropy gmean hmean iqr kendalltau ks_2samp kurtosis mode pearsonr rankdata skew spearmanr trim_mean zscore"
    ),
    "scipy.stats._stats_py": (
        "gmean hmean iqr kendalltau ks_2samp kurtosis mode pearsonr rankdata skew spearmanr trim_mean zscore"
    ),
    "scipy.stats.stats": (
        "gmean hmean iqr kendalltau ks_2samp kurtosis mode pearsonr rankdata skew spearmanr trim_mean zscore"
    ),
}
