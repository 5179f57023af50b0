"""Which answers get another try, which tries count, how long to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.engine import retry_policy
from bulkrepo.swr.answers import Answer, AnswerKind

AGAIN = {
    AnswerKind.BUSY,
    AnswerKind.BROKEN,
    AnswerKind.UNSURE,
    AnswerKind.UNREACHABLE,
    AnswerKind.THROTTLED,
}
IN_ORDER = [kind for kind in AnswerKind if kind in AGAIN]


@pytest.mark.parametrize("kind", list(AnswerKind))
def test_another_try_is_for_what_may_pass(kind: AnswerKind) -> None:
    """A refusal stays one; trouble may pass."""
    assert retry_policy.again(Answer(kind)) == (kind in AGAIN)


@pytest.mark.parametrize("kind", IN_ORDER)
@pytest.mark.parametrize("own", [0.0, 0.6, 1.0])
def test_a_try_counts_as_far_as_its_row_is_at_fault(
    kind: AnswerKind, own: float
) -> None:
    """In an outage no try counts, and a throttled request was none."""
    counts = 0.0 if kind is AnswerKind.THROTTLED else own

    assert retry_policy.counts(Answer(kind), own=own) == counts


@pytest.mark.parametrize(
    ("tries", "longest"),
    [(1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (99, 30.0)],
)
def test_wait_doubles_up_to_a_cap(tries: int, longest: float) -> None:
    """Full jitter: from nothing to base times two to the tries, 30 s at most."""
    pause = retry_policy.Backoff()

    assert pause.wait(tries, Answer(AnswerKind.BROKEN), 0.0) == 0.0
    assert pause.wait(tries, Answer(AnswerKind.BROKEN), 0.5) == longest / 2
    assert pause.wait(tries, Answer(AnswerKind.BROKEN), 1.0) == longest


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        pytest.param(
            Answer(AnswerKind.BROKEN, retry_after=20.0), 20.5, id="obeyed-and-spread"
        ),
        pytest.param(Answer(AnswerKind.BROKEN, retry_after=0.0), 0.5, id="at-once"),
        pytest.param(Answer(AnswerKind.THROTTLED), 0.0, id="throttled"),
        pytest.param(
            Answer(AnswerKind.THROTTLED, retry_after=20.0), 0.0, id="held-elsewhere"
        ),
    ],
)
def test_wait_obeys_what_the_service_asks_for(answer: Answer, wait: float) -> None:
    """Of a 5xx here, of a throttled answer in the rate control."""
    assert retry_policy.Backoff().wait(9, answer, 0.5) == wait


@given(
    gaps=st.lists(st.floats(0, 5), max_size=200),
    good=st.lists(st.booleans(), min_size=200, max_size=200),
)
def test_retries_are_bounded_by_what_succeeds(
    gaps: list[float], good: list[bool]
) -> None:
    """At most what was saved up, one for each success, and a few a second."""
    budget, now, taken, earned = (
        retry_policy.RetryBudget(most=10, trickle=2),
        1000.0,
        0,
        0,
    )
    for gap, success in zip(gaps, good, strict=False):
        now += gap
        if success:
            budget.earn()
            earned += 1
        taken += budget.take(now)
        assert taken <= 10 + earned + 2 * (now - 1000) + 1e-6


def test_a_retry_that_waits_has_its_turn() -> None:
    """However bad it is, two a second may leave; and all at once after better times."""
    budget = retry_policy.RetryBudget(most=4, trickle=2)
    assert [budget.take(1000.0) for _ in range(5)] == [True] * 4 + [False]
    assert not budget.take(1000.4)
    assert budget.take(1000.5)
    for _ in range(9):
        budget.earn()

    assert budget.full
    assert [budget.take(1001.0) for _ in range(5)] == [True] * 4 + [False]


@given(
    tries=st.integers(1, 10**6),
    u=st.floats(0, 1),
    kind=st.sampled_from(IN_ORDER),
)
def test_wait_is_never_negative_nor_endless(
    tries: int, u: float, kind: AnswerKind
) -> None:
    """However many tries, from 0 to 30 s."""
    assert 0 <= retry_policy.Backoff().wait(tries, Answer(kind), u) <= 30
