"""Wiring. The command line as typed, from which the next one is built."""

from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from bulkrepo.cli.next_command import CommandLine
from bulkrepo.core.text import quote, word


def typed(group: click.Group, command: str, lists: Sequence[str]) -> CommandLine:
    """Return what was typed as *command* of *group*, now running, with *lists*."""
    context = click.get_current_context()
    told = {}
    for option in _options(context.command):
        name = option.name or ""
        source = context.get_parameter_source(name)
        value = context.params.get(name)
        default = option.get_default(context)
        if source is ParameterSource.COMMANDLINE and value != default:
            told[name] = " ".join(_words(option, value))
    return CommandLine(
        command=command,
        lists=tuple(lists),
        options=told,
        takes={
            name: frozenset(option.name or "" for option in _options(each))
            for name, each in group.commands.items()
        },
    )


def _options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def _words(option: click.Option, value: Any) -> list[str]:
    short, long = option.opts[0], option.opts[-1]
    if option.is_flag:
        return [short]
    words = []
    for each in value if option.multiple else (value,):
        text = str(each)
        if isinstance(option.type, click.Path):
            words.append(f"{short} {quote(text)}")
        elif text.startswith("-"):
            words.append(f"{long}={word(text)}")  # else it would be an option itself
        else:
            words.append(f"{short} {word(text)}")
    return words
