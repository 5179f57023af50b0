"""Deletes and updates in an engine, on virtual time: read before each further try."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import groupby

import pytest
from msgspec import structs

from bulkrepo.core.outcomes import Claim, Outcome
from bulkrepo.engine.ratelimit import RateLimiter
from bulkrepo.engine.ratelimit.adaptive import AdaptiveRateLimiter
from bulkrepo.engine.ratelimit.fixed import FixedRateLimiter
from bulkrepo.engine.retrying import RetryLimits
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.messages import Request, Response, TransportFailure
from bulkrepo.swr.answers import Limit
from bulkrepo.swr.auth.token import Token
from bulkrepo.swr.operations import removal
from bulkrepo.swr.operations.conclusion import Flow
from tests.support.fakes import (
    ABSENT,
    BROKEN,
    BUSY,
    LOST,
    UNSENT,
    FakeClock,
    ListStore,
    ScriptedGateway,
    claims,
    error,
    shown,
    told,
)

THROTTLED = error(429, "APIGW.0308", "throttling threshold reached")
FORBIDDEN = error(403, "SVCSTG.SWR.4037017", "no permission")
GONE = Response(204, {})
MADE = FakeClock.EPOCH - 3600.0

Fault = tuple[Response | TransportFailure, bool]
"""An answer to a change, and whether that was carried out all the same."""
LATE = (LOST, True)


class Registry:
    """
    Repositories `r0`, `r1` ... that we made an hour ago, and somebody else.

    *fault* says what a change meets, by name and number of the try; None: nothing.
    Whoever *watches* makes a repository anew as soon as it is gone.
    """

    def __init__(
        self,
        rows: int,
        fault: Callable[[str, int], Fault | None],
        *,
        watched: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.there = {f"r{number}": MADE for number in range(rows)}
        self.theirs: set[str] = set()
        self.tries: Counter[str] = Counter()
        self._fault, self._watched = fault, watched

    def answer(
        self, request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        """Serve one request."""
        del headers
        name = told(request).split()[1]
        if request.method == "GET":
            return self._show(name)
        self.tries[name] += 1
        answer, done = self._fault(name, self.tries[name]) or (GONE, True)
        if done and self.there.pop(name, None) is None:
            answer = answer if answer is not GONE else ABSENT
        elif done and self._watched(name):
            self.there[name] = FakeClock.EPOCH
            self.theirs.add(name)
        return answer

    def _show(self, name: str) -> Response:
        if name not in self.there:
            return ABSENT
        made = datetime.fromtimestamp(self.there[name], UTC).isoformat()
        return shown(created=made)


class Undoing:
    """An engine that takes repositories back; `run` does, and gives what stopped it."""

    def __init__(
        self,
        registry: Registry,
        *,
        limits: RetryLimits | None = None,
        rate: RateLimiter | None = None,
        answer: Callable[..., Response | TransportFailure] | None = None,
    ) -> None:
        self.clock = FakeClock()
        answer = answer or registry.answer
        self.gateway = ScriptedGateway(answer, clock=self.clock)
        made = (MADE - 0.1, MADE + 0.1)
        rows = [structs.replace(row, made=made) for row in claims(len(registry.there))]
        self._store = ListStore(rows)
        limits = limits or RetryLimits(concurrency=8)
        self._engine = Engine(
            self.gateway,
            Token("SWR_TOKEN", lambda: "token-t0"),
            rate or FixedRateLimiter(Limit(1_000_000, 1.0)),
            self._store,
            clock=self.clock,
            limits=structs.replace(limits, reads_vouch=True),
            flow=_undo,
        )

    async def run(self) -> str | None:
        """Run to the end."""
        stop = await self._engine.run()
        return None if stop is None else stop.reason

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Give what became of each repository."""
        return {f"r{number}": row for number, row in self._store.outcomes.items()}

    def about(self, name: str) -> list[str]:
        """Give the methods of the requests about a repository."""
        return [
            said.split()[0] for said in self.gateway.sent if said.endswith(f" {name}")
        ]

    def tried(self, name: str) -> list[float]:
        """Give when deletes of a repository left."""
        deletes = zip(self.gateway.sent, self.gateway.starts, strict=True)
        return [at for said, at in deletes if said == f"DELETE {name}"]


