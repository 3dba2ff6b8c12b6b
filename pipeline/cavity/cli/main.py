"""``cavity VERB ...``: finds the verb's module, and turns a user's error into one sentence and exit code 2."""

import argparse
import logging
import os
import signal
import sys
import traceback
from contextlib import contextmanager, suppress
from importlib import import_module

from cavity.errors import AccessError, CavityError, DamagedError, did_you_mean

VERBS = {
    "check": "say what a study fits, how it is shared, and what it will cost",
    "run": "fit every phase of a study in this process",
    "status": "say how far a study is: while a run goes on, after it was killed, when it is finished",
    "simulate": "write simulated datasets with a table and the truth",
    "search": "search the datasets of one shard in one round",
    "aggregate": "join the sites of one round",
    "decide": "say whether another round is needed",
    "summarise": "write summary.json and posterior.h5 of a round",
    "plot": "draw the plots of a round",
    "cells": "fit the cells of one shard of a grid search or a sensitivity map",
    "collect": "join the cells of a grid search or a sensitivity map",
    "combine": "compare or interpolate the results of phases",
    "draw": "draw the plots of a grid search, map, comparison or interpolation",
    "publish": "copy the last rounds' results to their fixed folders and print the shared parameters",
    "schema": "write the JSON schemas of a study's files",
}
INTERRUPTED = "cavity {}: interrupted; what is finished is kept, and the same command goes on from there"
_ROOMS = {
    "round_verbs": ("search", "aggregate", "decide", "summarise", "plot"),
    "part_verbs": ("cells", "collect", "combine", "draw"),
}  # modules with several verbs; any other verb has one of its own
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main(arguments=None):
    """Run one verb and return its exit code: 0, or with one sentence on stderr 2, and 130 where Ctrl-C ended it."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview())
        return 0
    if arguments[0] == "--version":
        from cavity import __version__

        print(f"cavity {__version__}")
        return 0
    verb = arguments[0]
    if verb not in VERBS:
        hint = did_you_mean(verb, VERBS) or f"; the verbs are {', '.join(VERBS)}"
        print(f"cavity: there is no verb {verb}{hint}", file=sys.stderr)
        return 2
    for name in _THREADS:  # numbers are bit-equal at one thread; a job is one thread of the workflow
        os.environ.setdefault(name, "1")
    try:
        return _run(verb, arguments[1:])
    except KeyboardInterrupt:  # while libraries are imported
        return interrupted(verb, lambda text: print(text, file=sys.stderr))


def _run(verb, arguments):
    module = _verb(verb)
    parser = argparse.ArgumentParser(prog=f"cavity {verb}", description=module.__doc__)
    parser.add_argument("--log", help="a file for progress and warnings; an error is printed as well")
    module.add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        with log_file(options.log) as say, plot_warnings(say):
            return run_verb(module, options, say)
    except AccessError as error:  # the log itself
        print(error, file=sys.stderr)
        return 2
    return 1  # an end that the log had no space for


def _verb(name):
    """What has a verb's ``add_arguments`` and ``run``: its module, or its class in a module of several."""
    room = next((room for room, verbs in _ROOMS.items() if name in verbs), None)
    if room is None:
        return import_module(f"cavity.cli.{name}")
    return getattr(import_module(f"cavity.cli.{room}"), name.capitalize())


def run_verb(module, options, say):
    """Run a verb and return its exit code; ``say`` prints a sentence."""
    try:
        module.run(options)
    except KeyboardInterrupt:
        return interrupted(module.__name__.rpartition(".")[2].lower(), say)
    except DamagedError as error:
        from cavity.study.damaged import put_aside

        say(put_aside(error))
        return 2
    except CavityError as error:
        say(error)
        return 2
    except BrokenPipeError:  # a reader such as head has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        say(AccessError(error))
        return 2
    except SystemExit as error:
        say(f"the study's code ends the process ({error!r}); raise an error instead")
        return 2
    except Exception as error:
        verb = module.__name__.rpartition(".")[2].lower()
        say(f"cavity {verb}: {type(error).__name__}: {error} (not foreseen; {options.log or 'below'} has more)")
        raise
    return 0


def interrupted(verb, say):
    """The end after Ctrl-C: one sentence, whatever else is pressed meanwhile."""
    with suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    say(INTERRUPTED.format(verb))
    return 130


@contextmanager
def log_file(path):
    """Standard error goes to a file, of this process and of libraries; yields what prints to both."""
    if path is None:
        yield lambda text: print(text, file=sys.stderr)
        return
    try:
        file = open(path, "w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise AccessError(error) from None
    terminal = os.dup(sys.stderr.fileno())

    def say(text):
        os.write(terminal, f"{text}\n".encode())
        with suppress(OSError):  # a log on a full disk
            print(text, file=sys.stderr)

    with suppress(OSError), file:
        os.dup2(file.fileno(), sys.stderr.fileno())
        try:
            yield say
        except Exception:
            traceback.print_exc()
            raise SystemExit(1) from None
        finally:
            with suppress(OSError):
                sys.stderr.flush()
            os.dup2(terminal, sys.stderr.fileno())
            os.close(terminal)


@contextmanager
def plot_warnings(say):
    """A plot that is missing is said like an error: the job ends well, and nobody reads the log of one that did."""
    logger, handler = logging.getLogger("cavity.plot"), logging.Handler(logging.WARNING)
    handler.emit = lambda record: say(record.getMessage())
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _overview():
    lines = [f"  {verb:<10} {what}" for verb, what in VERBS.items()]
    return "\n".join(["usage: cavity VERB ...", "", *lines, "", "cavity VERB --help says more about one"])
