"""The data that the documents' code loads: JSON files of 100 pixels, made by the project's simulators."""

import json
from pathlib import Path

import numpy as np

from cavity.rng import generator
from cavity.simulate.gaussians import PIXELS, GaussianShared, gaussian_profile

NOISE = 0.05


def write(folder, data, noise_map):
    """data.json and noise_map.json in a folder under dataset/example_1d."""
    folder = Path("dataset", "example_1d", folder)
    folder.mkdir(parents=True)
    for name, values in (("data", data), ("noise_map", noise_map)):
        (folder / f"{name}.json").write_text(json.dumps(np.asarray(values).tolist()))


def noisy(seed, centre, normalization, sigma):
    """(data, noise map) of one profile."""
    profile = gaussian_profile(PIXELS, centre, normalization, sigma)
    noise = generator(seed, "documents").normal(0.0, NOISE, PIXELS.size)
    return profile + noise, np.full(PIXELS.size, NOISE)


def write_all():
    """Every dataset of the documents, under the working directory; dataset -> truth."""
    simulation = GaussianShared(datasets=3, centre=50.0, noise=0.05).simulate(seed=1)
    truth = {"low_snr": simulation.truth, "identical": (50.0, 25.0, 10.0)}
    for index, columns in enumerate(simulation.data.values()):
        write(f"gaussian_x1__low_snr/dataset_{index}", **columns)
    for index in range(3):
        write(f"gaussian_x1_identical_{index}", *noisy(10 + index, *truth["identical"]))
        truth[f"sigma_{index}"] = (50.0, 50.0, 10.0 * (index + 1))
        write(f"gaussian_x1_variable/sigma_{index}", *noisy(20 + index, *truth[f"sigma_{index}"]))
    return truth
