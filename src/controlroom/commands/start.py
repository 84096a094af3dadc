"""The commands that open a screen: start or rehearse a go-live, attach to one, take one up."""

from __future__ import annotations

import click

from controlroom import frontends
from controlroom.commands.options import breach_option, headless_option, label_option, window_option


@click.command()
@click.argument("plan")
@breach_option
@window_option
@headless_option
@label_option
def run(plan: str, accept_breach: str, override_window: str, headless: bool, label: str) -> int:
    """Start a plan's go-live and attach to it.

    When the same plan is active in its environment already, attach to that. The go-live goes on without the screen.
    """
    return frontends.run(
        plan=plan, headless=headless, label=label, accept_breach=accept_breach, override_window=override_window
    )


@click.command()
@click.argument("plan", required=False)
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="Break the stage so, as in orders:errors=8%.")
@click.option(
    "--speed", type=click.FloatRange(min=1), default=1.0, metavar="N", help="Let what is waiting pass N times faster."
)
@click.option("--window", default="", metavar="OPENS/CLOSES/ZONE", help="Rehearse a window too.")
@click.option(
    "--edge",
    type=click.Choice(("own", "varnish")),
    default="own",
    help="What caches the frontend: the stage's own edge, or a real Varnish.",
)
@breach_option
@headless_option
@label_option
def rehearse(
    plan: str | None,
    faults: tuple[str, ...],
    speed: float,
    window: str,
    edge: str,
    accept_breach: str,
    headless: bool,
    label: str,
) -> int:
    """Rehearse a plan on a stage of this machine.

    Without PLAN it is the S5 go-live. Everything happens on loopback, and is gone afterwards.
    """
    return frontends.rehearse(
        plan=plan,
        faults=faults,
        speed=speed,
        window=window,
        edge=edge,
        accept_breach=accept_breach,
        headless=headless,
        label=label,
    )


@click.command()
@click.argument("run", required=False)
@headless_option
@label_option
def attach(run: str | None, headless: bool, label: str) -> int:
    """Open the screen of a run, as driver."""
    return frontends.attach(run=run, headless=headless, label=label)


@click.command()
@click.argument("run", required=False)
@headless_option
def watch(run: str | None, headless: bool) -> int:
    """Open the screen of a run, read-only."""
    return frontends.watch(run=run, headless=headless)


@click.command()
@click.argument("run", required=False)
@click.option("--follow", "-f", is_flag=True, help="Stay, print its events, and end as the run does: for systemd.")
def recover(run: str | None, follow: bool) -> int:
    """Take up a run whose engine is gone.

    A step that was under way is adopted, attached to again, or verified; nothing runs twice.
    """
    return frontends.recover(run=run, follow=follow)
