"""Whatever is answered, each row has one outcome, and what is certain is true."""

from collections import Counter

from bulkrepo.swr.answers import AnswerKind
from tests.support.generated_answers import runs


async def test_each_row_has_one_true_outcome_whatever_is_answered() -> None:
    """Status, headers and body by chance, through the engine and its creates."""
    answered: Counter[AnswerKind] = Counter()
    async for run in runs(2_000, seed=14):
        answered += run

    assert set(answered) == set(AnswerKind)
