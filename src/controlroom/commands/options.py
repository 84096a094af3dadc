"""Options that many commands share, and the kinds of values that the command line reads."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.commands.give import Operator

P = ParamSpec("P")


class Duration(click.ParamType):  # type: ignore[type-arg] # generic in newer click only
    """`90s`, `5m`, `1h30m` as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, or a usage error with a hint."""
        from controlroom.plan.units import UnitError, parse_duration  # noqa: PLC0415 - few commands take a duration

        if isinstance(value, float):
            return value
        try:
            return parse_duration(value)
        except UnitError as exc:
            self.fail(f"{exc}; {exc.hint}" if exc.hint else str(exc), param, ctx)


run_option = click.option("--run", metavar="RUN", help="Which run: its id or a unique prefix.")
label_option = click.option("--as", "label", default="", metavar="NAME", help="Your name, on a shared account.")
headless_option = click.option("--headless", is_flag=True, help="No screen: print events, drive by commands.")

breach_option = click.option(
    "--accept-breach", default="", metavar="REASON", help="Start although a guard is breached already, as for a hotfix."
)
window_option = click.option(
    "--override-window", default="", metavar="REASON", help="Start although the window is not open."
)


def as_operator(function: Callable[Concatenate[Operator, P], None]) -> Callable[..., None]:
    """Give a command --run, --as and --reason, and `function` the operator that they name."""

    @run_option
    @label_option
    @click.option("--reason", default="", metavar="TEXT", help="Why, for the journal.")
    @functools.wraps(function)
    def command(run: str | None, label: str, reason: str, *args: P.args, **kwargs: P.kwargs) -> None:
        from controlroom.commands.give import Operator  # noqa: PLC0415 - opening a screen gives no command

        function(Operator(run=run, label=label, reason=reason), *args, **kwargs)

    return command
