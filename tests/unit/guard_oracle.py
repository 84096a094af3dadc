"""A slow and obvious reading of S1-S5: when a guard has to fire, looked up anew from the whole past for each sample."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tests.unit.measurements import RULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.samples import Sample

FOR_S = RULE.for_s
GAP_S = 12.5
"""Two and a half intervals of 5 s: two, and half of one for samples that are late."""


def kind_of(one: Sample) -> str:
    """`breach`, `calm` or `silent`."""
    return "silent" if one.value is None else "breach" if one.value > RULE.limit else "calm"


def lasted(samples: Sequence[Sample], place: int) -> float:
    """For how long the breach has lasted at `samples[place]`: looked up anew from the whole past, each time."""
    run: list[float] = []
    for one in reversed(samples[: place + 1]):
        if kind_of(one) == "calm":
            break
        if kind_of(one) == "breach":
            run.append(one.elapsed)
    return sum(later - earlier for later, earlier in pairwise(run) if later - earlier <= GAP_S)


def firing(samples: Sequence[Sample]) -> list[float]:
    """When the guard has to fire: the first sample of each episode at which the breach lasted too long."""
    fired: list[float] = []
    standing = False
    for place, one in enumerate(samples):
        if kind_of(one) == "calm":
            standing = False
        elif kind_of(one) == "breach" and not standing and lasted(samples, place) > FOR_S:
            standing = True
            fired.append(one.elapsed)
    return fired
