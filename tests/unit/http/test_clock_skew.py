"""How far the server's clock is from ours, from what it says in passing."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkrepo.core.rows import Doubt
from bulkrepo.http.clock_skew import ClockSkew
from bulkrepo.http.messages import Response

T = 1_700_000_000.0


def answer(server: float) -> Response:
    """Give a reply that the server wrote when its clock showed *server*."""
    return Response(201, {"Date": formatdate(int(server), usegmt=True)})


def test_nothing_is_known_before_the_first_date() -> None:
    """Nor is anything assumed of a clock that nobody has shown."""
    skew = ClockSkew()
    skew.observe(Response(201, {}), sent=T, received=T)
    skew.observe(Response(201, {"Date": "nonsense"}), sent=T, received=T)

    assert skew.bounds is None
    assert skew.doubt(T, T) == Doubt(0.0, None)


def test_bounds_follow_a_clock_that_is_ahead() -> None:
    """An hour ahead there is an hour later."""
    skew = ClockSkew()
    skew.observe(answer(T + 3600), sent=T, received=T + 0.1)

    assert skew.bounds is not None
    assert skew.bounds == pytest.approx((3599.9, 3601))
    assert skew.doubt(T, T + 9) == Doubt(T + skew.bounds[0], T + 9 + skew.bounds[1])


def test_many_answers_narrow_it_down() -> None:
    """A second that has just begun there bounds the offset from below."""
    skew = ClockSkew()
    for tenth in range(40):
        now = T + tenth / 10
        skew.observe(answer(now + 0.35), sent=now, received=now + 0.01)

    assert skew.bounds is not None
    assert 0.2 <= skew.bounds[0] <= 0.35 <= skew.bounds[1] <= 1.4


def test_a_clock_that_was_set_widens_the_bounds() -> None:
    """What was sent before it may be compared with what is shown afterwards."""
    skew = ClockSkew()
    skew.observe(answer(T + 3600), sent=T, received=T)
    skew.observe(answer(T + 10), sent=T + 10, received=T + 10)

    assert skew.bounds == (0, 3601)
    skew.observe(answer(T + 7220), sent=T + 20, received=T + 20)
    assert skew.bounds == (0, 7201)


@given(
    offset=st.floats(-1e5, 1e5),
    trips=st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 5), st.floats(0, 1)), min_size=1
    ),
)
def test_bounds_hold_what_they_bound(
    offset: float, trips: list[tuple[float, float, float]]
) -> None:
    """Whatever the offset and the delays."""
    skew = ClockSkew()
    now = T
    for pause, trip, share in trips:
        now += pause
        written = now + trip * share + offset
        skew.observe(answer(written), sent=now, received=now + trip)
        now += trip

    assert skew.bounds is not None
    assert skew.bounds[0] <= offset + 1e-3
    assert skew.bounds[1] >= offset - 1e-3


@pytest.mark.parametrize("off", [0.0, 0.5, -0.5, 600.0, -600.0])
def test_how_far_clocks_are_apart_is_never_overstated(off: float) -> None:
    """What a `Date` of whole seconds and a slow answer leave open is left out."""
    skew = ClockSkew()
    assert skew.apart == 0.0
    skew.observe(answer(T + off), sent=T - 1, received=T + 1)

    assert abs(skew.apart) <= abs(off)
    assert abs(skew.apart - off) <= 2.5
