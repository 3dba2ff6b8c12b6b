"""Running a study.py: by path, under a name of its own, with the modules beside it in reach."""

import os
import sys
import traceback
from contextlib import contextmanager, nullcontext
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from cavity.errors import CavityError, StudyError

PRIORS = "priors.yaml"


def sources(path):
    """study.py, every Python file beside or below it and priors.yaml, in a fixed order: what a study's code is."""
    folder = Path(path).parent
    beside = [folder / PRIORS] if (folder / PRIORS).is_file() else []
    return tuple(sorted({Path(path), *beside, *_modules_below(folder, frozenset())}))


def _modules_below(folder, above):
    """Python files in a folder and in those below it, links to folders followed, but not into themselves."""
    above = above | {folder.resolve()}
    for entry in os.scandir(folder):
        path = folder / entry.name
        if entry.name.startswith((".", "__pycache__")):
            continue
        if entry.name.endswith(".py") and entry.is_file():
            yield path
        elif entry.is_dir() and path.resolve() not in above:
            yield from _modules_below(path, above)


def default_priors_beside(path):
    """A context in which models get the default priors of the priors.yaml beside ``path``, if there is one."""
    from cavity.model import default_priors

    file = Path(path).parent / PRIORS
    return default_priors(file) if file.is_file() else nullcontext()


def module_file(path):
    """The path of a study.py, or a StudyError where there is none."""
    path = Path(path)
    if not path.is_file():
        raise StudyError(f"{path}: no such file; the key study of config.yaml names the Python file of the model")
    return path


def load_module(path, name):
    """Run a study.py.

    Parameters
    ----------
    path
        The file.
    name
        The module's name in ``sys.modules``; classes defined in the file carry it.

    Returns
    -------
    The module.

    Raises
    ------
    StudyError
        If there is no such file, or it raises; an error of this package keeps its type and gains the file and line.
    """
    path = module_file(path)
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    sys.modules[name] = module
    os.environ.setdefault("JAX_ENABLE_X64", "1")  # where the file imports it: its arrays are made right away
    with modules_beside(path), located(path):
        spec.loader.exec_module(module)
    return module


@contextmanager
def modules_beside(path):
    """Imports find the modules beside ``path`` first, and sys.path is afterwards what it was.

    Another study's module of the same name is put aside meanwhile, so two studies may both have a ``profiles.py``.
    """
    folder = Path(path).resolve().parent
    names = {file.stem for file in folder.glob("*.py")} | {file.parent.name for file in folder.glob("*/__init__.py")}
    names.discard(Path(path).stem)
    aside = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in names}
    own = _OWN.setdefault(folder, {})
    sys.modules.update(own)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        own.update({name: module for name, module in sys.modules.items() if name.partition(".")[0] in names})
        sys.modules.update(aside)


_OWN: dict[Path, dict] = {}


@contextmanager
def located(path, what=""):
    """Errors of a user's code as one sentence with file and line."""
    try:
        yield
    except CavityError as error:
        raise type(error)(f"{_place(path, error)}: {what}{error}") from error
    except SyntaxError as error:
        raise StudyError(f"{error.filename}, line {error.lineno}: {error.msg}") from error
    except SystemExit as error:
        place = _place(path, error)
        raise StudyError(f"{place}: {what}it ends the process ({error!r}); raise an error instead") from error
    except Exception as error:
        raise StudyError(f"{_place(path, error)}: {what}{type(error).__name__}: {error}") from error


def _place(path, error):
    """The last line of the user's own files in a traceback."""
    folder = Path(path).resolve().parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).resolve().is_relative_to(folder):
            return f"{frame.filename}, line {frame.lineno}"
    return str(path)
