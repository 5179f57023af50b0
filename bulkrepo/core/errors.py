"""
The errors that stop a run.

    BulkrepoError             70  a bug
    ├── InputError             2  a list cannot be read or used
    ├── SettingsError          2  options or environment that make no sense
    ├── StoppedError           3  credential, endpoint, patience, deadline, failures
    ├── LedgerError            4  the ledger or a report cannot be written
    └── LockedError           75  another run holds the ledger

An item fails as a value (`Outcome`, `Rejected`); only what must stop the run is an
exception.
"""

from typing import ClassVar


class BulkrepoError(Exception):
    """Something that stops a run; *exit_code* is what the command line returns."""

    exit_code: ClassVar[int] = 70


class InputError(BulkrepoError):
    """A list cannot be read or used."""

    exit_code = 2


class SettingsError(BulkrepoError):
    """Options or environment that make no sense, alone or together."""

    exit_code = 2


class StoppedError(BulkrepoError):
    """The run cannot go on: credential, endpoint, deadline or too many failures."""

    exit_code = 3


class LedgerError(BulkrepoError):
    """The ledger or a report cannot be written or read."""

    exit_code = 4


class LockedError(BulkrepoError):
    """Another run holds the ledger."""

    exit_code = 75
