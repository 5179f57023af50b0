"""`bulkrepo handover` by its command line: a map in, a copy tool's job out."""

import csv
import json
import os
import stat
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from bulkrepo.cli.main import cli
from bulkrepo.core.errors import BulkrepoError, InputError, SettingsError
from bulkrepo.core.outcomes import UNPROVEN, Outcome, Verdict
from bulkrepo.core.rows import RepoSpec, Row
from bulkrepo.ledger.ledger import Ledger
from tests.support.boxes import bulkrepo

SWR = "swr.cn-north-4.myhuaweicloud.com"
ENDPOINT = "https://swr-api.cn-north-4.myhuaweicloud.com"
NAMES = ("team/app", "team/web", "busybox")
AUTH = (
    '{"harbor.example.com":{"username":"$USER_1","password":"$PASSWORD_1"},'
    f'"{SWR}":{{"username":"$USER_2","password":"$PASSWORD_2"}}}}'
)


def run(*words: str) -> Result:
    """Run the command in this process; a refusal is raised."""
    result = CliRunner().invoke(cli, ["handover", *words])
    if isinstance(result.exception, BulkrepoError):
        raise result.exception
    return result


def mapped(pairs: Iterable[tuple[str, str]], path: str = "hub.swr.map.csv") -> str:
    """Write a map; give its path."""
    with Path(path).open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("source", "target"))
        table.writerows(pairs)
    return path


def mirrored(names: Iterable[str] = NAMES) -> str:
    """Write a map of *names* into the organization m."""
    return mapped((name, f"m/{name}") for name in names)


def remembered(
    came: Sequence[tuple[str, dict[str, Any] | None]],
    *,
    endpoint: str = ENDPOINT,
    command: str = "create",
    stopped: str | None = None,
) -> None:
    """Keep a run in bulkrepo.db: names in m, and what became of each."""
    ledger = Ledger("bulkrepo.db", now=lambda: 1.0)
    try:
        specs = [
            (Row("hub.csv", line), RepoSpec("m", name, is_public=False))
            for line, (name, _) in enumerate(came, start=1)
        ]
        ledger.load(
            specs,
            lists=["hub.csv"],
            endpoint=endpoint,
            digest=lambda: repr(came),
            version="1",
            place=lambda _, problem: problem,
            command=command,
            fresh=True,
        )
        claims = {claim.repository: claim.id for claim in ledger.turn([], 99)}
        done = [
            Outcome(id=claims[name], **{"attempts": 1, "started_at": 1.0, **what})
            for name, what in came
            if what is not None
        ]
        ledger.turn(done, 0)
        ledger.finish(stopped=stopped, requests=1, throttled=0)
    finally:
        ledger.close()


def created(names: Iterable[str] = NAMES, **given: Any) -> None:
    """Keep a run that created *names*."""
    remembered([(name, {"outcome": Verdict.CREATED}) for name in names], **given)


def rules(path: str) -> dict[str, str]:
    """Read what image-syncer would."""
    found: dict[str, str] = json.loads(Path(path).read_text())
    return found


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_created_is_handed_over(here: Path) -> None:
    """To the registry of the ledger's region; the next command is the last line."""
    created()
    result = run("image-syncer", mirrored(), "--from", "harbor.example.com")
    out = here / "hub.swr.image-syncer.json"

    assert result.exit_code == 0
    assert rules(str(out)) == {
        f"harbor.example.com/{name}": f"{SWR}/m/{name}" for name in NAMES
    }
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"3 repositories for image-syncer, to {SWR}",
        "  3 from harbor.example.com",
        "job: hub.swr.image-syncer.json",
        "credentials:",
        "  auth.json, with the names of variables, or what they hold:",
        f"    {AUTH}",
        f"next: image-syncer --auth=auth.json --images={out.name} --retries=5",
    ]


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        ({"outcome": "created"}, None),
        ({"outcome": "created", "certain": False}, None),
        ({"outcome": "exists"}, None),
        ({"outcome": "exists", "certain": False}, None),
        ({"outcome": "updated", "differences": {"is_public": [False, True]}}, None),
        (
            {"outcome": "differs", "differences": {"is_public": [False, True]}},
            "differs: other is_public",
        ),
        (
            {"outcome": "failed", "code": "SVCSTG.SWR.4000098", "message": "quota"},
            "failed: SVCSTG.SWR.4000098 quota",
        ),
        (
            {"outcome": "failed", "certain": False, "reason": "no answer"},
            "failed, and may be there all the same: no answer",
        ),
        (
            {
                "outcome": "not_attempted",
                "certain": False,
                "reason": "stopped",
                "evidence": UNPROVEN,
            },
            "not_attempted, and may be there all the same: stopped",
        ),
        (None, "not_attempted: the run has not come to it"),
    ],
)
def test_only_what_is_there_is_handed_over(
    outcome: dict[str, Any] | None, why: str | None
) -> None:
    """An image is not pushed where the list's wish is not met; each is named."""
    if outcome is not None:
        outcome = {**outcome, "outcome": Verdict(outcome["outcome"])}
    remembered([("team/app", {"outcome": Verdict.EXISTS}), ("team/web", outcome)])
    words = ("image-syncer", mirrored(("team/app", "team/web")), "--from", "h.io")
    result = run(*words, "--output", "o.json", "-q")

    assert len(rules("o.json")) == (2 if why is None else 1)
    assert result.exit_code == (0 if why is None else 1)
    assert result.stderr == (
        "" if why is None else f"LEFT OUT  1 repository\n  m/team/web  {why}\n"
    )
    assert run(*words, "--output", "o.json", "--partial").exit_code == 0


