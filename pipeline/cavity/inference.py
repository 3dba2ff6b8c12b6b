"""The ways to infer a phase, and the decisions about a round, that more than one module asks for by name."""

SEQUENTIAL = "sequential"
ONE_BY_ONE = ("independent", SEQUENTIAL)  # every dataset has a fit, and an evidence, of its own
GOES_ON = ("pilot", "refresh")  # decisions that ask for another round
