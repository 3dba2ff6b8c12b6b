"""The axes of the grid searches and sensitivity maps of a phase, cut before anything is searched."""

from cavity.config.many import GridSearchConfig, SensitivityConfig
from cavity.errors import CavityError
from cavity.strategy import grid_phase, sensitivity_phase
from cavity.study.many import map_inputs


def check_axes(study, context, views):
    """The error of the first axis, of a grid search or a sensitivity map of this phase, that cannot be cut."""
    for part in study.config.derived.values():
        if isinstance(part, (GridSearchConfig, SensitivityConfig)) and part.phase == context.phase:
            try:
                _axes_of_all(study, part, context, views)
            except CavityError as error:
                raise type(error)(f"{study.path}: {part.name}: {error}") from error


def _axes_of_all(study, part, context, views):
    models = {view.dataset: view.model for view in views}
    if isinstance(part, SensitivityConfig):
        inputs = map_inputs(study, part, context, {})
        for fit in sensitivity_phase.fits_of(inputs, part):
            sensitivity_phase.axes_of(inputs, part, fit)
        return
    for fit in grid_phase.fits_of(context, part):
        if fit in models:
            grid_phase.axes_in(models[fit], part)
        elif fit == grid_phase.WHOLE:
            grid_phase.axes_of(context, part, fit)
