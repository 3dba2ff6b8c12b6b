"""The command line: one thin verb a rule of the workflow, and the few that a person types."""

from cavity.cli.main import main

__all__ = ["main"]
