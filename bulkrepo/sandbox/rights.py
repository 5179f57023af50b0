"""Pure. Which organizations a caller reaches, and what for."""

from bulkrepo.sandbox.exchange import RefusedError, refusal
from bulkrepo.sandbox.state import READ, Organization, State


def organization(state: State, name: str) -> Organization:
    """
    Find an organization to read in.

    What belongs to another account is forbidden; the documentation does not say
    whether the service tells that from what is not there, so it is a setting.
    """
    taken = name in state.settings.taken
    known = None if taken else state.organization(name)
    if known is None:
        hidden = taken or state.settings.discreet
        raise RefusedError(refusal(4037017 if hidden else 4040058))
    return known


def writable(state: State, name: str) -> Organization:
    """Find an organization to change something in."""
    known = organization(state, name)
    if known.auth == READ:
        raise RefusedError(refusal(4037017))
    return known
