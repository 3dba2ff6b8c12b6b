"""What a user writes to say how well a model fits one dataset."""

from typing import Any

from cavity.errors import AnalysisError


class Analysis:
    """One dataset and its likelihood; a user's class derives from it.

    Offer ``log_likelihood_batch(arrays)`` as well where many points at once are cheaper: {path of a free parameter:
    array (n,)} -> (n,). Say ``use_jax = True`` where the likelihood and the components are written with ``jax.numpy``:
    it is then compiled, batched, and gives gradients to Laplace and LBFGS. Offer ``data``, ``noise_map`` and
    ``model_data(instance)`` (arrays of equal shape) to have the fit and its residuals drawn.
    """

    use_jax = False

    def log_likelihood_function(self, instance: Any) -> float:
        """The log likelihood of the data given one instance of the model: a finite float, or -inf to reject.

        Raises
        ------
        AnalysisError
            Always here: the user's class must define it.
        """
        raise AnalysisError(
            f"{type(self).__name__} does not define log_likelihood_function(self, instance); write it to return a float"
        )

    def visualize(self, paths: Any, instance: Any) -> None:
        """Draw the best model so far into ``paths.image_path``; called during a fit. Does nothing unless overridden."""


def can_draw(analysis: Any) -> bool:
    """Whether an analysis offers what a plot of data, model and residuals needs."""
    return all(hasattr(analysis, name) for name in ("data", "noise_map", "model_data"))
