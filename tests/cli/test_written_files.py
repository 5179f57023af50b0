"""Every file that a command writes is written by the same rules."""

import io
import os
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bulkrepo.cli.main import cli
from bulkrepo.core.errors import BulkrepoError
from tests.support.users import as_root, plant

WRITERS = [
    pytest.param(("create", "l.csv", "--sandbox", "--report"), "f.jsonl", id="report"),
    pytest.param(
        ("create", "l.csv", "--sandbox", "--report", "-", "--log-file"), "f", id="log"
    ),
    pytest.param(
        ("create", "l.csv", "--sandbox", "--report", "-", "--ledger"), "f", id="ledger"
    ),
    pytest.param(("validate", "l.csv", "--report"), "f.csv", id="faults"),
    pytest.param(("validate", "l.csv", "--fix"), "f.csv", id="corrected"),
    pytest.param(("import", "names.txt", "-n", "o", "--output"), "f.csv", id="list"),
    pytest.param(("import", "names.txt", "-n", "o", "--map-file"), "f", id="map"),
    pytest.param(
        (
            *("handover", "skopeo", "pairs.csv", "--no-ledger"),
            *("--to", "swr.example.com", "--output"),
        ),
        "f.yaml",
        id="job",
    ),
]


def run(*words: str) -> BaseException | None:
    """Run the command in this process; return what it raised, if anything."""
    return CliRunner().invoke(cli, words).exception


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a list, a listing and a map."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "l.csv").write_text("namespace,repository,is_public\nteam,app,no\n")
    (tmp_path / "names.txt").write_text("registry.example.com/web/app\n")
    (tmp_path / "pairs.csv").write_text(
        "source,target\nregistry.example.com/web/app,o/app\n"
    )
    return tmp_path


@pytest.mark.parametrize(("words", "name"), WRITERS)
def test_our_own_link_stays_and_its_target_keeps_its_mode(
    here: Path, words: tuple[str, ...], name: str
) -> None:
    """What the link leads to is written, whatever option names it."""
    (here / "there").mkdir()
    target = here / "there" / "target"
    target.touch()
    target.chmod(0o640)
    (here / name).symlink_to(target)

    assert not isinstance(run(*words, name), BulkrepoError)

    assert (here / name).is_symlink()
    assert target.stat().st_size > 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@as_root
@pytest.mark.parametrize(("words", "name"), WRITERS)
def test_somebody_elses_link_is_refused(
    here: Path, words: tuple[str, ...], name: str
) -> None:
    """Exit code 2, and what it leads to stays as it is."""
    (here / "precious").write_text("precious")
    plant(here / name, here / "precious")
    refused = run(*words, name)

    assert isinstance(refused, BulkrepoError)
    assert refused.exit_code == 2
    assert "another user" in str(refused)
    assert (here / "precious").read_text() == "precious"


def test_the_report_of_a_list_that_is_an_open_file_is_here(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not beside the name that the system gives such a file."""
    with (here / "l.csv").open() as file:
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        path = f"/dev/fd/{file.fileno()}"
        run("create", path, "--sandbox", "--format", "csv")

    assert (here / f"{Path(path).name}.report.jsonl").exists()
    assert not os.path.lexists(f"{path}.report.jsonl")
