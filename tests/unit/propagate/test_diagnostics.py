"""The noise that the sites bring into the posterior."""

import numpy as np
import pytest

from cavity.propagate import site_noise


def test_noise_falls_with_the_samples_and_is_shared_out(normal):
    score, covariance = normal.bank.score(normal.mean), np.diag(normal.sd**2)
    noise = site_noise(score, covariance)
    assert noise.contributions.sum() == pytest.approx(1.0)
    total = covariance @ score.noise.sum(0) @ covariance
    assert noise.mcse == pytest.approx(np.sqrt(np.diag(total)) / normal.sd)
    quarter = score._replace(noise=score.noise / 4)
    assert np.allclose(site_noise(quarter, covariance).mcse, noise.mcse / 2)
