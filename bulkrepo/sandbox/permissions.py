"""Pure. Which organizations a caller may read, and which ones change."""

from bulkrepo.sandbox.messages import RefusedError, refusal
from bulkrepo.sandbox.state import READ, Organization, State


def organization(state: State, name: str) -> Organization:
    """
    Find an organization to read in.

    Another account's is forbidden. The documentation does not say whether one that does
    not exist is told from that, so it is a setting.
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
