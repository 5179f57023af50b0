"""
Pure. Conversations with SWR as generators: yield a request, be sent what was heard.

The engine drives them and knows none; they decide and never wait.
"""

from bulkrepo.flows.common import Conclusion, Flow, Heard, drift, judged
from bulkrepo.flows.creating import change, create
from bulkrepo.flows.looking import plan, planned, proven, verify
from bulkrepo.flows.surveying import (
    Extent,
    Page,
    Survey,
    Surveyed,
    survey,
    worth_it,
)
from bulkrepo.flows.undoing import undo

__all__ = [
    "Conclusion",
    "Extent",
    "Flow",
    "Heard",
    "Page",
    "Survey",
    "Surveyed",
    "change",
    "create",
    "drift",
    "judged",
    "plan",
    "planned",
    "proven",
    "survey",
    "undo",
    "verify",
    "worth_it",
]
