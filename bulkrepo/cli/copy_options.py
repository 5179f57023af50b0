"""Wiring. Options of `handover`, which prepares image copying by another tool."""

import click

from bulkrepo.cli.options import F, stack

COPIERS = ("skopeo", "regsync", "image-syncer", "image-migrator")
"""Tools that copy images."""


def copying(command: F) -> F:
    """Add the options for where images are copied from and to."""
    return stack(
        click.option(
            "--from",
            "registry",
            metavar="HOST[/PATH]",
            help="Registry to pull from, for sources without a host.",
        ),
        click.option(
            "--hosts/--no-hosts",
            default=None,
            help="With --from: is a first segment such as ghcr.io a host?",
        ),
        click.option(
            "--to",
            metavar="HOST",
            help="Registry to push to.  [default: the ledger's region's]",
        ),
        click.option(
            "--output",
            type=click.Path(allow_dash=True),
            help="File to write; - is stdout.  [default: named after MAP and TOOL]",
        ),
        click.option("--ledger", type=click.Path(), help="[default: bulkrepo.db]"),
        click.option("--no-ledger", is_flag=True, help="Assume the whole map exists."),
    )(command)
