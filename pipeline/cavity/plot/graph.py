"""The graph of a study: shared parameters, parents, and plates of datasets with what is drawn, local and observed."""

from collections import Counter

import numpy as np

from cavity.errors import GraphError
from cavity.plot.style import COLOURS, new_figure, styled
from cavity.prior import DrawnVariable

SHOWN_LOCALS = 6  # local parameters drawn one by one; the others become one node "and n more"
STEP = 1.3  # inches between two nodes of a row
ROWS = {"below": -0.75, "data": 0.45, "inside": 1.5}  # the lowest rows; those above depend on what the boxes hold
OWN_PARENT, OUTER_PARENT, HYPER = 0.95, 0.59, 0.95  # inches from a node to its parent in a box, box to parent, and on
RADIUS = 0.17
_BEHIND = {"boxstyle": "square,pad=0.1", "facecolor": "#FAFAFA", "edgecolor": "none"}  # keeps arrows off a text


def describe_graph(graph):
    """The description of a ``FactorGraphModel``, for :func:`plot_graph`."""
    from cavity.graph import view_factor

    views = [
        view_factor(factor, dataset, graph.shared_names, graph.parents)
        for factor, dataset in zip(graph.factors, graph.datasets, strict=True)
    ]
    uses = Counter(parent for view in views for parent in {entry.parent for entry in view.drawn})
    own = {parent for parent, count in uses.items() if count == 1 < len(views) and parent.name is None}
    named = {parent: name for parent, name in graph.parent_names.items() if parent not in own}
    return describe_views(views, graph.shared_names, named)


def describe_views(views, shared_names, parent_names, total=None, groups=()):
    """Nodes, edges and plates of a study; datasets of the same structure share a plate, and so do groups.

    Parameters
    ----------
    views
        A ``FactorView`` per dataset.
    shared_names, parent_names
        {prior: name} and {parent: name}; a parent without a name belongs to its dataset, or to its group.
    total
        How many datasets there are, where ``views`` are only the first of them.
    groups
        The ``Plate`` functions of the study.

    Returns
    -------
    dict
        {"plates": [{"id", "label", "size"}], "groups": the same of groups, "nodes": [{"id", "label", "role", "plate"}],
        "edges": [[id, id]], "parents": {name: {"family", "arguments"}} of parents that are the same for all their
        datasets, whatever their group}, JSON, with roles shared, fixed, parent, drawn, local, data; a group's node has
        "members", {key of the group: name of its parameter}.
    """
    drawing, kinds, plates = _Drawing(shared_names, parent_names, groups), {}, []
    for view in views:
        kinds.setdefault(drawing.kind(view), []).append(view)
    for number, alike in enumerate(kinds.values()):
        drawing.add(alike, str(number))
        label = alike[0].dataset if len(alike) == 1 else f"{len(alike):,} datasets"
        if total is not None and total > len(views):
            label = f"{total:,} datasets" if len(kinds) == 1 else f"{label} of the first {len(views):,}"
        plates.append({"id": str(number), "label": label, "size": len(alike)})
    used = {node["plate"] for node in drawing.nodes.values()}
    return {
        "plates": plates,
        "groups": [group for group in drawing.groups if group["id"] in used],
        "nodes": list(drawing.nodes.values()),
        "edges": drawing.edges,
        "parents": drawing.parents,
    }


