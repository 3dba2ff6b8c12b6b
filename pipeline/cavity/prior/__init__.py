"""Priors: one family a file, and the arithmetic that relates parameters."""

from cavity.prior.base import ConfinedPrior, Prior, prior_from_dict
from cavity.prior.beta import BetaPrior
from cavity.prior.drawn import DrawnVariable
from cavity.prior.expression import (
    Comparison,
    Expression,
    Relation,
    compile_expression,
    expression_from_dict,
    relation,
    ufunc_named,
)
from cavity.prior.gamma import GammaPrior
from cavity.prior.gaussian import GaussianPrior, TruncatedGaussianPrior
from cavity.prior.half_cauchy import HalfCauchyPrior
from cavity.prior.half_normal import HalfNormalPrior
from cavity.prior.log_gaussian import LogGaussianPrior
from cavity.prior.log_uniform import LogUniformPrior
from cavity.prior.scipy_prior import ScipyPrior, as_prior, is_frozen_distribution
from cavity.prior.student_t import StudentTPrior
from cavity.prior.uniform import UniformPrior

__all__ = [
    "BetaPrior",
    "Comparison",
    "ConfinedPrior",
    "DrawnVariable",
    "Expression",
    "GammaPrior",
    "GaussianPrior",
    "HalfCauchyPrior",
    "HalfNormalPrior",
    "LogGaussianPrior",
    "LogUniformPrior",
    "Prior",
    "Relation",
    "ScipyPrior",
    "StudentTPrior",
    "TruncatedGaussianPrior",
    "UniformPrior",
    "as_prior",
    "compile_expression",
    "expression_from_dict",
    "is_frozen_distribution",
    "prior_from_dict",
    "relation",
    "ufunc_named",
]
