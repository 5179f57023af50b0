"""
All figures in one table: `python -m tests.bench`, or `--quick` for a first look.

Every figure is a ratio within this run, or a count. Exit 1 if one misses its bound;
with `--quick`, which measures less and on a busy machine, bounds are half as strict.
"""

import sys

from tests.bench import (
    answers,
    imports,
    limits,
    memory,
    mutations,
    startup,
    survey,
    throughput,
    validate,
)


def main() -> int:
    """Measure, print, and say whether all bounds hold."""
    quick = "--quick" in sys.argv[1:]
    slack = 2.0 if quick else 1.0
    speed = throughput.measure(rounds=3 if quick else throughput.ROUNDS)
    checked = validate.measure()
    space = memory.measure(100_000 if quick else memory.MANY)
    heavy = startup.measure()
    foreign, plain = (
        imports.measure(what, 1 if quick else imports.ROUNDS)
        for what in ("harbor", "catalog")
    )
    there = survey.measure(3 if quick else survey.ROUNDS)
    found = limits.hidden(3 if quick else limits.SEEDS)
    generated = 10_000 if quick else answers.MANY
    survived = answers.measure(generated)
    damaged = 10_000 if quick else mutations.MANY
    read = mutations.measure(damaged)
    rows = [
        (
            "a hidden limit of 30: time over the ideal, worst mean",
            max(figure.time for figure in found),
            "<=",
            1.10,
        ),
        (
            "a hidden limit of 30: answers refused in 100, worst mean",
            max(figure.refused for figure in found),
            "<=",
            1.0,
        ),
        (
            f"creates/s of {throughput.ROWS:,} rows, share of a bare aiohttp loop",
            speed["share of a bare loop"],
            ">=",
            0.70 / slack,
        ),
        (
            "validate 1,000,000 rows, time over csv.reader and two expressions",
            checked["time_ratio"],
            "<=",
            3.0 * slack,
        ),
        (
            "validate, peak memory of 1,000,000 rows over 10,000",
            checked["memory_ratio"],
            "<=",
            1.3,
        ),
        (
            f"create, peak memory of {space['rows']:,.0f} rows over 10,000",
            space["memory ratio"],
            "<=",
            1.3,
        ),
        (
            f"{survey.ROWS:,} rows that are all there, time over a bare client's",
            there["ratio"],
            "<=",
            3.0 * slack,
        ),
        ("the same, requests", there["requests"], "<=", 11.0),
        (
            f"{imports.MANY:,} names of a Harbor mapped and checked, over json.load",
            foreign["checked_ratio"],
            "<=",
            5.0 * slack,
        ),
        (
            "the same of a catalog",
            plain["checked_ratio"],
            "<=",
            5.0 * slack,
        ),
        (
            f"import {imports.MORE:,} of them, peak memory over that of a tenth",
            foreign["memory_ratio"],
            "<=",
            1.1,
        ),
        (
            "generated answers after which each row had one true outcome",
            survived,
            ">=",
            generated,
        ),
        (
            "damaged lists and listings that gave rows or a refusal, in time",
            read,
            ">=",
            damaged,
        ),
        ("heavy modules that --help imports", heavy["heavy modules"], "<=", 0),
    ]
    good = True
    for name, figure, sign, bound in rows:
        held = figure >= bound if sign == ">=" else figure <= bound
        good = good and held
        mark = "ok" if held else "MISSED"
        print(f"{name:68} {figure:7.2f}  {sign} {bound:.2f}  {mark}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