class _Drawing:
    """A description in the making: every node and edge once."""

    def __init__(self, shared_names, parent_names, groups):
        self.shared_names, self.parent_names = shared_names, parent_names
        self.nodes, self.edges, self.parents, self.groups, self._own = {}, [], {}, [], {}
        self._group_of, self._alike = {}, {}
        for group in groups:
            size = len(group.members)
            label = f"{size:,} × {group.column}" if size > 1 else group.column
            self.groups.append({"id": f"group:{group.column}", "label": label, "size": size})
            for key, prior, path in (
                (key, *pair) for key, model in group.members for pair in zip(model.priors, model.parameter_names)
            ):
                if prior in shared_names and shared_names[prior].startswith(f"{group.column}."):
                    self._group_of.setdefault(prior, (f"group:{group.column}", f"{group.column}.{path}"))
                    self._alike.setdefault(self._group_of[prior], {}).setdefault(key, prior)

    def kind(self, view):
        """What two datasets of one plate have in common."""
        own = list(dict.fromkeys(entry.parent for entry in view.drawn if entry.parent not in self.parent_names))
        drawn = tuple(
            (entry.name, self.parent_names.get(entry.parent) or (own.index(entry.parent), *self._form(entry.parent)))
            for entry in view.drawn
        )
        shared = tuple(self._identifier(view.compiled.priors[index], name) for index, name in view.shared)
        return type(view.analysis).__name__, drawn, shared, tuple(path for _, path, _ in view.local)

    def _form(self, parent):
        """A nameless parent's family and what each of its arguments depends on."""
        arguments = (
            (key, tuple(self._identifier(v, key) for v in _variables(x))) for key, x in parent.hyperpriors.items()
        )
        return parent.parent.__name__, tuple(arguments)

    def add(self, views, plate):
        """Datasets of one kind."""
        view = views[0]
        data = self._node(f"{plate}:data", type(view.analysis).__name__, "data", plate)
        for place, entry in enumerate(view.drawn):
            above = self._parent([other.drawn[place].parent for other in views], entry.name, plate)
            self._edge(above, self._node(f"{plate}:{entry.name}", entry.name, "drawn", plate))
            self._edge(f"{plate}:{entry.name}", data)
        for path in _folded(tuple(path for _, path, _ in view.local)):
            self._edge(self._node(f"{plate}:{path}", path, "local", plate), data)
        for index, name in view.shared:
            self._edge(self._shared(view.compiled.priors[index], name), data)

    def _node(self, identifier, label, role, plate=None):
        self.nodes.setdefault(identifier, {"id": identifier, "label": label, "role": role, "plate": plate})
        return identifier

    def _edge(self, start, end):
        if [start, end] not in self.edges:
            self.edges.append([start, end])

    def _identifier(self, prior, otherwise):
        if prior in self._group_of:
            return ":".join(self._group_of[prior])
        return f"shared:{self.shared_names.get(prior, otherwise)}"

    def _shared(self, prior, otherwise):
        """The node of a shared parameter; one for those of all groups, below the parent that they are drawn from."""
        identifier = self._identifier(prior, otherwise)
        if prior not in self._group_of:
            return self._node(identifier, self.shared_names.get(prior, otherwise), "shared")
        if identifier not in self.nodes:
            group, label = self._group_of[prior]
            drawn = isinstance(prior, DrawnVariable)
            self._node(identifier, label, "drawn" if drawn else "shared", group)
            alike = self._alike[group, label]
            self.nodes[identifier]["members"] = {key: self.shared_names[other] for key, other in alike.items()}
            if drawn:
                self._edge(self._parent([other.parent for other in alike.values()], label, group), identifier)
        return identifier

    def _parent(self, parents, path, plate):
        """The square of a parent, or of the nameless parents of alike datasets or groups, inside their plate."""
        parent = parents[0]
        name = self.parent_names.get(parent) or self._own.get(parent) or self._new_name(path, plate)
        identifier = f"parent:{name}"
        if identifier in self.nodes:
            return identifier
        family = parent.parent.__name__
        if parent in self.parent_names:
            self._node(identifier, f"{name}\n{family.removesuffix('Prior')}", "parent")
        else:
            self._own[parent] = name
            self._node(identifier, family.removesuffix("Prior"), "parent", plate)
        arguments = [self._arguments(other) for other in dict.fromkeys(parents)]
        of_a_group = any(prior in self._group_of for prior in parent.variables)
        if all(other == arguments[0] for other in arguments) and not of_a_group:
            self.parents[name] = {"family": family, "arguments": arguments[0]}
        for argument, value in parent.hyperpriors.items():
            for prior in _variables(value):
                self._edge(self._shared(prior, f"{name}.{argument}"), identifier)
            if not _variables(value) and all(other[argument] == arguments[0][argument] for other in arguments):
                self._edge(self._node(f"fixed:{name}.{argument}", f"{argument} = {value:.4g}", "fixed"), identifier)
        return identifier

    def _new_name(self, path, plate):
        """What a nameless parent is called: after what is drawn from it."""
        name = f"{path}_parent"
        return name if f"parent:{name}" not in self.nodes else f"{name}_{plate}"

    def _arguments(self, parent):
        """The arguments as numbers, or JSON of relations of shared parameters."""
        return {
            key: value.to_dict(lambda prior: self.shared_names.get(prior, "")) if _variables(value) else float(value)
            for key, value in parent.hyperpriors.items()
        }


