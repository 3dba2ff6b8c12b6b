"""The look: equal bytes for equal figures, labels, colours that differ in lightness."""

import matplotlib
import numpy as np
from matplotlib.colors import to_rgb

from cavity.plot.style import COLOURS, CYCLE, axes_or_new, interval_title, parameter_label, save_figure, styled
from cavity.posterior.samples import Samples


def test_the_same_figure_is_the_same_file(tmp_path):
    for name in "ab":
        ax = axes_or_new(None)
        ax.plot(np.arange(5))
        save_figure(ax, tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["a.png", "b.png"]


def test_given_axes_are_used():
    ax = axes_or_new(None)
    assert axes_or_new(ax) is ax


def test_the_callers_settings_come_back():
    before = matplotlib.rcParams["axes.spines.top"]
    assert styled(lambda: matplotlib.rcParams["axes.spines.top"])() is False
    assert matplotlib.rcParams["axes.spines.top"] == before


def test_labels_carry_the_unit():
    samples = Samples(names=("a.b", "c"), values=np.zeros((2, 2)), labels=(r"\mu", "$x$"), units=("m", ""))
    assert parameter_label(samples, "a.b") == r"$\mu$ [m]"
    assert parameter_label(samples, "c") == "$x$"
    assert parameter_label(Samples(names=("a.b",), values=np.zeros((2, 1))), "a.b") == "a.b"


def test_titles_have_the_digits_that_the_errors_deserve():
    assert interval_title(49.5678, 50.0, 50.5678) == "$50.00^{+0.57}_{-0.43}$"
    assert interval_title(1000.0, 1200.0, 1300.0) == "$1{,}200^{+100}_{-200}$"


def test_neighbouring_colours_differ_when_seen_without_red_and_green():
    """Vienot et al. (1999): a deuteranope's view of two colours of the cycle must still differ."""
    to_seen = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    seen = np.array([to_seen @ np.array(to_rgb(colour)) ** 2.2 for colour in CYCLE[:4]])
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[~np.eye(4, dtype=bool)]
    assert distances.min() > 0.1
    assert COLOURS["shared"] in CYCLE
