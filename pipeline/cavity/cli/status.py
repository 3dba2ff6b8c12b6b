"""Say where a study stands, from its files alone: while a run goes on, after it was killed, when it is finished."""

from cavity.cli.inputs import add_study, read_study


def add_arguments(parser):
    add_study(parser)


def run(options):
    from cavity.study.standings import status

    print(status(read_study(options)))
