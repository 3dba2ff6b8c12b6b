"""The graph of a study: shared parameters, parents, and plates of datasets with what is drawn, local and observed."""

import numpy as np

from cavity.errors import GraphError
from cavity.plot.style import COLOURS, new_figure, styled

SHOWN_LOCALS = 6  # local parameters drawn one by one; the others become one node "and n more"
STEP = 1.3  # inches between two nodes of a row
ROWS = {"hyper": 3.7, "parent": 2.75, "inside": 1.5, "data": 0.45, "below": -0.75}
RADIUS = 0.17
_BEHIND = {"boxstyle": "square,pad=0.1", "facecolor": "#FAFAFA", "edgecolor": "none"}  # keeps arrows off a text


def describe_graph(graph):
    """The description of a ``FactorGraphModel``, for :func:`plot_graph`."""
    from cavity.graph import view_factor

    views = [
        view_factor(factor, dataset, graph.shared_names, graph.parents)
        for factor, dataset in zip(graph.factors, graph.datasets, strict=True)
    ]
    return describe_views(views, graph.shared_names, graph.parent_names)


def describe_views(views, shared_names, parent_names, total=None):
    """Nodes, edges and plates of a study; datasets of the same structure share a plate.

    Parameters
    ----------
    views
        A ``FactorView`` per dataset.
    shared_names, parent_names
        {prior: name} and {parent: name}.
    total
        How many datasets there are, where ``views`` are only the first of them.

    Returns
    -------
    dict
        {"plates": [{"id", "label", "size"}], "nodes": [{"id", "label", "role", "plate"}], "edges": [[id, id]],
        "parents": {name: {"family", "arguments"}}}, JSON, with roles shared, fixed, parent, drawn, local, data.
    """
    kinds = {}
    for view in views:
        drawn = tuple((entry.name, parent_names[entry.parent]) for entry in view.drawn)
        shared = tuple(name for _, name in view.shared)
        local = tuple(path for _, path, _ in view.local)
        kinds.setdefault((type(view.analysis).__name__, drawn, shared, local), []).append(view.dataset)
    nodes, edges, plates = {}, [], []

    def node(identifier, label, role, plate=None):
        nodes.setdefault(identifier, {"id": identifier, "label": label, "role": role, "plate": plate})
        return identifier

    parents = {}
    used = {parent for _, drawn, _, _ in kinds for _, parent in drawn}
    for parent, name in parent_names.items():
        if name in used:
            parents[name] = _describe_parent(parent, name, shared_names, node, edges)
    for number, ((analysis, drawn, shared, local), datasets) in enumerate(kinds.items()):
        plate = str(number)
        label = datasets[0] if len(datasets) == 1 else f"{len(datasets):,} datasets"
        if total is not None and total > len(views):
            label = f"{total:,} datasets" if len(kinds) == 1 else f"{label} of the first {len(views):,}"
        plates.append({"id": plate, "label": label, "size": len(datasets)})
        data = node(f"{plate}:data", analysis, "data", plate)
        for path, parent in drawn:
            edges.append([f"parent:{parent}", node(f"{plate}:{path}", path, "drawn", plate)])
            edges.append([f"{plate}:{path}", data])
        for path in _folded(local):
            edges.append([node(f"{plate}:{path}", path, "local", plate), data])
        for name in shared:
            edges.append([node(f"shared:{name}", name, "shared"), data])
    return {"plates": plates, "nodes": list(nodes.values()), "edges": edges, "parents": parents}


def _describe_parent(parent, name, shared_names, node, edges):
    family = parent.parent.__name__
    square = node(f"parent:{name}", f"{name}\n{family.removesuffix('Prior')}", "parent")
    for argument, value in parent.hyperpriors.items():
        variables = value.variables() if hasattr(value, "variables") else ()
        if not variables:
            edges.append([node(f"fixed:{name}.{argument}", f"{argument} = {value:.4g}", "fixed"), square])
        for prior in variables:
            label = shared_names.get(prior, f"{name}.{argument}")
            edges.append([node(f"shared:{label}", label, "shared"), square])
    arguments = {}
    for argument, value in parent.hyperpriors.items():
        free = hasattr(value, "variables")
        arguments[argument] = value.to_dict(lambda prior: shared_names.get(prior, "")) if free else float(value)
    return {"family": family, "arguments": arguments}


