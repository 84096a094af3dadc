"""Reading kept samples from their files: while an engine writes them, after it crashed, with damage in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from controlroom.adapters.samples.blocks import HEAD_SIZE, LONGEST_BODY, NAMES, SAMPLES, Block, blocks
from controlroom.errors import SamplesUnkept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PIECE = 2 * LONGEST_BODY
"""Bytes that are looked at together: room for the longest block, wherever it begins."""


def read_blocks(path: Path, position: int = 0) -> Iterator[tuple[int, Block]]:
    """Every sound block of the file from `position` on, and where it begins. Raises SamplesUnkept."""
    try:
        with path.open("rb") as file:
            while True:
                file.seek(position)
                data = file.read(_PIECE)
                end = 0
                for block in blocks(data):
                    end = block.end
                    yield position + block.start - HEAD_SIZE, block
                if len(data) < _PIECE:
                    return
                position += end or _PIECE - LONGEST_BODY - HEAD_SIZE
    except OSError as exc:
        raise unkept(exc, "read") from exc


def indices_in(block: Block) -> dict[str, int]:
    """The indices of the series that a block of names names; none when its body makes no sense."""
    try:
        return {name: block.number + place for place, name in enumerate(block.names())}
    except msgspec.DecodeError:
        return {}


def sample_blocks(path: Path) -> Iterator[tuple[dict[str, int], Block]]:
    """Every block of samples of a whole file, with the indices of the series named so far; none without a file."""
    names: dict[str, int] = {}
    for _, block in read_blocks(path) if path.exists() else ():
        if block.kind == NAMES:
            names |= indices_in(block)
        elif block.kind == SAMPLES:
            yield names, block


def older(path: Path) -> Path:
    """Where the samples are that were kept before the file at `path` was begun."""
    return path.with_name(f"{path.stem}.1{path.suffix}")


def unkept(exc: OSError, doing: str) -> SamplesUnkept:
    """The error for what the system refused when `doing` ("read", "written") was tried."""
    return SamplesUnkept(f"samples cannot be {doing}: {(exc.strerror or type(exc).__name__).lower()}")
