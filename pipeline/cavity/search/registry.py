"""Every search by its name in a config file."""

from cavity.errors import SearchError, did_you_mean
from cavity.search.dynesty import DynestyDynamic, DynestyStatic
from cavity.search.emcee import Emcee
from cavity.search.laplace import Laplace
from cavity.search.nautilus import Nautilus
from cavity.search.optimisers import LBFGS, DifferentialEvolution
from cavity.search.search import PARTS
from cavity.search.ultranest import UltraNest

SEARCHES = {
    cls.__name__: cls
    for cls in (DynestyStatic, DynestyDynamic, UltraNest, Nautilus, Emcee, LBFGS, DifferentialEvolution, Laplace)
}


def search_from_dict(settings, defaults=None):
    """A search from a study's config: ``{"name": "DynestyStatic", "nlive": 50}``.

    Parameters
    ----------
    settings
        ``name`` is the search's class, the others its settings.
    defaults
        Settings by search name, ``{"DynestyStatic": {"nlive": 100}}``: taken where ``settings`` is silent.

    Raises
    ------
    SearchError
        No such search or setting; names the nearest one.
    """
    settings = dict(settings)
    name = settings.pop("name", None)
    if name not in SEARCHES:
        known = ", ".join(SEARCHES)
        raise SearchError(f"search.name is {name!r}; it must be one of {known}{did_you_mean(name, SEARCHES)}")
    settings = {**(defaults or {}).get(name, {}), **settings}
    for key, value in settings.items():
        if isinstance(value, dict) and value.get("name") in PARTS:
            nested = dict(value)
            settings[key] = PARTS[nested.pop("name")](**nested)
    return SEARCHES[name](**settings)
