"""All figures of a phase, written into a folder."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import cavity.prior
from cavity.numerics.weights import resampled
from cavity.plot.convergence import LARGEST, plot_convergence
from cavity.plot.corner import LARGEST_CORNER, plot_corner
from cavity.plot.dataset_fit import fit_of, plot_fit, plot_fits
from cavity.plot.graph import describe_views, plot_graph
from cavity.plot.population import plot_population
from cavity.plot.style import try_plot, try_save
from cavity.plot.trace import plot_trace

LARGEST_FITS = 40  # datasets whose fits get a file of their own
LARGEST_GRAPH = 300  # datasets whose models are composed to find the plates
BAND_DRAWS = 100  # posterior draws that make the band around a model


def draw_phase(context, result, folder, truth=None):
    """Draw a phase of a study: its graph and its fits come from the models and the data that the study composes.

    A plot that fails is a warning with its name; the others are drawn.

    Parameters
    ----------
    context
        The phase: ``datasets``, ``view(dataset)`` and ``names``.
    result
        Its PhaseResult.
    folder
        Where the PNG files go.
    truth
        {parameter name: true value}, of a simulation.

    Returns
    -------
    list of pathlib.Path
    """
    folder, fits = Path(folder), {}
    graph = folder / "graph.png"
    views = try_plot(graph, lambda: [context.view(dataset) for dataset in context.datasets[:LARGEST_GRAPH]]) or []
    names, total = context.names, len(context.datasets)
    description = try_plot(graph, lambda: describe_views(views, names.priors, names.parents, total, names.plates))
    for view in views[:LARGEST_FITS]:
        fit = try_plot(folder / f"fit_{view.dataset}.png", fit_of_dataset, view, result)
        if fit is not None:
            fits[view.dataset] = fit
    return write_plots(result, folder, description, fits, truth)


def fit_of_dataset(view, result):
    """Data, model at the marginal medians, and the model at posterior draws; None where the analysis cannot be drawn.

    There is no band where the likelihood has shared parameters whose draws do not belong to the local ones.
    """
    from cavity.graph.analysis import can_draw

    if not can_draw(view.analysis):
        return None
    local, shared = result.locals.get(view.dataset), result.shared
    places = [(entry.index, local, entry.name) for entry in view.drawn]
    places += [(index, local, path) for index, path, _ in view.local]
    places += [(index, shared, name) for index, name in view.shared]
    if any(samples is None or name not in samples.names for _, samples, name in places):
        return None
    sources = {id(samples): samples for _, samples, _ in places}.values()
    joint = len({samples.log_weights.tobytes() for samples in sources}) == 1
    vectors = np.empty((1 + (BAND_DRAWS if joint else 0), len(places)))
    for index, samples, name in places:
        vectors[0, index] = samples.subset([name]).median_pdf_vector[0]
        if joint:
            rows = resampled(samples.log_weights, BAND_DRAWS, np.random.default_rng(0))
            vectors[1:, index] = samples[name][rows]
    middle, *draws = [view.compiled.instance(vector) for vector in vectors]
    return fit_of(view.analysis, middle, draws)


def write_plots(result, folder, description=None, fits=None, truth=None, x_label="x", y_label="data"):
    """Draw what a phase's result can show: graph, corner, populations, traces of chains, convergence, fits.

    One that fails is a warning.

    Parameters
    ----------
    result
        A PhaseResult.
    folder
        Where the PNG files go; made if need be.
    description
        Of ``describe_graph``; the result's own unless given.
    fits
        {dataset: Fit}.
    truth
        {parameter name: true value}, of a simulation.

    Returns
    -------
    list of pathlib.Path
    """
    folder, written = Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    description = description or result.graph
    for name, plot in _figures(result, description, truth or {}):
        written += try_save(folder / f"{name}.png", plot)
    curves = {dataset: fit for dataset, fit in (fits or {}).items() if fit.data.ndim == 1}
    if len(curves) > 1:
        written += try_save(folder / "fits.png", partial(plot_fits, curves, x_label, y_label, result.label))
    drawable = [(dataset, fit) for dataset, fit in (fits or {}).items() if fit.data.size > 1]
    for dataset, fit in drawable[:LARGEST_FITS]:
        plot = partial(plot_fit, fit, result.label(dataset), x_label, y_label)
        written += try_save(folder / f"fit_{dataset}.png", plot)
    return written


def _figures(result, description, truth):
    """(file name, function that returns the figure), so that only one figure is in memory."""
    if description:
        yield "graph", partial(plot_graph, description, title=result.study)
    grouped = {name for _, _, members in groups(description) for name in members.values()}
    if result.shared is not None:
        names = [name for name in result.shared.names if name not in grouped] or result.shared.names
        title = f"{result.study}, {result.phase}"
        yield "corner", partial(plot_corner, result.shared, names[:LARGEST_CORNER], truth=truth, title=title)
    found = [(*pair, {}) for pair in populations(description)] + groups(description)
    for parent, drawn, members in found:
        if members or any(drawn in samples.names for samples in result.locals.values()):
            name = "population" if len(found) == 1 else f"population_{parent}_{drawn}"
            yield name, partial(_population, result, parent, drawn, members, description["parents"][parent], truth)
    for name, samples in [("trace", result.shared), *((f"trace_{d}", own) for d, own in _first(result.locals))]:
        if samples is not None and "chains" in samples.info:
            yield name, partial(plot_trace, samples)
    if any(entry.get("mean") for entry in result.history):
        known = dict.fromkeys(name for entry in result.history for name in entry.get("mean") or {})
        names = [name for name in known if name not in grouped] or list(known)
        yield "convergence", partial(plot_convergence, result.history, names[:LARGEST], mcse=result.mcse)


def _first(local):
    """Of the datasets, those whose figures get a file of their own."""
    return list(local.items())[:LARGEST_FITS]


def _population(result, parent, drawn, members, described, truth):
    """The plot of one parent and what is drawn from it, by datasets or by the ``members`` of a plate."""
    of_datasets = {name: f"{name}.{drawn}" for name in result.locals}
    if members:
        own = {key: replace(result.shared.subset([name]), names=(drawn,)) for key, name in members.items()}
        result = replace(result, locals=own, covariates={})
    return plot_population(
        result,
        parent,
        drawn,
        family=getattr(cavity.prior, described["family"]),
        arguments=described["arguments"],
        truth=_true_arguments(described["arguments"], truth),
        true_values={key: truth.get(name, np.nan) for key, name in (members or of_datasets).items()},
        rows="groups" if members else "datasets",
    )


def populations(description):
    """[(parent, path of the parameter drawn from it)], each once, of parents that are the same for all datasets."""
    drawn = {node["id"]: node["label"] for node in _nodes(description, "drawn") if "members" not in node}
    pairs = [(parent, drawn[end]) for parent, end in _below(description) if end in drawn]
    return list(dict.fromkeys(pairs))


def groups(description):
    """[(parent, plate and path, {group: name of its parameter})] of the parameters that groups draw from a parent."""
    drawn = {node["id"]: node for node in _nodes(description, "drawn") if "members" in node}
    return [(parent, drawn[end]["label"], drawn[end]["members"]) for parent, end in _below(description) if end in drawn]


def _nodes(description, role):
    return [node for node in (description or {}).get("nodes", ()) if node["role"] == role]


def _below(description):
    """[(parent, node)] of the parents that are the same for all datasets."""
    edges = (description or {}).get("edges", ())
    pairs = [(start.removeprefix("parent:"), end) for start, end in edges]
    return [pair for pair in pairs if pair[0] in description["parents"]]


def _true_arguments(arguments, truth):
    """The parent's true arguments, where all of them are known."""
    known = {}
    for argument, form in arguments.items():
        value = truth.get(form.get("variable")) if isinstance(form, dict) else form
        if value is None:
            return None
        known[argument] = value
    return known
