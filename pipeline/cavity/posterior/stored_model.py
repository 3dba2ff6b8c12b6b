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
            return model_from_dict(with_classes(self.stored, self.classes))
        except (ModelError, ImportError, AttributeError) as error:
            raise ResultError(f"the stored model cannot be made again ({error}); pass its classes: classes=[...]") from error

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


def class_name(cls):
    """How a stored model names a class: ``module:qualname``."""
    return f"{cls.__module__}:{cls.__qualname__}"


def with_classes(stored, classes):
    """A stored model whose classes of the same qualified name are replaced by the given ones."""
    if not classes:
        return stored
    known = {cls.__qualname__: class_name(cls) for cls in classes}

    def visit(part):
        if isinstance(part, dict):
            return {key: visit(value) if key != "class" else replaced(value) for key, value in part.items()}
        return [visit(value) for value in part] if isinstance(part, list) else part

    def replaced(name):
        return known.get(name.split(":")[-1], name) if isinstance(name, str) else name

    return visit(stored)
