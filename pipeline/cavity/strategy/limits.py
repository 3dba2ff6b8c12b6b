"""Every limit of the rounds, in one place: a phase's context carries them, so that a test can switch one off."""

from dataclasses import dataclass

from cavity.numerics.weights import TRUSTED_K


@dataclass(frozen=True, slots=True)
class Limits:
    """When the rounds go on, what they search again and how, and when an answer is doubted; defaults are the policy."""

    # when an answer is final
    shift_limit: float = 0.2  # sd of q: a mean that moved further since the round before has not settled
    shift_noise: float = 2.0  # Monte Carlo errors: nor one that moved further than its own noise explains
    table_share: float = 0.12  # of the tolerance, for tables: their quantiles are asked for too
    quantile_noise: float = 0.05  # posterior sds: Monte Carlo error of a quantile of a table's answer
    coarse: float = 0.1  # posterior sds that the answer may change when every second node of the tables is left out
    k_hat_limit: float = (
        TRUSTED_K  # Pareto k: weights with a heavier tail are not trusted, of a site or of the exact pass
    )
    doubtful_k: float = 0.5  # Pareto k that is worth a warning: k = .63 in 15 dimensions reads an sd 20 % low
    chain_ess: float = 400.0  # effective draws of a Markov chain: with fewer its standard deviations are rough
    edge_mass: float = 0.2  # of the posterior in the outer twentieth of a prior, at both ends: it may be periodic
    shell_mass: float = 0.01  # of the posterior outside the boxes that the sites were built for
    least_acceptance: float = 0.02  # of an ensemble's moves: below, its walkers hardly leave where they started

    # which sites the next round searches, and how
    ess_limit: float = 50  # effective draws that a site, or a search of its own, needs
    size_share: float = 0.5  # of a site's own particles: a small site where so many count is not poor
    noise_share: float = 0.9  # of the noise variance: the sites that make it up are searched again
    half_way: float = 0.5  # sd of q: a larger move of the mean builds every site again
    pilot_shift: float = 1.0  # sd of q: a larger move asks for another pilot
    pilot_draws: int = 100  # of a site with shared parameters, while the centre of its surrogate still moves
    table_pilot: int = 2000  # calls of the first look that a table follows, before its last draws
    table_draws: int = 768  # of a table, to begin with
    most_table_draws: int = 4096  # of a table in one round
    noisy: float = 0.1  # Monte Carlo error, in sd, that more draws are spent on
    most_draws: int = 3200  # of a site in one round

    # what stands above the datasets
    most_coordinates: int = 200  # that are sampled together: more are refused

    # one site's draws
    largest_share: float = 0.01  # of one draw in the weights: beyond, a rare region was hit by accident
    rescue_live_points: int = 100  # of the nested search where a site's own search left too few draws
    first_look_ess: float = 10.0  # effective draws of a first look: with fewer it is looked at again

    # what a budget of calls leaves
    fewest_calls: int = 100  # of a search, however little is left
    fewest_in_a_table: int = 256  # draws: fewer are of no use

    # when tables are made, and where their nodes lie
    surrogate_error: float = 0.3  # of a site's polynomial in the shared parameters: a larger one asks for tables
    broad: float = 2.0  # times wider or narrower than Gaussians at its modes: such a density needs tables
    missed_mass: float = 14.0  # nats more after first looks: two of them may have missed a mode
    mode_mass: float = 8.0  # nats of Laplace mass below the heaviest: lighter modes of the posterior are left out
    mode_depth: float = 5.0  # nats below the maximum: lower peaks are no modes
    depth: float = 12.0  # nats below the maximum that the nodes cover
    margin: float = 0.2  # of the nodes' range, looked at beyond its ends for where nodes are missing


POLICY = Limits()
