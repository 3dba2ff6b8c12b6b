"""Interpolation: a phase's parameters between its datasets, over a column of the table."""


use rule compare as interpolate with:
    wildcard_constraints:
        run=PARTS.run_pattern("interpolate"),


use rule compare_plot as interpolate_plot with:
    wildcard_constraints:
        run=PARTS.run_pattern("interpolate"),