def _undo(claim: Claim) -> Flow:
    return removal.undo(claim.namespace, claim.repository, made=claim.made)


def only(row: str, *faults: Fault) -> Callable[[str, int], Fault | None]:
    """Let *row* meet *faults*, one a try, and nobody else any."""

    def fault(name: str, number: int) -> Fault | None:
        return faults[number - 1] if name == row and number <= len(faults) else None

    return fault


@pytest.mark.parametrize("reply", [LOST, BROKEN], ids=["lost", "5xx"])
@pytest.mark.parametrize(
    ("done", "asked"),
    [(True, ["GET", "DELETE", "GET"]), (False, ["GET", "DELETE"] * 2)],
    ids=["carried-out", "not"],
)
async def test_a_delete_that_may_have_been_carried_out_is_read_first(
    reply: Response | TransportFailure, asked: list[str], *, done: bool
) -> None:
    """What is gone is removed, what is still there is deleted again."""
    undoing = Undoing(Registry(3, only("r1", (reply, done))))

    assert await undoing.run() is None
    assert undoing.about("r1") == asked
    assert {row.outcome for row in undoing.outcomes.values()} == {"removed"}
    assert all(row.certain for row in undoing.outcomes.values())


async def test_what_somebody_makes_in_the_gap_is_not_deleted() -> None:
    """Our first delete was carried out, its reply lost, and the name taken anew."""
    registry = Registry(3, only("r1", LATE), watched=lambda name: name == "r1")
    undoing = Undoing(registry)

    assert await undoing.run() is None
    assert set(registry.there) == {"r1"} == registry.theirs
    outcome = undoing.outcomes["r1"]
    assert (outcome.outcome, outcome.certain) == ("kept", False)
    assert "somebody made it anew" in (outcome.reason or "")
    assert "may have removed ours" in (outcome.evidence or "")
    assert undoing.about("r1") == ["GET", "DELETE", "GET"]


@pytest.mark.parametrize("trouble", [BUSY, UNSENT], ids=["busy", "unsent"])
async def test_a_delete_that_was_certainly_not_carried_out_is_sent_again(
    trouble: Response | TransportFailure,
) -> None:
    """Nobody can have made anew what we have not removed. Not so after a lost reply."""
    plain = Undoing(Registry(3, only("r1", (trouble, False))))
    doubted = Undoing(Registry(3, only("r1", (LOST, False), (trouble, False))))

    assert await plain.run() is None
    assert await doubted.run() is None
    assert plain.about("r1") == ["GET", "DELETE", "DELETE"]
    steps = [name for name, _ in groupby(doubted.about("r1"))]  # probes read as well
    assert steps == ["GET", "DELETE"] * 3
    assert doubted.about("r1").count("DELETE") == 3


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("bad", [0, 20, 39], ids=["first", "middle", "last"])
async def test_tries_of_a_delete_are_used_up_when_the_service_is_healthy(
    bad: int, concurrency: int
) -> None:
    """It is read before and after each, and fails for itself."""

    def fault(name: str, number: int) -> Fault | None:
        del number
        return (BROKEN, False) if name == f"r{bad}" else None

    undoing = Undoing(Registry(40, fault), limits=RetryLimits(concurrency=concurrency))

    assert await undoing.run() is None
    outcome = undoing.outcomes[f"r{bad}"]
    assert (outcome.outcome, outcome.status) == ("failed", 500)
    assert outcome.evidence == "read afterwards: it is still there"
    asked = undoing.about(f"r{bad}")
    assert asked.count("DELETE") == 5
    assert "DELETE DELETE" not in " ".join(asked)
    assert asked[-1] == "GET"
    others = [row for name, row in undoing.outcomes.items() if name != f"r{bad}"]
    assert {row.outcome for row in others} == {"removed"}


