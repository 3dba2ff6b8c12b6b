"""YAML as it is written: plain decimal numbers, and no key twice."""

import re

_WHOLE = r"[-+]?(?:0|[1-9][0-9]*)"
_NUMBERS = {
    "int": rf"{_WHOLE}$",
    "float": rf"(?:(?:{_WHOLE}(?:\.[0-9]*)?|[-+]?\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf)|\.(?:nan|NaN))$",
}


def plain_number(value):
    """1e-4, which other readers of YAML leave a text, as a number; else the value."""
    is_number = isinstance(value, str) and "e" in value.lower() and re.match(_NUMBERS["float"], value)
    return float(value) if is_number else value


def load_yaml(text):
    """The content of a YAML text.

    YAML 1.1 reads 010 as 8, 1_0 as 10, 1:30 as 90 and 1e-1 as text; here only the last is a number.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, a key is there twice (the last one would win), or a key is no word.
    """
    return _loader()(text).get_single_data()


def _loader():
    """PyYAML's safe loader with other rules for numbers and keys."""
    import yaml

    class PlainLoader(yaml.SafeLoader):
        yaml_implicit_resolvers = {
            first: [rule for rule in rules if rule[0].rpartition(":")[2] not in _NUMBERS]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def compose_mapping_node(self, anchor):
            node = super().compose_mapping_node(anchor)
            seen = set()
            for key, _ in node.value:
                problem = f"the key {key.value} is there twice"
                if not isinstance(key, yaml.ScalarNode):
                    problem = "a key is a list or a mapping; keys are words"
                elif (key.tag, key.value) not in seen:
                    seen.add((key.tag, key.value))
                    continue
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            return node

    for name, pattern in _NUMBERS.items():
        PlainLoader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(pattern), list("-+.0123456789"))
    return PlainLoader
