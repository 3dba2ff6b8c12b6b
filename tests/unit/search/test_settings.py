import pytest

from cavity.errors import SearchError
from cavity.search import SEARCHES, DynestyStatic, UltraNest


@pytest.mark.parametrize("search", SEARCHES.values(), ids=list(SEARCHES))
def test_an_unknown_setting_names_the_search_and_the_nearest(search):
    known = [key for key in search().settings() if key != "name"][0]
    wrong = known[:-1] + "_"
    with pytest.raises(SearchError, match=f"{wrong}: no such setting of {search.__name__}; did you mean {known}?"):
        search(**{wrong: 3})


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"nlive": 1}, "DynestyStatic.nlive is 1; it must be a whole number, at least 2"),
        ({"nlive": 50.5}, "DynestyStatic.nlive is 50.5"),
        ({"nlive": True}, "DynestyStatic.nlive is True"),
        ({"nlive": None}, "DynestyStatic.nlive is None"),
        ({"dlogz": 0}, "DynestyStatic.dlogz is 0; it must be above 0"),
        ({"dlogz": "1_0"}, "DynestyStatic.dlogz is '1_0'; it must be a plain decimal number above 0"),
        ({"facc": 1.5}, "DynestyStatic.facc is 1.5; it must be above 0 and at most 1"),
        ({"sample": "rwak"}, "did you mean rwalk?"),
    ],
)
def test_a_wrong_value_is_named_when_the_search_is_made(settings, said):
    with pytest.raises(SearchError) as caught:
        DynestyStatic(**settings)
    assert said in str(caught.value)


def test_none_is_allowed_where_it_is_the_default():
    assert DynestyStatic(dlogz=None, walks=None).dlogz is None


def test_settings_are_taken_by_name_only():
    with pytest.raises(SearchError, match="by name"):
        DynestyStatic(50)


def test_a_search_cannot_be_changed_afterwards():
    with pytest.raises(AttributeError):
        UltraNest().nsteps = 3


def test_the_signature_shows_the_settings():
    import inspect

    assert "nlive" in inspect.signature(DynestyStatic).parameters
