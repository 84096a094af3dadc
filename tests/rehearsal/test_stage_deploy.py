"""Deploying on the stage: versions switch under load, and a broken-off deploy leaves the old one as it was."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from controlroom.errors import StageError, UsageError
from controlroom.rehearsal.process import StageHandle

pytestmark = pytest.mark.stage
Eventually = Callable[[Callable[[], object], float], None]


@pytest.fixture(autouse=True)
def no_faults_left(stage: StageHandle) -> Iterator[None]:
    """Each test finds no fault on and leaves none."""
    yield
    for fault in stage.client.faults():
        stage.client.fault(fault, on=False)


def _version(stage: StageHandle, web: httpx.Client, service: str) -> str:
    return str(web.get(stage.endpoints[f"{service}.url"] + "/health").json()["version"])


def _deploys(stage: StageHandle, service: str) -> list[str]:
    return [deploy["version"] for deploy in stage.client.report()["services"][service]["deploys"]]


def _command(stage: StageHandle, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words, env={"PATH": str(stage.bin)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("service", ["auth", "catalog", "orders", "frontend"])
def test_deploy_switches_the_version_and_back(stage: StageHandle, web: httpx.Client, service: str) -> None:
    """A service answers with the version that was deployed last, and the stage counts both deploys."""
    said: list[str] = []
    stage.client.deploy(service, "v2.1.0", said.append)
    assert _version(stage, web, service) == "v2.1.0"
    assert stage.client.report()["services"][service]["live"] == "v2.1.0"
    assert [line.split()[0] for line in said] == ["starting", "switched", "health"]
    stage.client.deploy(service, "v2.0.0")
    assert _version(stage, web, service) == "v2.0.0"
    assert _deploys(stage, service)[-2:] == ["v2.1.0", "v2.0.0"]


def test_a_deploy_of_the_live_version_counts(stage: StageHandle) -> None:
    """Nothing is run twice unseen: the stage counts what it was told, also when it changes nothing."""
    before = _deploys(stage, "auth")
    stage.client.deploy("auth", "v2.0.0")
    assert _deploys(stage, "auth") == [*before, "v2.0.0"]


def test_the_listener_is_never_away(stage: StageHandle) -> None:
    """While versions switch, requests go on being answered: none is refused for as long as a second."""
    url, gaps, over = stage.endpoints["orders.url"] + "/health", [0.0], threading.Event()

    def watch() -> None:
        last = time.monotonic()
        while not over.is_set():
            try:
                ok = httpx.get(url, trust_env=False, timeout=2).status_code == 200
            except httpx.TransportError:
                ok = False
            now = time.monotonic()
            if ok:
                gaps.append(now - last)
                last = now

    watcher = threading.Thread(target=watch)
    watcher.start()
    for version in ("v2.1.0", "v2.0.0", "v2.1.0", "v2.0.0"):
        stage.client.deploy("orders", version)
    over.set()
    watcher.join()
    assert len(gaps) > 10
    assert max(gaps) < 1.0


def test_the_command_streams_what_it_does(stage: StageHandle, web: httpx.Client) -> None:
    """`deploy SERVICE VERSION` on the rehearsal's PATH prints its steps and exits 0."""
    done = _command(stage, "deploy", "catalog", "v2.1.0")
    output, errors = done.communicate(timeout=20)
    assert (done.returncode, errors) == (0, "")
    port = stage.endpoints["catalog.url"].rpartition(":")[2]
    assert output.splitlines() == [
        f"starting catalog v2.1.0 on :{port}",
        "switched catalog to v2.1.0",
        "health ok (HTTP 200)",
    ]
    assert _version(stage, web, "catalog") == "v2.1.0"
    stage.client.deploy("catalog", "v2.0.0")


@pytest.mark.parametrize("words", [(), ("auth",), ("auth", "v9"), ("database", "v2.1.0"), ("auth", "v2.1.0", "x")])
def test_the_command_refuses_unknown_words(stage: StageHandle, words: tuple[str, ...]) -> None:
    """Exit 2, and the words that there are, on stderr."""
    done = _command(stage, "deploy", *words)
    output, errors = done.communicate(timeout=20)
    assert (done.returncode, output) == (2, "")
    assert "auth, catalog, orders, frontend" in errors
    with pytest.raises(UsageError):
        stage.client.deploy("auth", "v9")


def test_the_path_holds_the_stage_s_commands_only(stage: StageHandle) -> None:
    """S30: nothing else can be run by accident; the shell's own words work."""
    named = sorted(path.name for path in stage.bin.iterdir())
    assert named == ["canary", "db-migrate", "deploy", "invalidate-cdn", "traffic-weight"]
    done = subprocess.run(
        ["/bin/sh", "-ec", "echo hello; kubectl apply"],
        env={"PATH": str(stage.bin)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (127, "hello\n")


def test_a_slow_deploy_takes_five_seconds_and_the_next_one_waits(stage: StageHandle, web: httpx.Client) -> None:
    """`deploy:auth=slow` waits 5 s before anything changes; two deploys of a service take turns."""
    stage.client.fault("deploy:auth=slow")
    begun = time.monotonic()
    slow = _command(stage, "deploy", "auth", "v2.1.0")
    assert slow.stdout is not None
    slow.stdout.readline()
    assert _version(stage, web, "auth") == "v2.0.0"
    said: list[str] = []
    stage.client.deploy("auth", "v2.0.0", said.append)
    assert 5.0 <= time.monotonic() - begun < 8.0
    assert said[0] == "another deploy of auth is under way: waiting for it"
    assert (slow.communicate()[1], slow.returncode) == ("", 0)
    assert _deploys(stage, "auth")[-2:] == ["v2.1.0", "v2.0.0"]
    assert _version(stage, web, "auth") == "v2.0.0"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_deploy_whose_client_dies_does_not_go_live(
    stage: StageHandle, web: httpx.Client, eventually: Eventually, number: int
) -> None:
    """A killed command cancels its deploy: never a late success, and the next deploy is not kept waiting."""
    stage.client.fault("deploy:auth=hang")
    before = stage.client.report()["services"]["auth"]
    client = _command(stage, "deploy", "auth", "v2.1.0")
    assert client.stdout is not None
    client.stdout.readline()
    os.kill(client.pid, number)
    client.communicate()

    def noted() -> bool:
        return len(stage.client.report()["services"]["auth"]["not_live"]) == len(before["not_live"]) + 1

    eventually(noted, 2)
    assert _version(stage, web, "auth") == "v2.0.0"
    stage.client.deploy("auth", "v2.0.0")
    assert _deploys(stage, "auth") == [*(deploy["version"] for deploy in before["deploys"]), "v2.0.0"]


def test_a_failing_deploy_says_so_and_changes_nothing(stage: StageHandle, web: httpx.Client) -> None:
    """`deploy:orders=fail` exits 1 and leaves the old version."""
    stage.client.fault("deploy:orders=fail")
    done = _command(stage, "deploy", "orders", "v2.1.0")
    _, errors = done.communicate(timeout=20)
    assert (done.returncode, errors) == (1, "orders v2.1.0: the build is broken\n")
    assert _version(stage, web, "orders") == "v2.0.0"
    with pytest.raises(StageError, match="the build is broken"):
        stage.client.deploy("orders", "v2.1.0")
