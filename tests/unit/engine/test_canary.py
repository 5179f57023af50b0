"""Who does not know his limit meets it by one request, and not by many."""

from bulkrepo.engine.ratelimit.canary import CanaryRequest

T = 1000.0


def booked(lone: CanaryRequest, count: int) -> CanaryRequest:
    """Let *count* requests leave."""
    for _ in range(count):
        lone.book(T)
    return lone


def test_nobody_follows_the_one_after_a_round_number() -> None:
    """The sixty-first is answered before the next one leaves; so are later ones."""
    lone = booked(CanaryRequest(known=False), 60)
    assert lone.count <= lone.after
    booked(lone, 1)
    assert lone.count > lone.after
    assert lone.waits(T + 0.5)
    lone.go_on(unknown=True, latency=0.05)

    assert lone.after == 100
    assert booked(lone, 39).count == 100


def test_those_before_it_are_waited_for_as_well() -> None:
    """One of them may arrive after it, and be the one that is refused."""
    lone = booked(CanaryRequest(known=False), 61)

    assert [lone.over() for _ in range(61)] == [False] * 60 + [True]


def test_an_answer_that_is_lost_is_not_waited_for() -> None:
    """A second is enough; then all go on, also if it comes after all."""
    lone = booked(CanaryRequest(known=False), 61)
    assert not lone.waits(T + 1)
    booked(lone, 20)

    assert lone.left == T


def test_who_knows_or_waits_long_for_answers_does_not_stop() -> None:
    """A limit that is known is kept; slow answers would cost more than they tell."""
    slow = booked(CanaryRequest(known=False), 61)
    slow.go_on(unknown=True, latency=1.0)
    met = booked(CanaryRequest(known=False), 61)
    met.go_on(unknown=False, latency=0.05)

    assert float("inf") == slow.after == met.after == CanaryRequest(known=True).after
