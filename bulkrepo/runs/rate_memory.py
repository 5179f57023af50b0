"""Wiring. The rate control of a run, and what the ledger keeps of it for the next."""

import asyncio
import time
from contextlib import suppress

import msgspec

from bulkrepo.core.errors import LedgerError
from bulkrepo.engine import ratelimit
from bulkrepo.engine.ratelimit import history
from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.ratelimit.history import LearnedRate, RequestHistory
from bulkrepo.ledger.ledger import Ledger
from bulkrepo.ledger.thread import LedgerThread
from bulkrepo.runs.settings import Settings


def starts(ledger: Ledger, settings: Settings) -> list[float]:
    """
    Give when an earlier process sent what windows may still count (monotonic).

    Ask before the lists are loaded: that clears away what came before.
    """
    known = ledger.recall("sent")
    try:
        found = (
            None if known is None else msgspec.json.decode(known, type=RequestHistory)
        )
    except msgspec.DecodeError:
        found = None  # another version's
    if found is None or found.endpoint != settings.endpoint:
        return []
    settled, lost = ledger.sent_since(found.at)
    now = time.monotonic()
    return history.starts(found, settled, lost, now=now, time=time.time())


def control(
    ledger: Ledger, settings: Settings, sent: list[float]
) -> AdaptiveRateLimiter | FixedRateLimiter:
    """Begin where the last run to this endpoint ended, if the rate is ours to find."""
    found = ledger.recall("rate")
    try:
        learnt = None if found is None else msgspec.json.decode(found, type=LearnedRate)
    except msgspec.DecodeError:
        learnt = None  # another version's: found again in a second
    control = ratelimit.control(ratelimit.parse(settings.rate), learnt, sent)
    keep(ledger, settings, control, ended=False)
    return control


def keep(
    ledger: Ledger,
    settings: Settings,
    control: AdaptiveRateLimiter | FixedRateLimiter,
    *,
    ended: bool,
) -> None:
    """Keep what *control* knows; *ended*: and nothing more will be sent."""
    now = time.monotonic()
    sent = history.kept(
        control.starts(now),
        endpoint=settings.endpoint,
        now=now,
        time=time.time(),
        ended=ended,
    )
    ledger.remember("sent", msgspec.json.encode(sent).decode())
    if isinstance(control, AdaptiveRateLimiter):
        ledger.remember("rate", msgspec.json.encode(control.learnt()).decode())


async def keeping(
    ledger: LedgerThread,
    settings: Settings,
    control: AdaptiveRateLimiter | FixedRateLimiter,
) -> None:
    """Keep it now and then, until cancelled: who is killed has no last word."""
    while True:
        await asyncio.sleep(history.PERIOD)
        with suppress(LedgerError):  # the engine meets it as well, and says so
            await ledger.do(keep, settings, control, ended=False)
