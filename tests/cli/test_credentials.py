"""Credentials that change or vanish, and secrets that are written nowhere."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bulkrepo.sandbox import Sandbox
from bulkrepo.sandbox import Settings as Box
from tests.support.boxes import (
    ANYTHING,
    TOKEN,
    Bell,
    Ended,
    begin,
    bulkrepo,
    end,
    held,
    names,
    read,
    rows,
    write,
)
from tests.support.creates import slow


async def test_a_token_file_is_read_again_when_the_token_is_refused(
    tmp_path: Path,
) -> None:
    """In the middle of a run, once for all workers; no row notices."""
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    source = write(tmp_path / "list.ndjson", rows(400))
    bell = Bell(100, hold=True)
    settings = Box(token=TOKEN, any_organization=True, latency=0.001)
    async with Sandbox(settings, sleep=bell) as box:
        process = await begin(
            *("create", source, "--token-file", "token", "--rate", "100000/s"),
            *("--endpoint", box.url, "--log-file", "log"),
            cwd=tmp_path,
        )
        await bell.rung.wait()
        tokens = box._gateway.state.tokens
        tokens["second-" + TOKEN] = tokens.pop(TOKEN)
        token.write_text("second-" + TOKEN)
        bell.release()
        done = await end(process)

    assert done.code == 0, done.err
    found = read(tmp_path / "list.report.jsonl")
    assert {item["outcome"] for item in found} == {"created"}
    assert TOKEN not in found_anywhere(tmp_path, done, but=token)


async def test_a_token_file_that_vanished_stops_the_run(tmp_path: Path) -> None:
    """A 401 with nothing new to read is exit 2 or 3, with the file's name; no bug."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    source = write(tmp_path / "list.ndjson", rows(400))
    bell = Bell(100, hold=True)
    async with Sandbox(slow(ANYTHING), sleep=bell) as box:
        process = await begin(
            *("create", source, "--token-file", "token", "--rate", "100000/s"),
            *("--endpoint", box.url),
            cwd=tmp_path,
        )
        await bell.rung.wait()
        box._gateway.state.tokens.clear()
        token.unlink()
        bell.release()
        done = await end(process)
        there = held(box)

    assert done.code == 3, done.err
    assert "token" in done.err
    assert "Traceback" not in done.err
    found = read(tmp_path / "list.report.jsonl")
    assert len(found) == 400
    made = [item for item in found if item["outcome"] == "created"]
    assert set(names(made)) == there


def found_anywhere(folder: Path, done: Ended, *, but: Path | None = None) -> str:
    """Give all that a run wrote, as one text."""
    files = [path for path in folder.rglob("*") if path.is_file() and path != but]
    content = [path.read_bytes().decode("latin-1") for path in files]
    return "\n".join([done.out, done.err, *content])


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(ANYTHING, id="all goes well"),
        pytest.param(Box(token="another"), id="refused"),
        pytest.param(Box(token=TOKEN), id="no organization"),
    ],
)
async def test_no_secret_is_written_anywhere(tmp_path: Path, settings: Box) -> None:
    """Not on either stream, in the log file, in a report or in the ledger."""
    source = write(tmp_path / "list.ndjson", rows(5))
    reports = ("r.jsonl", "r.json", "r.csv", "r.md")
    async with Sandbox(settings) as box:
        done = await bulkrepo(
            *("create", source, "-vv", "--log-file", "log"),
            *(word for name in reports for word in ("--report", name)),
            cwd=tmp_path,
            box=box,
            SWR_TOKEN=TOKEN,
        )
    text = found_anywhere(tmp_path, done)

    assert "app/00000" in text
    assert (tmp_path / "bulkrepo.db").exists()
    assert TOKEN not in text
    assert "encoded_authorization_message" not in text


async def test_a_token_that_the_service_quotes_is_written_nowhere(
    tmp_path: Path,
) -> None:
    """A proxy in its way may show what it was sent, whole or cut."""

    async def answer(request: web.Request) -> web.Response:
        token = request.headers["X-Auth-Token"]
        found = {"errorCode": "X.1", "errorMessage": f"{token}; {token[:20]}..."}
        return web.json_response({"errors": [found]}, status=400)

    token = "a-token-of-a-good-length-that-is-quoted"
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    source = write(tmp_path / "list.ndjson", rows(3))
    async with TestServer(app) as server:
        done = await bulkrepo(
            *("create", source, "-vv", "--log-file", "log", "--report", "r.csv"),
            cwd=tmp_path,
            SWR_ENDPOINT=str(server.make_url("")).rstrip("/"),
            SWR_TOKEN=token,
        )
    text = found_anywhere(tmp_path, done)

    assert done.code == 1, done.err
    assert "X.1" in text
    assert token[:12] not in text