async def test_tries_of_a_delete_are_further_and_further_apart() -> None:
    """Reading in between does not begin the back-off anew."""

    def fault(name: str, number: int) -> Fault | None:
        del number
        return (BROKEN, False) if int(name[1:]) % 10 == 0 else None

    undoing = Undoing(Registry(400, fault), limits=RetryLimits(concurrency=64))

    assert await undoing.run() is None
    tried = [undoing.tried(f"r{number}") for number in range(0, 400, 10)]
    assert {len(at) for at in tried} == {5}
    gaps = [
        sum(at[number + 1] - at[number] for at in tried) / len(tried)
        for number in range(4)
    ]
    # Half a second, one, two and four on average, and what reading costs.
    assert gaps[0] < gaps[1] < gaps[2] < gaps[3]
    assert gaps[3] > 4 * gaps[0] > 1.0


async def test_a_delete_that_is_only_throttled_comes_to_an_end() -> None:
    """As reads go well, patience would not end it: after a lost reply it counts."""

    def fault(name: str, number: int) -> Fault | None:
        if name != "r1":
            return None
        return (LOST, False) if number == 1 else (THROTTLED, False)

    undoing = Undoing(Registry(3, fault), rate=AdaptiveRateLimiter())

    assert await undoing.run() is None
    outcome = undoing.outcomes["r1"]
    assert (outcome.outcome, outcome.status) == ("failed", 429)
    assert undoing.about("r1").count("DELETE") == 6  # the last finds five used up


@pytest.mark.parametrize("concurrency", [1, 64])
@pytest.mark.parametrize(
    "trouble", [BROKEN, LOST, UNSENT], ids=["5xx", "lost", "unsent"]
)
@pytest.mark.parametrize("reads", [False, True], ids=["all-out", "reads-go-well"])
async def test_an_outage_in_an_undo_removes_nothing_unread(
    trouble: Response | TransportFailure, concurrency: int, *, reads: bool
) -> None:
    """Five minutes out cost no row; where reads go well, it is the rows' own fault."""
    registry = Registry(100, lambda *_: None)

    def answer(
        request: Request, headers: Mapping[str, str]
    ) -> Response | TransportFailure:
        out = 2 < undoing.clock.elapsed < 302
        if out and not (reads and request.method == "GET"):
            return trouble
        return registry.answer(request, headers)

    undoing = Undoing(
        registry,
        limits=RetryLimits(concurrency=concurrency),
        rate=FixedRateLimiter(Limit(10, 1.0)),
        answer=answer,
    )

    assert await undoing.run() is None
    counts = Counter(f"{row.outcome}" for row in undoing.outcomes.values())
    assert counts["removed"] + counts["failed"] == 100
    assert bool(counts["failed"]) == reads
    for name, row in undoing.outcomes.items():
        assert (name in registry.there) == (row.outcome == "failed")
        unread = "DELETE DELETE" in " ".join(undoing.about(name))
        assert not unread or trouble is UNSENT
        assert len(undoing.tried(name)) < 20 or not reads


FAULTS: list[Fault | None] = [
    *[None] * 4,
    *[(reply, done) for reply in (LOST, BROKEN) for done in (True, False)] * 2,
    (BUSY, False),
    (UNSENT, False),
    (THROTTLED, False),
    (FORBIDDEN, False),
]


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_goes_wrong_nothing_of_others_is_removed(seed: int) -> None:
    """What is said to be removed was, of ours, and what is kept is theirs."""
    chance = random.Random(seed)
    registry = Registry(
        120,
        lambda *_: chance.choice(FAULTS),
        watched=lambda _: chance.random() < 0.5,
    )
    undoing = Undoing(
        registry,
        limits=RetryLimits(concurrency=1 + 4 * seed, max_attempts=3),
        rate=AdaptiveRateLimiter(),
    )

    assert await undoing.run() is None
    assert registry.theirs <= set(registry.there)
    assert registry.theirs
    found = Counter[str]()
    for name, row in undoing.outcomes.items():
        found[row.outcome] += 1
        if row.outcome == "kept":
            assert name in registry.theirs
            assert not row.certain
        elif row.outcome == "failed":
            assert name not in registry.theirs
            assert registry.there[name] == MADE
        else:
            assert row.outcome == "removed"
            # Removed it was; who took the name after our answer is nobody's doubt.
            assert registry.there.get(name) != MADE
    assert {"removed", "kept", "failed"} == set(found)
