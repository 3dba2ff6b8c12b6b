"""Priors by name: from the JSON form and from configuration files."""

from cavity.errors import PriorError, did_you_mean
from cavity.prior.beta import BetaPrior
from cavity.prior.confined import ConfinedPrior
from cavity.prior.drawn import DrawnVariable
from cavity.prior.gamma import GammaPrior
from cavity.prior.gaussian import GaussianPrior, TruncatedGaussianPrior
from cavity.prior.half_cauchy import HalfCauchyPrior
from cavity.prior.half_normal import HalfNormalPrior
from cavity.prior.log_gaussian import LogGaussianPrior
from cavity.prior.log_uniform import LogUniformPrior
from cavity.prior.scipy_prior import ScipyPrior
from cavity.prior.student_t import StudentTPrior
from cavity.prior.uniform import UniformPrior

FAMILIES = {
    family.__name__: family
    for family in (
        UniformPrior,
        LogUniformPrior,
        GaussianPrior,
        TruncatedGaussianPrior,
        LogGaussianPrior,
        HalfNormalPrior,
        HalfCauchyPrior,
        GammaPrior,
        BetaPrior,
        StudentTPrior,
        ConfinedPrior,
        DrawnVariable,
        ScipyPrior,
    )
}


def prior_from_dict(stored):
    """The inverse of ``Prior.to_dict``; the type may be written without its ``Prior``.

    Raises
    ------
    PriorError
        If the type or an argument is unknown, with the nearest known one.
    """
    name = stored.get("type")
    family = FAMILIES.get(name) or FAMILIES.get(f"{name}Prior")
    if family is None:
        raise PriorError(f"{name} is not a type of prior{did_you_mean(name, FAMILIES)}")
    return family.from_dict(stored)
