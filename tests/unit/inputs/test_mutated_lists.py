"""Whatever is done to a file: no traceback, no hang, one outcome for each row."""

from pathlib import Path

from tests.support.mutated_lists import survive


def test_damaged_files_give_rows_or_a_refusal(tmp_path: Path) -> None:
    """Lists of every format and listings of every product, changed by chance."""
    rows = list(survive(tmp_path, 1_000, seed=14))

    assert len(rows) == 1_000
    assert rows.count(0) < 900
    assert sum(rows) > 200
