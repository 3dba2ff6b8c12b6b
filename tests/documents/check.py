"""What a fit of simulated data must find."""


def assert_truth(samples, truth, sds=3.0):
    """Every parameter's true value lies within 3 posterior sds of its mean."""
    off = {
        name: abs(mean - true) / sd
        for name, mean, sd, true in zip(samples.names, samples.mean, samples.sd, truth, strict=True)
    }
    worst = max(off, key=off.get)
    assert off[worst] < sds, f"{worst} is {off[worst]:.1f} sd from the truth"