def test_what_an_earlier_run_created_is_still_there() -> None:
    """After `retry`, the ledger has the rows of what was tried again, and no others."""
    remembered(
        [
            ("team/app", {"outcome": Verdict.CREATED}),
            ("team/web", {"outcome": Verdict.FAILED, "message": "busy"}),
        ]
    )
    created(["team/web"], command="retry")
    result = run("image-syncer", mirrored(), "--from", "h.io", "--output", "o.json")

    assert list(rules("o.json")) == ["h.io/team/app", "h.io/team/web"]
    assert result.exit_code == 1
    assert "  m/busybox  not in the ledger: `bulkrepo create`" in result.stderr


def test_one_run_may_have_the_word() -> None:
    """And nothing but it."""
    created(["team/app"])
    created(["team/web"])
    words = ("image-syncer", mirrored(), "--from", "h.io", "--output", "o.json")
    run(*words, "--run", "2")

    assert list(rules("o.json")) == ["h.io/team/web"]
    with pytest.raises(SettingsError, match="no rows of run 1"):
        run(*words, "--run", "1")
    with pytest.raises(SettingsError, match="no rows of run 7"):
        run(*words, "--run", "7")


def test_what_was_removed_is_not_there() -> None:
    """`undo` takes back what the run before it said."""
    created(["team/app", "team/web"])
    remembered([("team/app", {"outcome": Verdict.REMOVED})], command="undo")
    run("image-syncer", mirrored(), "--from", "h.io", "--output", "o.json")

    assert list(rules("o.json")) == ["h.io/team/web"]


def test_what_undo_would_remove_is_there() -> None:
    """It only looked."""
    created(["team/app", "team/web"])
    remembered([("team/app", {"outcome": Verdict.TO_REMOVE})], command="undo")
    run("image-syncer", mirrored(), "--from", "h.io", "--output", "o.json")

    assert list(rules("o.json")) == ["h.io/team/app", "h.io/team/web"]


def test_the_last_run_that_tried_has_the_word() -> None:
    """Rows of interrupted runs are kept beside its own."""
    failed = {"outcome": Verdict.FAILED, "message": "no"}
    well = {"outcome": Verdict.CREATED}
    remembered([("team/app", failed), ("team/web", well)], stopped="patience")
    remembered([("team/app", well), ("team/web", failed)])
    result = run("image-syncer", mirrored(), "--from", "h.io", "--output", "o.json")

    assert list(rules("o.json")) == ["h.io/team/app"]
    assert "  m/team/web  failed: no\n" in result.stderr


async def test_a_row_at_fault_is_named_with_its_fault(here: Path) -> None:
    """The whole way: a list that says no visibility, and nobody else did."""
    (here / "hub.json").write_text(json.dumps({"repositories": list(NAMES)}))
    imported = await bulkrepo("import", "hub.json", "-n", "m", cwd=here)
    create = ("create", "hub.swr.csv", "--sandbox", "--ledger", "bulkrepo.db", "-q")
    handover = ("skopeo", "hub.swr.map.csv", "--from", "h.io", "--to", SWR)
    faulty = await bulkrepo(*create, cwd=here)
    result = run(*handover)
    mended = await bulkrepo(*create, "--visibility", "private", cwd=here)

    assert (imported.code, faulty.code, mended.code) == (0, 1, 0)
    assert result.exit_code == 1
    assert "  m/busybox  invalid: is_public " in result.stderr
    assert run(*handover).exit_code == 0


