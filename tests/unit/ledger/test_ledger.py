"""No order of turns, crashes and stops loses a row."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from bulkrepo.core.outcomes import Claim, Outcome, Verdict
from bulkrepo.core.rows import Doubt
from bulkrepo.ledger.ledger import Ledger
from tests.support.boxes import REAL
from tests.support.ledgers import Ticks, checked, finish, load, made, reported, work_off

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 4)),
        st.tuples(st.just("settle"), st.integers(0, 3)),
        st.tuples(st.just("give back"), st.just(0)),
        st.tuples(st.just("crash"), st.just(0)),
        st.tuples(st.just("stop"), st.just(0)),
    ),
    max_size=25,
)


class Story:
    """One ledger through takes, outcomes, crashes and stops, and what must hold."""

    def __init__(self, path: Path, names: list[str]) -> None:
        self.path, self.lines, self.clock = path, checked(*names), Ticks()
        self.settled: dict[str, str] = {}
        self.tried: set[str] = set()
        self.out: list[Claim] = []
        self.open()

    def open(self) -> None:
        """Open the ledger and load the same lists."""
        self.out = []
        self.ledger = Ledger(str(self.path), now=self.clock)
        self.loaded = load(self.ledger, self.lines, digest="same")

    def step(self, what: str, number: int) -> None:
        """Let one thing happen."""
        match what:
            case "take":
                fresh = self.ledger.turn([], number)
                for claim in fresh:
                    assert claim.repository not in self.settled
                    in_doubt = claim.repository in self.tried
                    assert (claim.doubt is not None) == in_doubt
                self.tried |= {claim.repository for claim in fresh}
                self.out += fresh
            case "settle" if self.out:
                claim = self.out.pop(number % len(self.out))
                self.ledger.turn([made(claim)], 0)
                self.settled[claim.repository] = "created"
            case "give back" if self.out:
                claim = self.out.pop()
                back = Outcome(
                    id=claim.id,
                    outcome=Verdict.NOT_ATTEMPTED,
                    doubt=claim.doubt or Doubt(1.0, 2.0),
                )
                self.ledger.turn([back], 0)
            case "crash":
                self.ledger.close()
                self.open()
            case "stop":
                for claim in self.out:  # never sent, so never in doubt
                    if claim.doubt is None:
                        self.tried.discard(claim.repository)
                finish(self.ledger, "stopped")
                self.ledger.close()
                self.open()


@pytest.mark.real
@hypothesis(max_examples=200 if REAL else 30, deadline=None)
@given(
    names=st.lists(st.sampled_from(["a", "b", "c", "d", "e", "Bad"]), max_size=9),
    steps=STEPS,
)
def test_every_row_ends_in_one_outcome_and_what_is_settled_stays(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    steps: list[tuple[str, int]],
) -> None:
    """No order of turns, crashes and stops loses a row, doubles it or changes it."""
    story = Story(tmp_path_factory.mktemp("story") / "runs.db", names)
    try:
        for what, number in steps:
            story.step(what, number)
            items = reported(story.ledger)
            assert [item.line for item in items] == list(range(1, len(names) + 1))
            for item in items:
                wanted = story.settled.get(item.repository or "", "not_attempted")
                assert item.outcome in (wanted, "duplicate", "invalid")
        story.step("crash", 0)
        work_off(story.ledger)
        items = reported(story.ledger)
    finally:
        story.ledger.close()

    assert [item.repository for item in items] == names
    seen: set[str] = set()
    for name, item in zip(names, items, strict=True):
        wanted = "duplicate" if name in seen else "created"
        assert item.outcome == ("invalid" if name == "Bad" else wanted)
        seen.add(name)
