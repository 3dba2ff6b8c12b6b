"""A model as a result stores it: a dict, turned into the model itself when somebody needs instances or priors."""
from functools import cached_property

from cavity.errors import ModelError, ResultError


class StoredModel:
    """The JSON form of a model; everything a model can do is passed on to the model made of it.

    Parameters
    ----------
    stored
        What ``model.to_dict()`` returned.
    names
        The parameters' names, known without importing the user's classes.
    classes
        Classes to use for those of the same qualified name, where the module they came from cannot be imported: a
        notebook's own, or a study's.
    """

    def __init__(self, stored, names, classes=()):
        self.stored = stored
        self.parameter_names = tuple(names)
        self.classes = tuple(classes)

    def to_dict(self):
        """The stored form itself."""
        return self.stored

    @property
    def prior_count(self):
        """Number of free parameters."""
        return len(self.parameter_names)

    @cached_property
    def loaded(self):
        """The model.

        Raises
        ------
        ResultError
            If a class of the model cannot be imported.
        """
        from cavity.model import model_from_dict

        try:
            return model_from_dict(self.stored, classes=_known(self.stored, self.classes))
        except (ModelError, ImportError, AttributeError) as error:
            reason = str(error).split(";")[0]
            raise ResultError(f"the stored model cannot be made again: {reason}; pass classes=[...]") from error

    def instance_from_vector(self, vector):
        """An instance of the user's class."""
        return self.loaded.instance_from_vector(vector)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.loaded, name)


def model_dict(model):
    """The stored form of a model, as JSON gives it back."""
    from cavity.posterior.samples import jsonable

    return jsonable(model.to_dict())


def classes_of(stored):
    """{path of a component: "module:qualname" of its class}; the path of the model itself is empty."""
    found = {}

    def visit(part, path):
        if isinstance(part, dict) and "node" in part:
            if "class" in part:
                found[path] = part["class"]
            for name, child in part["children"].items():
                visit(child, f"{path}.{name}" if path else name)

    visit(stored["root"], "")
    return found


def _known(stored, classes):
    """{"module:qualname" as stored: the given class of the same qualified name}"""
    by_qualname = {cls.__qualname__: cls for cls in classes}
    names = set(classes_of(stored).values())
    return {name: by_qualname[name.split(":")[-1]] for name in names if name.split(":")[-1] in by_qualname}