def test_without_a_ledger_the_map_has_the_word() -> None:
    """Several are one; what both say counts once."""
    first = mapped([("ghcr.io/a/b", "m/b"), ("nginx", "m/nginx")], "a.map.csv")
    second = mapped([("quay.io/a/b", "m/c"), ("ghcr.io/a/b", "m/b")], "b.map.csv")
    result = run(
        *("regsync", first, second, "--no-ledger", "--to", "SWR.example.com:5000"),
        *("--from", "docker.io", "--hosts"),
    )

    assert result.exit_code == 0
    assert yaml.safe_load(Path("a.regsync.yml").read_text())["sync"] == [
        {"source": source, "target": f"swr.example.com:5000/m/{name}", "type": kind}
        for source, name, kind in (
            ("ghcr.io/a/b", "b", "repository"),
            ("docker.io/library/nginx", "nginx", "repository"),
            ("quay.io/a/b", "c", "repository"),
        )
    ]
    assert "3 repositories for regsync, to swr.example.com:5000" in result.stderr


def test_standard_output_takes_the_job() -> None:
    """And nothing else; the credentials that it needs are still said."""
    result = run(
        *("skopeo", mirrored(), "--no-ledger", "--to", SWR, "--from", "h.io"),
        *("--output", "-"),
    )

    assert result.stdout.startswith("#!/bin/sh\n")
    assert result.stdout.endswith("finish 0\n")
    assert f"  skopeo login {SWR}\n" in result.stderr
    assert "next:" not in result.stderr


ALONE = ("--no-ledger", "--to", SWR, "--from", "h.io")


@pytest.mark.parametrize(
    ("pairs", "words", "why"),
    [
        pytest.param(
            [("a", "m/x"), ("b", "m/x")], ALONE, "a and h.io/b would both", id="target"
        ),
        pytest.param(
            [("a", "m/x"), ("a", "m/y")], ALONE, "go to both .*/x and", id="source"
        ),
        pytest.param(
            [("h.io/a", "m/x"), ("a", "m/y")], ALONE, "go to both", id="spelt twice"
        ),
        pytest.param(
            [("a", "m/a")], ("./hub.swr.map.csv", *ALONE), "named twice", id="map twice"
        ),
        pytest.param([("a", "m/a")], ALONE[:3], "--from HOST", id="no host"),
        pytest.param(
            [("a.b/c", "m/a")], ALONE, "--hosts, or .* --no-hosts", id="two readings"
        ),
        pytest.param([("a", "m/a")], ("--no-ledger",), "--to HOST", id="no target"),
        pytest.param(
            [("a", "m/a")],
            (*ALONE[:3], "--from", "bot:pw@h.io"),
            r"--from \*\*\*@h.io: write the host",
            id="a login",
        ),
        pytest.param([("a", "m/a")], (), "there is no ledger", id="no ledger"),
        pytest.param([("a", "m/a")], (*ALONE, "--run", "1"), "does without", id="run"),
        pytest.param(
            [("a", "m/a")], (*ALONE, "--ledger", "x"), "not both", id="and a ledger"
        ),
        pytest.param(
            [("a", "m/a")],
            (*ALONE, "--output", "hub.swr.map.csv"),
            "would overwrite",
            id="output",
        ),
    ],
)
def test_nothing_is_guessed_and_nothing_is_written(
    here: Path, pairs: list[tuple[str, str]], words: Sequence[str], why: str
) -> None:
    """The error says which option decides."""
    path = mapped(pairs)
    before = sorted(here.iterdir())
    with pytest.raises((InputError, SettingsError), match=why) as refused:
        run("image-syncer", path, *words)

    assert refused.value.exit_code == 2
    assert sorted(here.iterdir()) == before


def test_an_endpoint_of_no_region_says_nothing_of_its_registry() -> None:
    """Where to push to is not made up."""
    created(endpoint="http://127.0.0.1:8099")
    with pytest.raises(SettingsError, match=r"8099, .* --to HOST"):
        run("skopeo", mirrored(), "--from", "h.io")


