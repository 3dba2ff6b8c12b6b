"""Tables for a terminal."""

from cavity.posterior.printed import aligned, number, parameter_table, significant


def test_decimals_follow_the_error():
    assert significant(0.0123) == 4
    assert significant(12.3) == 1
    assert significant(1234.5) == 0
    assert significant(0.0) is None
    assert number(1.23456, 2) == "1.23"
    assert number(1.0, None) == "1"


def test_columns_are_aligned():
    statistics = {
        "population.mean": {"mean": 50.0, "sd": 0.5, "q16": 49.5, "q50": 50.0, "q84": 50.5},
        "x": {"mean": 1e4, "sd": 20.0, "q16": 9980.0, "q50": 1e4, "q84": 10020.0},
    }
    lines = parameter_table(statistics, units=("pixel", "")).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "population.mean [pixel]" in lines[2]
    assert aligned([("a", "b"), ("c", "d")]).splitlines()[1] == "----"
