"""Streams of random numbers: one seed, a stream of its own for every purpose."""

from cavity.rng import generator, seed_sequence


def numbers(*keys):
    return generator(*keys).random(3).tolist()


def test_equal_keys_give_equal_numbers():
    assert numbers(1, "main", "d07", 2) == numbers(1, "main", "d07", 2)


def test_every_key_matters_and_so_does_their_order():
    streams = [numbers(*keys) for keys in [(1, "a", "b"), (2, "a", "b"), (1, "b", "a"), (1, "a"), (1, "a", "b", 0)]]
    assert len({tuple(s) for s in streams}) == len(streams)


def test_a_number_is_not_its_text():
    assert seed_sequence(1, 2).entropy != seed_sequence(1, "2").entropy