@pytest.mark.parametrize("region", ["eu-de.otc.t-systems.com", "eu-west-101.x"])
def test_other_clouds_have_their_own_registries(region: str) -> None:
    """As far as they are known."""
    created(endpoint=f"https://swr-api.{region}")
    words = ("skopeo", mirrored(), "--from", "h.io")
    if region.endswith(".x"):
        with pytest.raises(SettingsError, match="--to HOST"):
            run(*words)
    else:
        assert f"to swr.{region}" in run(*words).stderr


def test_what_no_tool_can_ask_for_is_left_out(here: Path) -> None:
    """By source and by target; where nothing is left, nothing is written."""
    pairs = [("Team/App", "m/app"), ("a'b", "m/b"), ("c", "M/c")]
    path = mapped([*pairs, (f"{SWR}/m/d", "m/d")])
    result = run("skopeo", path, *ALONE, "--hosts")

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "LEFT OUT  4 repositories; nothing was written",
        "  m/app  source that no tool takes: Team/App has uppercase letters",
        "  m/b  source that no tool takes: a'b breaks Docker's rules for names",
        "  M/c  is not an ORGANIZATION/REPOSITORY that SWR can have",
        "  m/d  is where its images come from",
    ]
    assert run("skopeo", path, *ALONE, "--hosts", "--partial").exit_code == 1
    assert [each.name for each in here.iterdir()] == [path]


def test_what_two_maps_leave_out_is_left_out_once() -> None:
    """Maps may overlap, as those of a listing and of a part of it do."""
    created(["x"])
    first = mirrored(["a", "b", "x"])
    second = mapped([("b", "m/b"), ("c", "m/c"), ("x", "m/x")], "part.map.csv")
    result = run("skopeo", first, second, "--from", "h.io", "-q")

    assert result.stderr.splitlines() == [
        "LEFT OUT  3 repositories",
        *(
            f"  m/{name}  not in the ledger: `bulkrepo create` of its list tells"
            for name in "abc"
        ),
    ]


def test_of_many_that_are_left_out_the_first_are_named() -> None:
    """A screen stays a screen."""
    created(["x"])
    names = [f"app-{number}" for number in range(300)]
    result = run("skopeo", mirrored((*names, "x")), "--from", "h.io", "-q")
    lines = result.stderr.splitlines()

    assert len(lines) == 22
    assert lines[-1] == "  and 280 more. In all: 300 not in the ledger"


# ---- the script, run with a skopeo that only notes what it is asked ----

FAKE = dedent(
    """\
    #!/bin/sh
    for word in "$@"; do printf '%s ' "$word"; done >>calls
    echo >>calls
    case "$*" in
      *broken*) exit 1 ;;
      sync*empty*) exit 1 ;;
      list-tags*empty*) printf '{\\n    "Repository": "x",\\n    "Tags": []\\n}\\n' ;;
      list-tags*)
        printf '{\\n    "Repository": "h.io/x",\\n    "Tags": [\\n'
        printf '        "v1",\\n        "1.0-_x"\\n    ]\\n}\\n' ;;
    esac
    """
)
SYNC = "sync --src docker --dest docker --all --preserve-digests --keep-going"
COPY = "copy --all --preserve-digests --retry-times 5"


def job(pairs: Iterable[tuple[str, str]]) -> None:
    """Write the job of *pairs*, and the tool that it needs."""
    run("skopeo", mapped(pairs), *ALONE, "--output", "job.sh")
    bin_ = Path("bin")
    bin_.mkdir(exist_ok=True)
    (bin_ / "skopeo").write_text(FAKE)
    (bin_ / "skopeo").chmod(0o755)


