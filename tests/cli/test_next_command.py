"""What to type next: for every way in which a run ends, one that helps and works."""

import shlex
from typing import Any

import click
import pytest
from click.testing import CliRunner
from msgspec import structs

from bulkrepo.cli.main import cli
from bulkrepo.cli.next_command import CommandLine, find_next_command
from bulkrepo.cli.typed_command import typed
from bulkrepo.core.outcomes import Verdict
from bulkrepo.core.results import Reason, RunInfo, Summary

MISSING = Reason(
    outcome=Verdict.NOT_ATTEMPTED,
    count=1,
    code=None,
    message="the organization does not exist (SVCSTG.SWR.4040058)",
    example="",
)
MISSING_CODE = structs.replace(
    MISSING, outcome=Verdict.FAILED, code="SVCSTG.SWR.4040058", message="No such one."
)
REPORTS = ("r.md", "r.jsonl")


def said(words: str) -> CommandLine:
    """Give what *words* come to, as the command line reads them."""
    found: list[CommandLine] = []
    name, *rest = shlex.split(words)
    command = cli.commands[name]

    def see(**_: Any) -> None:
        lists = click.get_current_context().params.get("lists", ())
        found.append(typed(cli, name, lists))

    group = click.Group(commands={**cli.commands, name: _seeing(command, see)})
    result = CliRunner().invoke(group, [name, *rest])
    assert result.exit_code == 0, result.output
    return found[0]


def _seeing(command: click.Command, see: Any) -> click.Command:
    return click.Command(command.name, params=command.params, callback=see)


def of(*reasons: Reason, **counts: int) -> Summary:
    """Make a summary of so many rows of each outcome."""
    uncertain, hidden = counts.pop("uncertain", 0), counts.pop("hidden", 0)
    return Summary(
        total=sum(counts.values()),
        counts=counts,
        reasons=reasons,
        uncertain=uncertain,
        hidden=hidden,
    )


def after(words: str, numbers: Summary, **ended: Any) -> str:
    """Give what follows the command line *words*, without the program's name."""
    command = words.split(maxsplit=1)[0]
    stopped = ended.pop("stopped", False)
    info = RunInfo(
        id=1,
        command=command,
        state="stopped" if stopped else "finished",
        lists=("run 3",) if command == "undo" else ("a.csv",),
        endpoint="",
        started_at="",
    )
    told = find_next_command(info, numbers, typed=said(words), reports=REPORTS, **ended)
    return told.removeprefix("bulkrepo ")


ROWS = "-n team-a --visibility private --grammar docker --format csv"
WHERE = "--endpoint https://swr-api.x.example --auth token --token-file t --cacert c"
HOW = "--on-differs update --create-organizations --rate 10/s --deadline 1s"


