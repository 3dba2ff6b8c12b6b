"""Expectation propagation over site functions: from weighted samples of each dataset to the posterior of all."""

from cavity.propagate.bank import SiteBank
from cavity.propagate.build import build_site
from cavity.propagate.design import SharedDesign, axial_design, fit_surrogate, transport
from cavity.propagate.diagnostics import log_evidence_error, site_noise
from cavity.propagate.exact import ExactPass, exact_pass
from cavity.propagate.grid import grid_pass
from cavity.propagate.link import Link
from cavity.propagate.locals import local_draws
from cavity.propagate.particles import Score
from cavity.propagate.predictive import interim_prior, shared_prior
from cavity.propagate.site import Site
from cavity.propagate.sweep import Sweep, SweepInfo, describe_stall, newton, propagate
from cavity.propagate.table_site import build_table, scattered_table, tempered_ticks, tensor_nodes
from cavity.propagate.transform import GlobalSpace

__all__ = [
    "ExactPass",
    "GlobalSpace",
    "Link",
    "Score",
    "SharedDesign",
    "Site",
    "SiteBank",
    "Sweep",
    "SweepInfo",
    "axial_design",
    "build_site",
    "build_table",
    "describe_stall",
    "exact_pass",
    "fit_surrogate",
    "grid_pass",
    "interim_prior",
    "local_draws",
    "log_evidence_error",
    "newton",
    "propagate",
    "scattered_table",
    "shared_prior",
    "site_noise",
    "tempered_ticks",
    "tensor_nodes",
    "transport",
]
