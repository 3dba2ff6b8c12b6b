"""Sensitivity maps: the jobs of a grid search, with two fits of simulated data in every cell."""


use rule grid_cells as sensitivity_cells with:
    wildcard_constraints:
        run=PARTS.run_pattern("sensitivity"),


use rule grid_collect as sensitivity_collect with:
    wildcard_constraints:
        run=PARTS.run_pattern("sensitivity"),


use rule grid_plot as sensitivity_plot with:
    wildcard_constraints:
        run=PARTS.run_pattern("sensitivity"),
