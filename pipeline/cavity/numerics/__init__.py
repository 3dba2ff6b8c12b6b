"""Numerics: arrays in, arrays out, each idea once. Import from the file that it lives in.

``gaussian`` natural parameters; ``weights`` of weighted points; ``mixture`` densities and their fits; ``differences``;
``newton`` climbs to a mode; ``hmc`` chains; ``sobol`` points; ``types`` how a signature names an array.
"""
