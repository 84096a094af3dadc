"""The engine's process: started apart from any terminal by `controlroom run`, `rehearse` and `recover`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from controlroom.adapters.clock import SystemClock
from controlroom.control.home import Home, RunFolder
from controlroom.control.process import NotStarted, Progress, Ready, StatusPipe
from controlroom.daemon.launch import Engine
from controlroom.daemon.settings import Start
from controlroom.errors import ControlroomError


async def serve(folder: RunFolder, home: Home, status: StatusPipe) -> int:
    """Drive the run in `folder` to its end; the exit code of the process."""
    try:
        engine = Engine(home, folder, await Start.awaited(folder.path, SystemClock()))
        await engine.begin(lambda text: status.tell(Progress(text)))
    except ControlroomError as refusal:
        status.tell(NotStarted(refusal.exit_code, str(refusal)))
        return refusal.exit_code
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    status.tell(Ready(folder.run))
    await engine.drive(stop)
    return 0


def main() -> int:
    """Entry point: `python -m controlroom.daemon HOME RUN`."""
    home = Home(Path(sys.argv[1]))
    folder = RunFolder(home.path / "runs" / sys.argv[2])
    status = StatusPipe.inherited(os.environ)
    return asyncio.run(serve(folder, home, status))


if __name__ == "__main__":
    sys.exit(main())
