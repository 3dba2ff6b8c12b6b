"""Defaults, and which phases a phase sees."""

from cavity.config.models import StudyConfig


def phases(*entries):
    return StudyConfig.model_validate({"phases": [{"name": name, **keys} for name, keys in entries]})


def test_an_empty_file_is_a_study_with_one_ep_phase():
    config = StudyConfig()
    assert (config.study, config.datasets, config.seed) == ("study.py", "datasets.tsv", 1)
    (phase,) = config.phases
    assert (phase.name, phase.inference, phase.factor, phase.on_error) == ("main", "ep", "factor", "raise")
    assert phase.search.settings == {"name": "DynestyStatic", "nlive": 50}
    assert (phase.ep.tolerance, phase.ep.max_rounds, phase.ep.datasets_per_job) == (0.15, 12, "auto")


def test_a_search_keeps_its_own_settings():
    config = phases(("main", {"search": {"name": "Emcee", "nwalkers": 30}}))
    assert config.phase("main").search.settings == {"name": "Emcee", "nwalkers": 30}


def test_a_phase_sees_all_earlier_ones_unless_it_says_which():
    config = phases(("a", {}), ("b", {"after": []}), ("c", {"after": ["a"]}), ("d", {"after": ["c", "b"]}), ("e", {}))
    seen = {phase.name: config.earlier(phase.name) for phase in config.phases}
    assert seen == {"a": (), "b": (), "c": ("a",), "d": ("a", "b", "c"), "e": ("a", "b", "c", "d")}
