"""Which attributes the indexed fits have, and what a comparison with one of them is in SQL."""

from cavity.database.attribute import OPERATORS
from cavity.database.index import COLUMNS
from cavity.errors import ResultError, did_you_mean

_WITH_A_PATH = {"dataset": "covariates", "search": "settings"}


class Catalogue:
    """The attributes of an index.

    A path is, in this order: a property of the fit (``log_evidence``, ``dataset``), a column of the dataset's row
    (``dataset.time``), a setting of the search (``search.nlive``), a parameter or fixed value of the model
    (``gaussian.sigma``), a component (``lens.bulge``), or again a column by its bare name (``time``).
    """

    def __init__(self, connection):
        self.connection = connection
        self.paths = {table: self._paths(table) for table in ("values", "classes", "covariates", "settings")}

    def _paths(self, table):
        return {path for (path,) in self.connection.execute(f'SELECT DISTINCT path FROM "{table}"')}

    def names(self):
        """Every path that a query can use, sorted."""
        found = {*COLUMNS, *self.paths["values"], *self.paths["covariates"], *filter(None, self.paths["classes"])}
        found |= {f"{first}.{path}" for first, table in _WITH_A_PATH.items() for path in self.paths[table]}
        return sorted(found)

    def table_of(self, path):
        """(table, path in it); the table of a property of the fit is ``fits``.

        Raises
        ------
        ResultError
            If no fit has such an attribute; the sentence has the nearest one.
        """
        first, rest, dotted = path[0], ".".join(path[1:]), ".".join(path)
        if len(path) == 1 and first in COLUMNS:
            return "fits", first
        if rest and first in _WITH_A_PATH and rest in self.paths[_WITH_A_PATH[first]]:
            return _WITH_A_PATH[first], rest
        if path == ("search",):
            return "settings", "name"
        for table in ("values", "classes", "covariates"):
            if dotted in self.paths[table]:
                return table, dotted
        raise ResultError(f"no fit has an attribute {dotted}{did_you_mean(dotted, self.names())}")

    def exists(self, path):
        """SQL: the fit has the attribute."""
        table, inner = self.table_of(path)
        if table == "fits":
            return f"fits.{inner} IS NOT NULL", ()
        return f'EXISTS (SELECT 1 FROM "{table}" t WHERE t.fit = fits.id AND t.path = ?)', (inner,)

    def compare(self, path, operator, value):
        """SQL: the attribute compares so with the value; a fit without the attribute never does, but for ``!=``."""
        if isinstance(value, (tuple, list)):
            return self._compare_tuple(path, operator, value)
        if isinstance(value, type):
            return self._compare_class(path, operator, value)
        table, inner = self.table_of(path)
        if value is None:
            text, values = self.exists(path)
            return (f"(NOT {text})" if operator == "==" else text), values
        if isinstance(value, bool):
            value = int(value)
        elif not isinstance(value, str):
            value = float(value)
        if table == "fits":
            return f"fits.{inner} {OPERATORS[operator]} ?", (value,)
        if operator == "!=":
            text, values = self.compare(path, "==", value)
            return f"(NOT {text})", values
        column = "t.qualname" if table == "classes" else "t.value"
        same_kind = f"(typeof({column}) = 'text') = {int(isinstance(value, str))}"  # SQLite: text is above numbers
        where = f"t.fit = fits.id AND t.path = ? AND {column} {OPERATORS[operator]} ? AND {same_kind}"
        return f'EXISTS (SELECT 1 FROM "{table}" t WHERE {where})', (inner, value)

    def _compare_class(self, path, operator, cls):
        dotted = ".".join(path)
        if dotted not in self.paths["classes"]:
            known = [name for name in self.paths["classes"] if name]
            raise ResultError(f"no fit has a component {dotted}{did_you_mean(dotted, known)}")
        text = "EXISTS (SELECT 1 FROM classes t WHERE t.fit = fits.id AND t.path = ? AND t.qualname = ? AND {})"
        values = [dotted, cls.__qualname__]
        if _is_lasting(cls.__module__):
            text = text.format("(t.module = ? OR t.module = '__main__' OR t.module LIKE 'cavity_study_%')")
            values.append(cls.__module__)
        else:
            text = text.format("1")
        return (text if operator == "==" else f"(NOT {text})"), tuple(values)

    def _compare_tuple(self, path, operator, value):
        """A tuple parameter: ``agg.lens.centre == (0.0, 0.0)`` compares centre.centre_0 and centre.centre_1."""
        parts = [self.compare((*path, f"{path[-1]}_{k}"), "==", item) for k, item in enumerate(value)]
        text = " AND ".join(part for part, _ in parts) or "1"
        values = tuple(item for _, items in parts for item in items)
        return (f"({text})" if operator == "==" else f"(NOT ({text}))"), values


def _is_lasting(module):
    """Whether a module has the same name in every process: not a notebook, not a study's own file."""
    return module != "__main__" and not module.startswith("cavity_study_")
