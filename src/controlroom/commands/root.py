"""The command line as click reads it: which words there are, and where each lives."""

from __future__ import annotations

import importlib
import os
import sys
from keyword import iskeyword

import click

SECTIONS = {
    "Start and attach": {
        "run": ("start", "Start a plan's go-live and attach to it."),
        "rehearse": ("start", "Rehearse a plan on a stage of this machine."),
        "attach": ("start", "Open the screen of a run, as driver."),
        "watch": ("start", "Open the screen of a run, read-only."),
        "recover": ("start", "Take up a run whose engine is gone."),
    },
    "Look": {
        "status": ("look", "Say how a run stands."),
        "events": ("look", "Print a run's events, one JSON object a line."),
        "history": ("look", "List the runs so far."),
        "report": ("report", "Write a run's close-out report."),
        "wait": ("wait", "Block until something holds in a run."),
    },
    "Drive": {
        "advance": ("drive", "Let the service (or traffic) at the gate begin."),
        "hold": ("drive", "Start nothing new."),
        "resume": ("drive", "Lift the operator's hold."),
        "rollback": ("drive", "Take one service, or everything, back."),
        "retry": ("drive", "Run the failed step of a service again."),
        "verify": ("drive", "Verify a service again."),
        "done": ("drive", "Vouch that a service is live."),
        "fail": ("drive", "Say no to what a service waits for you to do or see."),
        "skip": ("drive", "Go on without a service."),
        "abort": ("drive", "End the run as it stands, rolling nothing back."),
        "close": ("drive", "End a run that has its verdict."),
        "smoke": ("checklist", "Run and mark smoke tests; alone, list them."),
        "traffic": ("checklist", "Let public traffic in, or keep it out."),
        "ack": ("checklist", "Acknowledge an alarm."),
        "note": ("checklist", "Write a note into the journal."),
        "lease": ("checklist", "Say who drives: take over, or hand over with a note."),
    },
    "Plans": {
        "validate": ("plans", "Check plans and report every problem."),
        "preview": ("plans", "Print what a plan would do, in order."),
        "import": ("importing", "Make a plan of a go-live document."),
        "schema": ("plans", "Print the JSON Schema of plans, for editors."),
    },
    "Stage": {
        "stage": ("stage", "Say what the running stage itself saw."),
        "fault": ("stage", "Switch a fault of the running stage."),
    },
}
"""Command → its module in `controlroom.commands` and its line in the help, so that help imports none of them."""

BROKEN_PIPE = 141


class Commands(click.Group):
    """Imports a command's module when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of the help."""
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of that name."""
        for section in SECTIONS.values():
            if cmd_name in section:
                module = importlib.import_module(f"controlroom.commands.{section[cmd_name][0]}")
                command: click.Command = getattr(module, f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name)
                return command
        return None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; that whoever read its output has left is no failure, which click would make of it."""
        try:
            result: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # The interpreter must not try to flush once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(BROKEN_PIPE)
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The help's sections."""
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in section.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="controlroom")
def root() -> None:
    """Drive a go-live service by service: deploy, verify, guard, roll back, watch.

    RUN is a run's id or a unique prefix of it; left out, the only active run is meant, else the newest.
    """


def read() -> int:
    """Do what the command line asks for; the exit code of the process. Words that make no sense are explained."""
    try:
        code = root.main(prog_name="controlroom", standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except click.Abort as exc:
        raise KeyboardInterrupt from exc
    return code if isinstance(code, int) else 0
