"""cavity: fit many datasets with one graphical or hierarchical model."""

from importlib import import_module

__version__ = "0.1.0"

# name -> the module that owns it; loaded when first asked for, so that `import cavity` costs next to nothing.
_HOMES = {
    "cavity.prior": (
        "UniformPrior LogUniformPrior GaussianPrior TruncatedGaussianPrior LogGaussianPrior HalfNormalPrior "
        "HalfCauchyPrior GammaPrior BetaPrior StudentTPrior ScipyPrior Prior"
    ),
    "cavity.model": "Model Collection default_priors",
    "cavity.graph": "Analysis AnalysisFactor HierarchicalFactor FactorGraphModel plate",
    "cavity.search": (
        "DynestyStatic DynestyDynamic UltraNest Nautilus Emcee LBFGS DifferentialEvolution Laplace InitializerBall "
        "InitializerPrior InitializerSamples AutoCorrelationsSettings"
    ),
    "cavity.posterior": "Samples Result PhaseResult",
    "cavity.strategy": "ExpectationPropagation",
    "cavity.grid": "SearchGridSearch Sensitivity",
    "cavity.combine": "LinearInterpolator SplineInterpolator compare_models",
    "cavity.database": "Aggregator",
    "cavity.study": "Study",
}
_OWNER = {name: module for module, names in _HOMES.items() for name in names.split()}
_MODULES = ("ex", "util", "errors", "plot")

__all__ = sorted([*_OWNER, *_MODULES])


def __getattr__(name):
    if name in _OWNER:
        value = getattr(import_module(_OWNER[name]), name)
    elif name in _MODULES:
        value = import_module(f"cavity.{name}")
    else:
        raise AttributeError(f"module 'cavity' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return [*globals(), *__all__]
