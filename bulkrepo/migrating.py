"""Wiring. Options of what hands a registry's images to a tool that copies them."""

import click

from bulkrepo.options import F, stack

COPIERS = ("skopeo", "regsync", "image-syncer", "image-migrator")
"""Tools that copy images."""


def copying(command: F) -> F:
    """Give a command what decides where images are copied from and to."""
    return stack(
        click.option(
            "--from",
            "registry",
            metavar="HOST[/PATH]",
            help="Registry to pull from, for sources that carry no host.",
        ),
        click.option(
            "--hosts/--no-hosts",
            default=None,
            help="With --from: whether a first segment such as ghcr.io is a host.",
        ),
        click.option(
            "--to",
            metavar="HOST",
            help="Registry to push to.  [default: that of the ledger's region]",
        ),
        click.option(
            "--output",
            type=click.Path(allow_dash=True),
            help="Of the tool's file; - is stdout.  [default: after MAP and TOOL]",
        ),
        click.option("--ledger", type=click.Path(), help="[default: bulkrepo.db]"),
        click.option("--no-ledger", is_flag=True, help="All of the map is there."),
    )(command)
