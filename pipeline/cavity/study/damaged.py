"""A damaged result is put aside, so that the step that makes it runs again."""

import os
import shutil

from cavity.errors import DamagedError

ASIDE = ".damaged"


def put_aside(error: DamagedError) -> str:
    """Rename what is damaged, so that the same command makes it again; the sentence that says so.

    Where it cannot be renamed, the sentence of the error itself.
    """
    target = error.path.with_name(error.path.name + ASIDE)
    try:
        shutil.rmtree(target, ignore_errors=True)
        os.replace(error.path, target)
    except OSError:
        return str(error)
    again = "the same command makes it again where it is needed"
    return f"{error.path}: {error.what}; put aside as {target.name}, and {again}"