def _folded(local):
    if len(local) <= SHOWN_LOCALS:
        return local
    return (*local[: SHOWN_LOCALS - 1], f"and {len(local) - SHOWN_LOCALS + 1} more")


@styled
def plot_graph(description, title=None):
    """Circles are parameters, the grey circle is data, the square is a parent distribution, a box is repeated.

    Parameters
    ----------
    description
        Of :func:`describe_graph` or :func:`describe_views`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    nodes = {node["id"]: node for node in description["nodes"]}
    if not nodes:
        raise GraphError("the description of the graph has no nodes")
    places, boxes = _layout(description, nodes)
    x, y = np.array(list(places.values())).T
    left, right = min(x.min() - 0.85, *(box[0] for box in boxes)), max(x.max() + 0.85, *(box[1] for box in boxes))
    low, high = min(y.min() - 0.65, boxes[0][2] - 0.2), max(y.max() + 0.45, boxes[0][3] + 0.1)
    figure = new_figure(max(right - left, 3.2) + 0.2, high - low + 0.75)
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.set_xlim(left - 0.1, right + 0.1)
    ax.set_ylim(low - 0.35, high)
    for (box_left, box_right, bottom, top), plate in zip(boxes, description["plates"], strict=True):
        _plate(ax, box_left, box_right, bottom, top, plate)
    for start, end in description["edges"]:
        _arrow(ax, places[start], places[end], nodes[start]["role"], nodes[end]["role"])
    for identifier, node in nodes.items():
        _node(ax, places[identifier], node, nodes, description["edges"])
    _key(ax, {node["role"] for node in nodes.values()})
    if title:
        figure.suptitle(title, x=0.02, ha="left", fontsize=10)
    return figure


def _layout(description, nodes):
    """{id: (x, y)} and a box (left, right, bottom, top) per plate, in inches."""
    places, boxes, x = {}, [], 0.0
    for plate in description["plates"]:
        inside = [node for node in nodes.values() if node["plate"] == plate["id"]]
        row = [node["id"] for node in inside if node["role"] != "data"]
        width = max(len(row), 1.8) * STEP  # room for the name of the data
        for index, identifier in enumerate(row):
            places[identifier] = (x + 0.5 * width + (index - 0.5 * (len(row) - 1)) * STEP, ROWS["inside"])
        for node in inside:
            if node["role"] == "data":
                places[node["id"]] = (x + 0.5 * width, ROWS["data"])
        boxes.append((x, x + width, ROWS["data"] - 0.6, ROWS["inside"] + 0.66))
        x += width + 0.35
    middle = 0.5 * (x - 0.35)
    edges = description["edges"]
    parents = [node["id"] for node in nodes.values() if node["role"] == "parent"]
    above = [[start for start, end in edges if end == parent] for parent in parents]
    wanted = [np.mean([places[end][0] for start, end in edges if start == parent] or [middle]) for parent in parents]
    widths = [max(len(hyper), 1) * STEP for hyper in above]
    for parent, hyper, centre in zip(parents, above, _spread(wanted, widths), strict=True):
        places[parent] = (centre, ROWS["parent"])
        for index, identifier in enumerate(hyper):
            places.setdefault(identifier, (centre + (index - 0.5 * (len(hyper) - 1)) * STEP, ROWS["hyper"]))
    below = [identifier for identifier in nodes if identifier not in places]
    for identifier, centre in zip(below, _spread([middle] * len(below), [STEP] * len(below)), strict=True):
        places[identifier] = (centre, ROWS["below"])
    return places, boxes


def _spread(wanted, widths):
    """Centres as near to the wanted ones as their widths allow, in order, without overlap."""
    centres = np.array(wanted, dtype=float)
    order = np.argsort(centres, kind="stable")
    for _ in range(100):
        moved = False
        for a, b in zip(order[:-1], order[1:], strict=True):
            overlap = 0.5 * (widths[a] + widths[b]) - (centres[b] - centres[a])
            if overlap > 1e-9:
                centres[a] -= 0.5 * overlap
                centres[b] += 0.5 * overlap
                moved = True
        if not moved:
            break
    return centres


def _plate(ax, left, right, bottom, top, plate):
    from matplotlib.patches import FancyBboxPatch

    style = "round,pad=0,rounding_size=0.12"
    frame = {"facecolor": "#FAFAFA", "edgecolor": COLOURS["quiet"], "linewidth": 1.0, "zorder": 0}
    if plate["size"] > 1:
        for shift in (0.10, 0.05):
            corner = (left + shift, bottom - shift)
            ax.add_patch(FancyBboxPatch(corner, right - left, top - bottom, boxstyle=style, **frame))
    ax.add_patch(FancyBboxPatch((left, bottom), right - left, top - bottom, boxstyle=style, **frame))
    text = {"fontsize": 8.5, "color": "#4D4D4D", "style": "italic", "va": "bottom", "zorder": 4, "bbox": _BEHIND}
    ax.text(left + 0.12, bottom + 0.1, plate["label"], **text)


def _size(role):
    return {"parent": 0.6 * RADIUS, "fixed": 0.25 * RADIUS}.get(role, RADIUS)


def _arrow(ax, start, end, start_role, end_role):
    start, end = np.array(start), np.array(end)
    direction = (end - start) / np.linalg.norm(end - start)
    head = {"arrowstyle": "-|>,head_width=0.16,head_length=0.28", "color": "#6E6E6E", "linewidth": 0.9}
    head |= {"shrinkA": 0, "shrinkB": 0}
    tail, tip = start + direction * _size(start_role), end - direction * (_size(end_role) + 0.02)
    ax.annotate("", xy=tip, xytext=tail, arrowprops=head, zorder=1)


def _node(ax, place, node, nodes, edges):
    from matplotlib.patches import Circle, Rectangle

    role, (x, y) = node["role"], place
    size = _size(role)
    text = {"fontsize": 8.0, "ha": "center", "va": "center", "zorder": 4}
    if role == "parent":
        square = {"color": COLOURS["parent"], "zorder": 3, "linewidth": 0}
        ax.add_patch(Rectangle((x - size, y - size), 2 * size, 2 * size, **square))
        ax.text(x + size + 0.1, y, node["label"], **{**text, "ha": "left"}, linespacing=1.15)
        return
    if role == "data":
        ax.text(x + size + 0.1, y, node["label"], **{**text, "ha": "left"})
    if role == "fixed":
        ax.add_patch(Circle((x, y), size, color=COLOURS["data"], zorder=3, linewidth=0))
    else:
        face = "#BDBDBD" if role == "data" else "white"
        edge = COLOURS["data"] if role == "data" else COLOURS[role]
        ax.add_patch(Circle((x, y), size, facecolor=face, edgecolor=edge, linewidth=1.8, zorder=3))
    if role == "data":
        return
    hyper = any(start == node["id"] and nodes[end]["role"] == "parent" for start, end in edges)
    away = 1.0 if role in ("drawn", "local") or hyper or role == "fixed" else -1.0
    label = _broken(node["label"]) if len(node["label"]) > 16 else node["label"]
    text |= {"va": "bottom" if away > 0 else "top", "linespacing": 1.0, "bbox": _BEHIND if node["plate"] else None}
    ax.text(x, y + away * (max(size, 0.1) + 0.07), label, **text)


def _broken(path):
    """A path in two lines, broken at the dot that makes the longer of them shortest."""
    dots = [place + 1 for place, letter in enumerate(path) if letter == "."]
    if not dots:
        return path
    best = min(dots, key=lambda place: max(place, len(path) - place))
    return f"{path[:best]}\n{path[best:]}"


def _key(ax, roles):
    """What the colours mean, in one line below the graph."""
    from matplotlib.lines import Line2D

    marks = {
        "shared": ("o", "white", COLOURS["shared"]),
        "parent": ("s", COLOURS["parent"], COLOURS["parent"]),
        "drawn": ("o", "white", COLOURS["drawn"]),
        "local": ("o", "white", COLOURS["local"]),
        "data": ("o", "#BDBDBD", COLOURS["data"]),
    }
    handles = [
        Line2D([], [], ls="", marker=marker, markersize=7, markerfacecolor=face, markeredgecolor=edge, label=role)
        for role, (marker, face, edge) in marks.items()
        if role in roles
    ]
    where = {"loc": "lower center", "bbox_to_anchor": (0.5, -0.02), "ncols": 5}
    ax.legend(handles=handles, handletextpad=0.2, columnspacing=1.2, **where)
