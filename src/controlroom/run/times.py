"""Wall-clock times as events carry them: RFC 3339 in UTC with a Z."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """`moment` (aware) with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """The aware moment that `text` names; ValueError for anything else."""
    return datetime.fromisoformat(text)


def seconds_between(earlier: str, later: str) -> float:
    """Wall-clock seconds from one event's time to another's."""
    return (parse(later) - parse(earlier)).total_seconds()
