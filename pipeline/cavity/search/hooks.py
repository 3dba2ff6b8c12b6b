"""What a fit calls of an analysis, and how: looked at before a run, as some of it is first called at its end."""

import inspect

from cavity.errors import AnalysisError

#: Hook -> names of its positional and of its keyword arguments.
HOOKS = {
    "log_likelihood_function": (("instance",), ()),
    "log_likelihood_batch": (("arrays",), ()),
    "model_data": (("instance",), ()),
    "visualize": (("paths", "instance"), ()),
    "make_result": (("samples", "model"), ("search", "identity", "seed", "name")),
}


def check_hooks(analysis):
    """Every hook that an analysis has can be called as a fit calls it.

    Raises
    ------
    AnalysisError
        If one cannot; names it with its signature and with the call.
    """
    for name, (positional, keywords) in HOOKS.items():
        hook = getattr(analysis, name, None)
        if hook is None:
            continue
        where = f"{type(analysis).__name__}.{name}"
        if not callable(hook):
            raise AnalysisError(f"{where} is a {type(hook).__name__}; define it as a function")
        signature = refusing(hook, positional, keywords)
        if signature is not None:
            call = ", ".join((*positional, *(f"{key}=..." for key in keywords)))
            advice = "give it (self, samples, model, **origin)" if keywords else "define it with these arguments"
            raise AnalysisError(f"{where} takes {signature} and is called as {name}({call}); {advice}")


def refusing(function, positional, keywords=()):
    """The signature of a function that cannot take these arguments; None where it can, or has none to look at."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*positional, **dict.fromkeys(keywords))
    except TypeError:
        return signature
    return None
