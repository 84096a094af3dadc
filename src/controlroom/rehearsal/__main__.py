"""The stage's process: detaches itself, brings the stage up, tells who started it, and cleans up at the end.

Started by `process.start_stage` with one argument, a JSON object: `folder`, `faults`, `speed`, `idle_s`, `public` (is
the public in from the start), `edge` (what caches the frontend), and `report_to`, the file descriptor on which it
reports `{"say": …}` lines and then `{"ready": true}` or `{"failed": …}`.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from controlroom.errors import ControlroomError
from controlroom.rehearsal import commands, scratch, spawner
from controlroom.rehearsal.faults import parse_fault
from controlroom.rehearsal.fleet import Fleet
from controlroom.rehearsal.life import started
from controlroom.rehearsal.stage import Stage
from controlroom.rehearsal.varnish import NAME


def main() -> None:
    """Run one stage to its end."""
    begun = time.monotonic()
    settings = json.loads(sys.argv[1])
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    folder = scratch.make()
    orders = spawner.fork(folder)
    try:
        scratch.sweep()
        asyncio.run(_run(settings, folder, orders, begun))
    finally:
        scratch.remove(folder)


async def _run(settings: dict[str, Any], folder: Path, orders: Any, begun: float) -> None:
    report_to = os.fdopen(settings["report_to"], "w", encoding="utf-8")

    def report(**message: object) -> None:
        try:
            report_to.write(json.dumps(message) + "\n")
            report_to.flush()
        except OSError:
            pass  # nobody waits any longer; the stage ends by itself when nobody comes

    state = Path(settings["folder"])
    faults = [parse_fault(text) for text in settings["faults"]]
    varnish = settings["edge"] == NAME
    stage = Stage(folder, Fleet(orders), faults, settings["idle_s"], public=settings["public"], varnish=varnish)
    try:
        await stage.start(lambda line: report(say=line))
        binaries = commands.install(state / "bin", stage.socket)
        description = {
            "pid": os.getpid(),
            "started": started(os.getpid()),
            "socket": str(stage.socket),
            "scratch": str(folder),
            "bin": str(binaries),
            "speed": settings["speed"],
            "endpoints": stage.endpoints,
        }
        _write(state / "stage.json", description)
        report(say=f"stage is up after {time.monotonic() - begun:.1f} s")
        report(ready=True)
        report_to.close()
        await stage.until_over()
    except ControlroomError as exc:
        report(failed=str(exc))
    finally:
        await stage.stop()
        (state / "stage.json").unlink(missing_ok=True)


def _write(path: Path, description: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main()