@pytest.mark.parametrize(
    ("words", "numbers", "ended", "following"),
    [
        pytest.param("create a.csv", of(created=1), {}, "", id="all done"),
        pytest.param(
            f"create a.csv {ROWS} {WHERE} {HOW} --report r.json --ledger b.db -q -v",
            of(created=1, not_attempted=1),
            {"stopped": True},
            f"create a.csv {ROWS} {WHERE} {HOW} --report r.json --ledger b.db",
            id="goes on with all that shapes the run",
        ),
        pytest.param(
            "create a.csv --fresh --rate auto --max-attempts 5 --ledger bulkrepo.db",
            of(not_attempted=1),
            {"stopped": True},
            "create a.csv --ledger bulkrepo.db",
            id="without defaults and what begins anew",
        ),
        pytest.param(
            f"create a.csv {ROWS} {WHERE} --report r.json --log-file l --ledger b.db",
            of(failed=1),
            {},
            f"retry {WHERE} --ledger b.db --log-file l",
            id="retry takes no rows, and leaves the report",
        ),
        pytest.param(
            f"create a.csv b.csv {ROWS} {WHERE} --ledger b.db",
            of(invalid=1, failed=1),
            {},
            f"validate a.csv b.csv {ROWS}",
            id="validate reads as create did",
        ),
        pytest.param(
            "create './-x y.csv' -n 'a b' --namespace=-x --strict",
            of(not_attempted=1),
            {},
            "create './-x y.csv' --namespace=-x --strict",
            id="quoted",
        ),
        pytest.param(
            "create a.csv --sandbox",
            of(failed=1),
            {"kept": False},
            "create a.csv --sandbox",
            id="nothing to retry of",
        ),
        pytest.param(
            f"create a.csv -n x {WHERE} --ledger b.db",
            of(differs=1),
            {},
            f"plan a.csv -n x {WHERE} --on-differs update",
            id="differs",
        ),
        pytest.param(
            "retry --ledger b.db",
            of(differs=1),
            {},
            "report --ledger b.db",
            id="differs, of no list",
        ),
        pytest.param(
            "create a.csv", of(differs=1), {"kept": False}, "", id="without a ledger"
        ),
        pytest.param(
            "create a.csv --on-differs ignore",
            of(differs=2, exists=1),
            {"ignore": True},
            "",
            id="differs, and is ignored",
        ),
        pytest.param(
            "create a.csv -n new",
            of(MISSING, failed=2, not_attempted=5),
            {},
            "create a.csv -n new --create-organizations",
            id="an organization is missing",
        ),
        pytest.param(
            "create a.csv",
            of(MISSING_CODE, failed=1),
            {},
            "retry --create-organizations",
            id="by code",
        ),
        pytest.param(
            "create a.csv --create-organizations",
            of(MISSING_CODE, failed=1),
            {},
            "retry --create-organizations",
            id="it did not help",
        ),
        pytest.param(
            "retry --run 3",
            of(MISSING, not_attempted=1),
            {},
            "retry --create-organizations",
            id="retry as well",
        ),
        pytest.param(
            "retry a.jsonl --ledger b.db",
            of(failed=1),
            {},
            "retry --ledger b.db",
            id="retry of a report is a run",
        ),
        pytest.param(
            "retry a.jsonl --sandbox",
            of(failed=1),
            {"kept": False},
            "retry a.jsonl --sandbox",
            id="unless it is kept nowhere",
        ),
        pytest.param("undo", of(failed=1), {}, "undo 3", id="undo of that run"),
        pytest.param(
            "undo --dry-run", of(to_remove=1), {}, "undo 3", id="undo in earnest"
        ),
        pytest.param(
            "undo --dry-run",
            of(to_remove=1, not_attempted=1),
            {"stopped": True},
            "undo 3 --dry-run",
            id="not before all was seen",
        ),
        # verify
        pytest.param("verify a.csv", of(exists=1), {}, "", id="proven"),
        pytest.param("verify", of(exists=1), {}, "", id="proven of the ledger"),
        pytest.param(
            f"verify a.csv {ROWS} --report r.md",
            of(failed=2, differs=1, invalid=1),
            {},
            f"create a.csv {ROWS}",
            id="missing, and more",
        ),
        pytest.param(
            "verify a.csv",
            of(MISSING, not_attempted=4),
            {},
            "create a.csv --create-organizations",
            id="verify: no organization",
        ),
        pytest.param(
            "verify --ledger b.db",
            of(failed=1),
            {},
            "retry r.jsonl --ledger b.db",
            id="missing of the ledger's rows",
        ),
        pytest.param(
            "verify a.csv",
            of(failed=1, uncertain=1),
            {},
            "verify a.csv",
            id="could not be read",
        ),
        pytest.param(
            "verify a.csv -n x",
            of(differs=1, invalid=1),
            {},
            "plan a.csv -n x --on-differs update",
            id="verify: differs",
        ),
        pytest.param(
            "verify",
            of(differs=1),
            {},
            "plan r.jsonl --on-differs update",
            id="verify: differs from the ledger",
        ),
        pytest.param(
            "verify a.csv", of(invalid=1), {}, "validate a.csv", id="verify: invalid"
        ),
        # plan
        pytest.param("plan a.csv", of(exists=1), {}, "", id="as wanted"),
        pytest.param(
            f"plan a.csv {ROWS} --exit-code --report p.jsonl --rate 5/s",
            of(to_create=1, invalid=1),
            {},
            f"create a.csv {ROWS} --rate 5/s",
            id="to create",
        ),
        pytest.param(
            "plan a.csv --token-file t -n x",
            of(not_attempted=9),
            {"stopped": True, "exit_code": 3},
            "whoami --token-file t",
            id="a bad token",
        ),
        pytest.param(
            "plan a.csv -n x",
            of(to_create=9, not_attempted=9),
            {"stopped": True, "exit_code": 3},
            "plan a.csv -n x",
            id="an outage in the middle",
        ),
        pytest.param(
            "create a.csv --strict",
            of(invalid=1, not_attempted=9),
            {"stopped": True, "exit_code": 2},
            "validate a.csv",
            id="strict",
        ),
        pytest.param(
            "plan a.csv",
            of(not_attempted=9),
            {"stopped": True, "exit_code": 130},
            "plan a.csv",
            id="interrupted",
        ),
        pytest.param(
            "plan a.csv -n x", of(invalid=5), {}, "validate a.csv -n x", id="invalid"
        ),
        pytest.param("plan a.csv", of(failed=5), {}, "whoami", id="forbidden"),
        pytest.param(
            "plan a.csv",
            of(MISSING, not_attempted=9, to_create=1),
            {},
            "plan a.csv --create-organizations",
            id="plan: no organization",
        ),
        pytest.param(
            "plan a.csv",
            of(differs=1, exists=3),
            {},
            "create a.csv --on-differs update",
            id="harmless differences",
        ),
        pytest.param(
            "plan a.csv",
            of(differs=1, hidden=1),
            {},
            "plan a.csv --on-differs update",
            id="would be published",
        ),
        pytest.param(
            "plan a.csv --on-differs ignore",
            of(differs=1, hidden=1),
            {"ignore": True},
            "",
            id="differences that are ignored",
        ),
    ],
)
def test_what_came_of_a_run_decides_what_helps_next(
    words: str, numbers: Summary, ended: dict[str, Any], following: str
) -> None:
    """With the options that shape it, and none that the next command has not."""
    assert after(words, numbers, **ended) == following
    if following:
        said(following)  # the command line takes it
