"""What logout does to an engine, asked of a logind whose answers a busctl on the PATH gives in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controlroom.control.logout import agent_warning, logout_risk

if TYPE_CHECKING:
    from pathlib import Path

IN_SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"
ENVIRON = {"XDG_RUNTIME_DIR": "/run/user/1000"}
KILLS = {"KillUserProcesses": "b true", "KillOnlyUsers": "as 0", "KillExcludeUsers": 'as 1 "root"'}


class Machine:
    """A PATH with busctl and systemd-run, a cgroup file and a folder of lingering accounts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin, self.lingerers, self.cgroup = folder / "bin", folder / "linger", folder / "cgroup"
        self.bin.mkdir()
        self.lingerers.mkdir()
        self.cgroup.write_text(IN_SESSION)
        monkeypatch.setenv("PATH", f"{self.bin}")
        self.program("systemd-run", "")

    def program(self, name: str, body: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.bin / name).chmod(0o755)

    def logind(self, answers: dict[str, str]) -> None:
        arms = "\n".join(f"{name}) echo '{answer}';;" for name, answer in answers.items())
        self.program("busctl", f'case "$5" in\n{arms}\nesac')


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_logind_that_kills_is_worked_around(machine: Machine) -> None:
    """S23: KillUserProcesses without linger: the user's systemd starts the engine, and linger is advised."""
    machine.logind(KILLS)
    risk = logout_risk("ana", ENVIRON, cgroup=machine.cgroup, lingerers=machine.lingerers)
    assert risk is not None
    assert risk.prefix[:2] == (str(machine.bin / "systemd-run"), "--user")
    assert not risk.lingers
    assert "loginctl enable-linger ana" in risk.fix
    (machine.lingerers / "ana").touch()
    lingering = logout_risk("ana", ENVIRON, cgroup=machine.cgroup, lingerers=machine.lingerers)
    assert lingering is not None
    assert (lingering.lingers, lingering.fix) == (True, "")
    assert lingering.prefix == risk.prefix


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"KillUserProcesses": "b false"},
        {**KILLS, "KillExcludeUsers": 'as 2 "root" "ana"'},
        {**KILLS, "KillOnlyUsers": 'as 1 "eve"'},
    ],
)
def test_logind_that_spares_is_no_risk(machine: Machine, answers: dict[str, str]) -> None:
    """Killing switched off, or not for this account, or no logind at all."""
    machine.logind(answers)
    assert logout_risk("ana", ENVIRON, cgroup=machine.cgroup, lingerers=machine.lingerers) is None


def test_outside_a_session_nothing_is_asked(machine: Machine) -> None:
    """A service, a container, a machine without cgroups: there is no session that could end."""
    machine.logind(KILLS)
    machine.cgroup.write_text("0::/system.slice/cron.service\n")
    assert logout_risk("ana", ENVIRON, cgroup=machine.cgroup, lingerers=machine.lingerers) is None
    machine.cgroup.unlink()
    assert logout_risk("ana", ENVIRON, cgroup=machine.cgroup, lingerers=machine.lingerers) is None


def test_without_a_way_round_the_risk_is_told(machine: Machine) -> None:
    """No systemd-run, or no user bus to ask: the operator hears what to do."""
    machine.logind(KILLS)
    for environ in ({}, ENVIRON):
        risk = logout_risk("ana", environ, cgroup=machine.cgroup, lingerers=machine.lingerers)
        assert risk is not None
        assert risk.prefix == ()
        assert "enable-linger" in risk.fix
        (machine.bin / "systemd-run").unlink(missing_ok=True)


def test_a_forwarded_agent_is_warned_of() -> None:
    """A step that seems to use ssh, in an ssh session with an agent, may fail after logout; others are fine."""
    session = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22", "SSH_AUTH_SOCK": "/run/ssh-x/agent.1"}
    warning = agent_warning(session, ["kubectl apply", "ansible-playbook site.yml"])
    assert warning is not None
    assert warning.startswith("'ansible-playbook site.yml' may need the ssh agent")
    assert agent_warning(session, ["kubectl apply", "deploy.sh sshd"]) is None
    assert agent_warning({"SSH_AUTH_SOCK": "/run/user/1000/agent"}, ["ssh host"]) is None
    assert agent_warning({"SSH_CONNECTION": "x"}, ["ssh host"]) is None
