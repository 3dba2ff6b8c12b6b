"""What a collection becomes when its parameters have values."""


class Instance:
    """Parts as attributes (``instance.gaussian.centre``), by position (``instance[0]``) and in a loop."""

    def __init__(self, names, values):
        self.__dict__.update(zip(names, values, strict=True))

    def __getitem__(self, key):
        return list(self.__dict__.values())[key] if isinstance(key, (int, slice)) else self.__dict__[key]

    def __iter__(self):
        return iter(self.__dict__.values())

    def __len__(self):
        return len(self.__dict__)

    def __repr__(self):
        return f"Instance({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"
