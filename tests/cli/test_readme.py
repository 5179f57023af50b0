"""What the README says is so."""

import asyncio
import re
from pathlib import Path

import click
import pytest

import bulkrepo
from bulkrepo.cli.main import cli
from bulkrepo.core.outcomes import Verdict
from bulkrepo.ledger import schema
from bulkrepo.migration.copy_tools import TOOLS
from bulkrepo.reports import EXPORTERS, SUFFIXES
from bulkrepo.reports.json_report import COLUMNS
from bulkrepo.sandbox import Sandbox, Settings
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    return README.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_option_of_create_is_in_the_table() -> None:
    """An option that nobody can read of does not exist."""
    context = click.Context(cli)
    command = cli.get_command(context, "create")
    assert command is not None
    options = {
        name
        for parameter in command.get_params(context)
        for name in parameter.opts
        if name.startswith("--")
    }
    missing = {
        name for name in options - {"--verbose", "--quiet"} if name not in README
    }

    assert missing == {"--help"} & missing


def test_the_sandbox_has_the_options_that_are_named() -> None:
    """An option that is only in the README is worse."""
    context = click.Context(cli)
    command = cli.get_command(context, "sandbox")
    assert command is not None
    options = {name for each in command.get_params(context) for name in each.opts}
    named = set(re.findall(r"`(--[a-z-]+)", _section("The sandbox")))

    assert len(named) > 15
    assert named <= options


def test_the_sandboxs_user_is_named() -> None:
    """Who may sign in is no secret of a sandbox's."""
    ((name, password),) = Settings().users.items()

    assert f"the user `{name}` of the account `sandbox` by `{password}`" in README


def test_the_options_of_import_are_named() -> None:
    """Both ways: what it has, and what it is said to have."""
    context = click.Context(cli)
    command = cli.get_command(context, "import")
    assert command is not None
    options = {name for each in command.get_params(context) for name in each.opts}
    section = _section("From another registry")
    named = set(re.findall(r"`(--[a-z-]+)", section))

    assert named <= options
    assert {"--map", "--strip", "--exceptions", "--legalize", "--partial"} <= named


def test_the_options_of_handover_are_named() -> None:
    """Both ways, and the tools as well."""
    command = cli.get_command(click.Context(cli), "handover")
    assert command is not None
    parameters = command.get_params(click.Context(cli))
    options = {
        name for each in parameters for name in (*each.opts, *each.secondary_opts)
    }
    section = _section("The images")
    named = set(re.findall(r"`(--[a-z-]+)", section))

    assert named == {name for name in options if name[:2] == "--"} - {
        "--help",
        "--quiet",
    }
    assert re.findall(r"^\| `([a-z][a-z-]+)`", section, re.MULTILINE) == list(TOOLS)


def test_every_column_and_outcome_is_named() -> None:
    """Reports and ledger are documented in full."""
    columns = ", ".join(COLUMNS)
    outcomes = {verdict for verdict in Verdict if f"`{verdict}`" in README}

    assert columns in README
    assert outcomes == set(Verdict)


def test_every_format_of_a_report_is_named() -> None:
    """In the README by its suffixes, in the help of who writes one by the first."""
    section = _section("Reports")
    first: dict[str, str] = {}
    for suffix, name in SUFFIXES.items():
        first.setdefault(name, suffix)

    assert [suffix for suffix in SUFFIXES if f"`{suffix}`" not in section] == []
    assert set(first) == set(EXPORTERS)
    for name in ("create", "report"):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        text = command.get_help(click.Context(command))
        assert [suffix for suffix in first.values() if suffix not in text] == []


def test_every_table_of_the_ledger_is_named() -> None:
    """People query it."""
    tables = re.findall(r"CREATE (?:TABLE|VIEW) (\w+)", schema.TABLES)
    section = _section("The ledger")

    assert [name for name in tables if f"`{name}`" not in section] == []
    assert ", ".join(schema.OUTCOME_COLUMNS) in section


def test_every_variable_is_named() -> None:
    """What is read from the environment can be read of."""
    package = Path(bulkrepo.__file__).parent
    files = [
        package / "runs" / "sign_in.py",
        *(package / "swr" / "credentials").glob("*.py"),
    ]
    text = "".join(path.read_text() for path in files)
    names = set(re.findall(r"\b(?:SWR|HW|OS|HUAWEICLOUD)_[A-Z_]+\b", text))

    assert len(names) > 30
    assert {name for name in names if f"`{name}`" not in README} == set()


async def test_the_library_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ten lines do what they seem to."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "team.csv").write_text("namespace,repository\nteam-a,web/api\n")
    code = _section("As a library").split("```python\n")[1].split("```")[0]
    async with Sandbox(Settings(any_organization=True)) as box:
        source = code.replace("http://127.0.0.1:8099", box.url)
        source = source.replace("asyncio.run(main())", "")
        names: dict[str, object] = {}
        exec(source, names)  # noqa: S102 - our own README
        main = names["main"]
        assert asyncio.iscoroutinefunction(main)
        await main()

    assert capsys.readouterr().out.endswith("0 {'created': 1}\n")
    assert (tmp_path / "team.report.json").exists()


def test_the_screen_in_the_readme_is_one_the_tool_draws() -> None:
    """The lines of the example have the form of `summary`."""
    from bulkrepo.cli.summary import render_summary
    from bulkrepo.core.results import Reason, RunInfo, Summary

    run = RunInfo(
        id=1,
        command="create",
        state="finished",
        lists=("team.csv", "legacy.json"),
        endpoint="",
        started_at="",
    )
    counts = {"created": 1409, "exists": 141, "duplicate": 1, "invalid": 3}
    why = (
        Reason(
            outcome=Verdict.INVALID,
            count=3,
            code=None,
            message="repository [uppercase], such as: has uppercase letters: M, A",
            example="team.csv:17",
        ),
        Reason(
            outcome=Verdict.DIFFERS,
            count=1,
            code=None,
            message="other is_public",
            example="legacy.json:880",
        ),
    )
    numbers = Summary(
        total=1555, counts={**counts, "differs": 1}, uncertain=1, reasons=why
    )
    text = render_summary(
        run,
        numbers,
        reports=["team.report.jsonl"],
        command="bulkrepo validate team.csv legacy.json",
    )

    assert text in README
