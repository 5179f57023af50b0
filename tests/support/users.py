"""Other users of the machine, as far as a test can have any."""

import os
from pathlib import Path

import pytest

NOBODY = 65534
"""The id of a user who is not us."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes others' links")


def plant(link: Path, target: Path) -> None:
    """Make *link* to *target* as if another user had."""
    link.symlink_to(target)
    os.lchown(link, NOBODY, NOBODY)
