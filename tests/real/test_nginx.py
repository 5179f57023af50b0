"""Against a real nginx: a rate that holds, TLS, throttling, and lost replies."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from bulkrepo import Settings, StoppedError, create
from bulkrepo.core.results import Result
from tests.support import boxes

pytestmark = pytest.mark.real

_ANSWER = 'add_header X-Request-Id $request_id always; default_type "";'


class Nginx(NamedTuple):
    """Its URLs: a sink, a limiter of 50/s with a burst of 5, TLS, one that hangs up."""

    sink: str
    limited: str
    tls: str
    mute: str
    ca: Path
    log: Path


def _free(count: int) -> list[int]:
    """Give *count* free ports of this machine."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports


def _configuration(folder: Path, ports: list[int]) -> str:
    # `try_files` answers after `limit_req` has counted; `return` would before.
    sink, limited, tls, mute = ports
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
worker_processes 1; daemon on; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  {temporary}
  log_format times '$msec $status'; access_log {folder}/access.log times;
  limit_req_zone $server_port zone=swr:1m rate=50r/s; limit_req_status 429;
  server {{ listen 127.0.0.1:{sink}; location / {{ {_ANSWER} return 201; }} }}
  server {{
    listen 127.0.0.1:{limited}; error_page 429 @throttled;
    location / {{ limit_req zone=swr burst=5 nodelay; {_ANSWER} try_files /no =201; }}
    location @throttled {{
      {_ANSWER}
      return 429 '{{"error_code":"APIGW.0308","error_msg":"throttled"}}';
    }}
  }}
  server {{
    listen 127.0.0.1:{tls} ssl;
    ssl_certificate {folder}/pem; ssl_certificate_key {folder}/key;
    location / {{ {_ANSWER} return 201; }}
  }}
  server {{ listen 127.0.0.1:{mute}; location / {{ return 444; }} }}
}}
"""


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """Run nginx on free ports of loopback, and stop it by its own pid."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        if os.environ.get("BULKREPO_REAL"):
            pytest.fail("nginx is missing: install nginx-light")
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", f"{folder}/key", "-out", f"{folder}/pem"),
        ],
        check=True,
        capture_output=True,
    )
    ports = _free(4)
    (folder / "conf").write_text(_configuration(folder, ports))
    subprocess.run(
        [program, "-p", str(folder), "-c", f"{folder}/conf"],
        check=True,
        capture_output=True,
    )
    sink, limited, tls, mute = (f"http://127.0.0.1:{port}" for port in ports)
    try:
        yield Nginx(
            sink,
            limited,
            tls.replace("http", "https"),
            mute,
            folder / "pem",
            folder / "access.log",
        )
    finally:
        os.kill(int((folder / "pid").read_text()), signal.SIGTERM)


async def _create(folder: Path, count: int, url: str, **options: object) -> Result:
    source = boxes.write(folder / "l.ndjson", boxes.rows(count))
    # nginx is no SWR: it has nothing to list.
    settings = Settings(endpoint=url, credential="any-token", survey="never", **options)  # type: ignore[arg-type]
    return await create([source], settings=settings)


async def test_a_fixed_rate_holds_and_is_used(nginx: Nginx, tmp_path: Path) -> None:
    """No second of the run sees more than 40 starts, and no time is given away."""
    started: list[float] = []
    trace = aiohttp.TraceConfig()  # what leaves, as aiohttp sees it leave

    async def note(*_: object) -> None:
        started.append(time.monotonic())

    trace.on_request_start.append(note)
    session = aiohttp.ClientSession

    def traced(*args: object, **options: object) -> aiohttp.ClientSession:
        return session(*args, trace_configs=[trace], **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiohttp, "ClientSession", traced)
        result = await _create(tmp_path, 161, nginx.sink, rate="40/s")

    assert result.summary.counts == {"created": 161}
    # Between our booking and aiohttp's start lies less than a millisecond or two.
    windows = [b - a for a, b in zip(started, started[40:], strict=False)]
    assert min(windows) >= 0.99
    assert started[-1] - started[0] <= 4 / 0.99 + 0.1


async def test_a_limit_that_nobody_names_is_met_and_no_row_fails(
    nginx: Nginx, tmp_path: Path
) -> None:
    """Throttled requests go again, slower; nginx lets 50 a second through."""
    result = await _create(tmp_path, 150, nginx.limited)

    assert result.summary.counts == {"created": 150}
    assert result.run.throttled > 0


@pytest.mark.skipif(not boxes.REAL, reason="takes most of a minute")
async def test_a_hidden_limit_is_sat_on(nginx: Nginx, tmp_path: Path) -> None:
    """2,000 rows at 50 a second: a tenth of the time is lost at most, or 20 answers."""
    began = time.monotonic()
    result = await _create(tmp_path, 2000, nginx.limited)
    spent = time.monotonic() - began

    assert result.summary.counts == {"created": 2000}
    assert spent <= 1.1 * 2000 / 50
    assert result.run.throttled <= 0.01 * 2000


async def test_tls_is_checked_against_the_bundle_that_is_named(
    nginx: Nginx, tmp_path: Path
) -> None:
    """A certificate of our own CA is good with it, and stops the run without it."""
    good = await _create(tmp_path, 3, nginx.tls, cacert=str(nginx.ca))
    bad = await _create(tmp_path, 3, nginx.tls)

    assert good.summary.counts == {"created": 3}
    assert bad.exit_code == StoppedError.exit_code
    assert "certificate" in (bad.run.stopped or "")
    assert bad.summary.counts == {"not_attempted": 3}


async def test_a_server_that_hangs_up_leaves_doubt_and_no_claim_to_fame(
    nginx: Nginx, tmp_path: Path
) -> None:
    """A reply that never comes is no creation, and patience has an end."""
    result = await _create(tmp_path, 2, nginx.mute, patience=1.0)

    assert result.exit_code == StoppedError.exit_code
    assert result.summary.counts == {"not_attempted": 2}
    assert "nothing succeeded" in (result.run.stopped or "")