def ran(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the job."""
    return subprocess.run(
        ["/bin/sh", "job.sh"],
        env={**os.environ, "PATH": f"{Path('bin').resolve()}:/usr/bin:/bin"}
        | environment,
        text=True,
        capture_output=True,
        check=False,
    )


def calls() -> list[str]:
    """Give what the tool was asked since the last time."""
    lines = Path("calls").read_text().splitlines() if Path("calls").exists() else []
    Path("calls").unlink(missing_ok=True)
    return [line.rstrip() for line in lines]


def test_the_script_syncs_and_copies() -> None:
    """Each repository under exactly its name; the tags of one that is renamed."""
    job([("team/app", "m/team/app"), ("team/web", "m/team/web-x")])
    done = ran()

    assert calls() == [
        f"{SYNC} --retry-times 5 h.io/team/app {SWR}/m/team",
        "list-tags --retry-times 5 docker://h.io/team/web",
        f"{COPY} docker://h.io/team/web:v1 docker://{SWR}/m/team/web-x:v1",
        f"{COPY} docker://h.io/team/web:1.0-_x docker://{SWR}/m/team/web-x:1.0-_x",
    ]
    assert done.stdout.splitlines() == [
        f"[1/2] h.io/team/app -> {SWR}/m/team/app",
        f"[2/2] h.io/team/web -> {SWR}/m/team/web-x",
    ]
    assert done.stderr.splitlines() == [
        "2 of 2 repositories copied, 0 before, 0 hold no tags, 0 failed"
    ]
    assert done.returncode == 0


def test_the_script_goes_on_where_it_was() -> None:
    """What failed is tried again, and nothing else; all of it without its notes."""
    pairs = [("app", "m/app"), ("broken", "m/broken"), ("broken-x", "m/x")]
    job([*pairs, ("empty", "m/empty"), ("empty-y", "m/y")])
    first = ran()
    asked = calls()
    Path("bin/skopeo").write_text(FAKE.replace("*broken*", "*repaired*"))
    second = ran()

    assert first.returncode == 1
    assert f"FAILED h.io/broken -> {SWR}/m/broken\n" in first.stderr
    assert first.stderr.splitlines()[-2:] == [
        "1 of 5 repositories copied, 0 before, 2 hold no tags, 2 failed",
        "what is left is copied by the same command",
    ]
    assert any("h.io/app" in call for call in asked)
    assert {call.split()[-2] for call in calls() if call.startswith("sync")} == {
        "h.io/broken"
    }
    assert second.returncode == 0
    assert second.stderr.splitlines() == [
        "2 of 5 repositories copied, 3 before, 0 hold no tags, 0 failed"
    ]
    assert stat.S_IMODE(Path("job.sh.done").stat().st_mode) == 0o600
    ran()
    assert calls() == []
    Path("job.sh.done").unlink()
    assert ran().stderr.startswith("3 of 5 repositories copied, 0 before, 2 hold")


def test_the_script_stops_where_nothing_works() -> None:
    """A login that is gone is not tried a thousand times."""
    job([(f"broken/{number}", f"m/broken/{number}") for number in range(9)])
    stopped = ran(STOP_AFTER="4")
    whole = ran(STOP_AFTER="0")

    assert stopped.returncode == 3
    assert "stopped: 4 in a row have failed\n" in stopped.stderr
    assert stopped.stderr.count("FAILED") == 4
    assert whole.returncode == 1
    assert whole.stderr.count("FAILED") == 9


def test_the_script_does_not_stop_where_something_works() -> None:
    """Failures in a row count, not all of them."""
    names = ("broken-1", "app", "broken-2", "web", "broken-3")
    job([(name, f"m/{name}") for name in names])
    done = ran(STOP_AFTER="2")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-2].startswith("2 of 5 repositories copied")


@pytest.mark.parametrize(("signal", "code"), [("INT", 130), ("TERM", 143)])
def test_the_script_may_be_interrupted(signal: str, code: int) -> None:
    """It says how far it came, and goes on from there."""
    job([("app", "m/app"), ("halt", "m/halt"), ("web", "m/web")])
    halting = FAKE.replace(
        "*broken*) exit 1", f"sync*halt*) kill -{signal} $PPID; exit 1"
    )
    Path("bin/skopeo").write_text(halting)
    done = ran()
    calls()
    Path("bin/skopeo").write_text(FAKE)
    again = ran()

    assert done.returncode == code
    assert done.stderr.startswith("1 of 3 repositories copied")
    assert again.returncode == 0
    assert again.stderr.startswith("2 of 3 repositories copied, 1 before")
    assert len(calls()) == 2


def test_the_script_needs_skopeo() -> None:
    """And says so, once."""
    job([("app", "m/app")])
    Path("bin/skopeo").unlink()
    done = ran(PATH="/nowhere")

    assert done.returncode == 2
    assert done.stderr == "skopeo is not installed\n"
