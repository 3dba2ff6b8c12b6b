"""Typed errors share a base, and suggestions come from the nearest name."""

import cavity.errors as errors


def test_every_error_is_a_cavity_error():
    kinds = [value for value in vars(errors).values() if isinstance(value, type)]
    assert len(kinds) > 8 and all(issubclass(kind, errors.CavityError) for kind in kinds)


def test_the_nearest_name_is_suggested():
    assert errors.did_you_mean("nliv", ["nlive", "sample"]) == "; did you mean nlive?"


def test_nothing_is_suggested_for_a_word_unlike_all():
    assert errors.did_you_mean("zzz", ["nlive", "sample"]) == ""
