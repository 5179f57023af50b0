"""A real Docker registry on loopback, filled over its HTTP API (needs Debian's one)."""

import base64
import gzip
import hashlib
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

USER, PASSWORD = "bot", "s3cret-of-nobody"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Registry(NamedTuple):
    """A running registry: *host* with its port; *password* where it wants one."""

    host: str
    password: str | None = None

    @property
    def url(self) -> str:
        """Give its URL."""
        return f"http://{self.host}"

    @property
    def basic(self) -> str | None:
        """Give what `Authorization` has to be."""
        if self.password is None:
            return None
        return "Basic " + base64.b64encode(f"{USER}:{self.password}".encode()).decode()

    def push(
        self, repositories: Iterable[str], *, tags: Sequence[str] = ("v1",)
    ) -> dict[str, dict[str, str]]:
        """
        Push an image per tag to each of *repositories*; give the digests.

        They are as repository -> tag -> digest. Every tag has an image of its own in
        every repository; all share one layer, which is uploaded once and mounted.
        """
        pushed: dict[str, dict[str, str]] = {}
        layer = gzip.compress(bytes(1024), mtime=0)  # an empty tar
        held: str | None = None
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            for repository in repositories:
                self._blob(connection, repository, layer, held)
                held = held or repository
                pushed[repository] = {
                    tag: self._image(connection, repository, tag, layer) for tag in tags
                }
        finally:
            connection.close()
        return pushed

    def digests(self, repository: str) -> dict[str, str]:
        """Give what *repository* holds: tag -> digest; nothing if it is not there."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            status, _, body = self._ask(
                connection, "GET", f"/v2/{repository}/tags/list"
            )
            if status == 404:
                return {}
            found = {}
            for tag in json.loads(body)["tags"] or ():
                path = f"/v2/{repository}/manifests/{tag}"
                _, headers, _ = self._ask(
                    connection, "HEAD", path, headers={"Accept": _MANIFEST}
                )
                found[tag] = headers["Docker-Content-Digest"]
            return found
        finally:
            connection.close()

    def _image(
        self,
        connection: http.client.HTTPConnection,
        repository: str,
        tag: str,
        layer: bytes,
    ) -> str:
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Labels": {"of": f"{repository}:{tag}"}},
                "rootfs": {"type": "layers", "diff_ids": [_digest(bytes(1024))]},
            }
        ).encode()
        self._blob(connection, repository, config, None)
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": _described(_CONFIG, config),
                "layers": [_described(_LAYER, layer)],
            }
        ).encode()
        status, headers, body = self._ask(
            connection,
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            manifest,
            {"Content-Type": _MANIFEST},
        )
        assert status == 201, body
        digest = headers["Docker-Content-Digest"]
        assert digest == _digest(manifest)
        return digest

    def _blob(
        self,
        connection: http.client.HTTPConnection,
        repository: str,
        blob: bytes,
        held: str | None,
    ) -> None:
        """Upload *blob*, or mount it out of the repository that has it *held*."""
        digest = _digest(blob)
        path = f"/v2/{repository}/blobs/uploads/"
        mount = f"?mount={digest}&from={held}" if held else ""
        status, headers, body = self._ask(connection, "POST", path + mount)
        if status == 201:
            return
        assert status == 202, body
        where = headers["Location"].removeprefix(self.url)
        status, _, body = self._ask(
            connection,
            "PUT",
            f"{where}{'&' if '?' in where else '?'}digest={digest}",
            blob,
            {"Content-Type": "application/octet-stream"},
        )
        assert status == 201, body

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        signed = {"Authorization": self.basic} if self.basic else {}
        connection.request(method, path, body, {**signed, **(headers or {})})
        response = connection.getresponse()
        return response.status, response.headers, response.read()


@contextmanager
def serving(folder: Path, *, password: str | None = None) -> Iterator[Registry]:
    """
    Run a registry on a free port, its data in *folder*; stop it by its own pid.

    With a *password* it lets nobody in but `USER`. Several may run at once, each with
    a folder of its own.
    """
    program = found("docker-registry")
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    configuration: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"127.0.0.1:{port}", "secret": secrets.token_hex()},
    }
    if password is not None:
        users = folder / "htpasswd"
        _write_password(users, password)
        configuration["auth"] = {"htpasswd": {"realm": "test", "path": str(users)}}
    file = folder / "registry.yml"
    file.write_text(json.dumps(configuration))  # which YAML is as well
    process = subprocess.Popen(
        [program, "serve", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield Registry(f"127.0.0.1:{port}", password)
    finally:
        process.terminate()
        process.wait(10)


def _write_password(users: Path, password: str) -> None:
    line = subprocess.run(
        [found("htpasswd"), "-inB", USER],
        input=password.encode(),
        check=True,
        capture_output=True,
    ).stdout
    users.write_bytes(line.strip() + b"\n")


def found(program: str) -> str:
    """Give the path of *program*; fail or skip where it is missing."""
    path = shutil.which(program)
    if path is None:
        if os.environ.get("BULKREPO_REAL"):
            pytest.fail(
                f"{program} is missing: install docker-registry, skopeo, apache2-utils"
            )
        pytest.skip(f"{program} is not installed")
    return path


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once the port answers: it takes a tenth of a second."""
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "the registry ended at once"
            assert time.monotonic() < until, "the registry does not listen"
            time.sleep(0.02)
        else:
            return


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _described(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "size": len(blob), "digest": _digest(blob)}