def _variables(value):
    return value.variables() if hasattr(value, "variables") else ()


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
    left, right = min(x.min() - 0.85, *(box[0] for box in boxes)), max(x.max() + 0.85, *(box[1] + 0.1 for box in boxes))
    low, high = min(y.min() - 0.65, boxes[0][2] - 0.2), max(y.max() + 0.45, boxes[0][3] + 0.1)
    figure = new_figure(max(right - left, 3.2) + 0.2, high - low + 0.75)
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.set_xlim(left - 0.1, right + 0.1)
    ax.set_ylim(low - 0.35, high)
    repeated = [*description["plates"], *description["groups"]]
    for (box_left, box_right, bottom, top), plate in zip(boxes, repeated, strict=True):
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
    """{id: (x, y)} and a box (left, right, bottom, top) per plate and per group, in inches."""
    places, boxes, x = {}, [], 0.0
    edges, plates, groups = description["edges"], description["plates"], description["groups"]
    owning = {node["plate"] for node in nodes.values() if node["role"] == "parent"}
    owner = OWN_PARENT if any(plate["id"] in owning for plate in plates) else 0.0
    top = ROWS["inside"] + 0.66 + (owner and owner - 0.2)
    for plate in plates:
        row, width = _row(nodes, plate["id"])
        _place_row(places, row, x + 0.5 * width, ROWS["inside"])
        places[f"{plate['id']}:data"] = (x + 0.5 * width, ROWS["data"])
        _place_own(places, nodes, edges, plate["id"], ROWS["inside"] + owner)
        boxes.append((x, x + width, ROWS["data"] - 0.6, top))
        x += width + 0.35
    middle, above = 0.5 * (x - 0.35), []
    for group in reversed(groups):
        row, width = _row(nodes, group["id"])
        owner = OWN_PARENT if group["id"] in owning else 0.0
        bottom, line = top + 0.35, top + 0.95
        top = line + 0.66 + (owner and owner - 0.2)
        _place_row(places, row, middle, line)
        _place_own(places, nodes, edges, group["id"], line + owner)
        above.insert(0, (middle - 0.5 * width, middle + 0.5 * width, bottom, top))
    if groups:  # what the datasets' own parents depend on goes beside them: from above, arrows would cross the groups
        beside = {plate["id"] for plate in plates}
        hyper = [start for start, end in edges if nodes[end]["role"] == "parent" and nodes[end]["plate"] in beside]
        hyper = [identifier for identifier in dict.fromkeys(hyper) if identifier not in places]
        left = min(box[0] for box in boxes + above)
        _place_row(places, hyper, left - 0.5 * len(hyper) * STEP, boxes[0][3])
    _place_outer(places, nodes, edges, middle, top)
    below = [identifier for identifier in nodes if identifier not in places]
    for identifier, centre in zip(below, _spread([middle] * len(below), [STEP] * len(below)), strict=True):
        places[identifier] = (centre, ROWS["below"])
    return places, boxes + above


def _row(nodes, plate):
    """The nodes in the middle row of a box, and the box's width."""
    inside = [node for node in nodes.values() if node["plate"] == plate]
    row = [node["id"] for node in inside if node["role"] not in ("data", "parent")]
    room = 0.5 * STEP if len(row) > 1 and any(node["role"] == "parent" for node in inside) else 0.0
    return row, max(len(row), 1.8) * STEP + room  # 1.8: room for the name of the data


def _place_row(places, row, centre, y):
    for index, identifier in enumerate(row):
        places.setdefault(identifier, (centre + (index - 0.5 * (len(row) - 1)) * STEP, y))


def _place_own(places, nodes, edges, plate, y):
    """The parents inside a box, above what is drawn from them."""
    own = [node["id"] for node in nodes.values() if node["plate"] == plate and node["role"] == "parent"]
    wanted = [np.mean([places[end][0] for start, end in edges if start == parent]) for parent in own]
    for parent, centre in zip(own, _spread(wanted, [STEP] * len(own)), strict=True):
        places[parent] = (centre, y)


def _place_outer(places, nodes, edges, middle, top):
    """Above all boxes: the parents that datasets share, and above these the hyperparameters of every parent."""
    parents = [node["id"] for node in nodes.values() if node["role"] == "parent"]
    outer = [parent for parent in parents if parent not in places]
    y, seen, blocks = top + OUTER_PARENT, set(places), []
    for parent in parents:
        hyper = [start for start, end in edges if end == parent and start not in seen]
        seen.update(hyper)
        if hyper or parent in outer:
            below = [places[end][0] for start, end in edges if start == parent and end in places]
            blocks.append((parent, hyper, np.mean(below or [middle]), max(len(hyper), 1) * STEP))
    centres = _spread([block[2] for block in blocks], [block[3] for block in blocks])
    for (parent, hyper, *_), centre in zip(blocks, centres, strict=True):
        places.setdefault(parent, (centre, y))
        _place_row(places, hyper, centre, y + (HYPER if outer else 0.0))


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
        ax.text(
            x + size + 0.1,
            y,
            node["label"],
            **{**text, "ha": "left"},
            linespacing=1.15,
            bbox=_BEHIND if node["plate"] else None,
        )
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
