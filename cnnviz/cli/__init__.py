"""Command-line verbs, one module for each; `entry` says how a verb is carried out.

A verb lives in a module of its own: `add` describes its arguments, `run` yields the text for standard output.
Progress, notes and errors go to standard error, so that a program can read the rest.
"""

from cnnviz.cli.entry import main

__all__ = ["main"]
