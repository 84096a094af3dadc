"""Putting an engine together: plan, kit, journal, watchers, runner and control server of one run."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.journal.sqlite import SqliteJournal
from controlroom.adapters.kit import build_kit
from controlroom.adapters.manual import ManualDesk
from controlroom.adapters.samples.file import SampleFile
from controlroom.control.peer import config_path, load_access
from controlroom.control.process import introduce
from controlroom.control.protocol import Output
from controlroom.control.server import ControlServer
from controlroom.daemon.beginning import first_events, fold_sound, plan_of, read_secret, stage_of, taken_environment
from controlroom.daemon.desk import RunDesk
from controlroom.daemon.lookback import LookBack
from controlroom.daemon.planfile import notice_changes
from controlroom.engine.history import TREND_S, recall, recollected
from controlroom.engine.judge import bounds_of
from controlroom.engine.ledger import Ledger
from controlroom.engine.monitor import Monitor
from controlroom.engine.outbox import Outbox
from controlroom.engine.prober import Prober
from controlroom.engine.recorder import Recorder
from controlroom.engine.runner import Runner
from controlroom.engine.scenes import SceneMaker
from controlroom.engine.steps import Tools
from controlroom.errors import JournalError, StageError
from controlroom.plan.references import credentials_of, require_all
from controlroom.rehearsal.client import AsyncStageClient
from controlroom.run import events as ev
from controlroom.run.pace import Pace
from controlroom.run.times import parse, stamp
from controlroom.run.trail import trail_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from controlroom.control.home import Home, RunFolder
    from controlroom.daemon.settings import Start
    from controlroom.ports import Kit
    from controlroom.run.events import Record
    from controlroom.run.samples import Sample
    from controlroom.run.state import RunState

BEAT_S = 1.0
RECALL_S = 2.0
"""Real seconds for which an engine that takes a run up waits to be told what it has missed."""
LAST_WORDS_S = 10.0
"""Real seconds for which an engine whose run is over waits until people are told."""
RECENT = 60
"""Events that a screen is shown when it comes: a full journal pane."""


class Engine:
    """One engine of one run. `begin` starts the run or takes it up, `drive` sees it to its end."""

    def __init__(self, home: Home, folder: RunFolder, start: Start) -> None:
        self.folder = folder
        self.start = start
        self.home = home
        self.host = socket.gethostname()
        self.clock = SystemClock()
        self.pace = Pace(start.speed)
        self.stage = stage_of(start)
        self.loaded = plan_of(folder, start, self.stage)
        self.newest: dict[str, Sample] = {}
        self.samples = SampleFile(folder.samples)
        self.questions = ManualDesk()
        self.scenes = SceneMaker(folder.run, folder.path, self._output)
        self.kit: Kit
        self.ledger: Ledger
        self.monitor: Monitor
        self.runner: Runner
        self.server: ControlServer | None = None
        self.outbox: Outbox | None = None
        self._untold: list[Record] = []
        self._stack = AsyncExitStack()
        self._recent: deque[Record] = deque(maxlen=RECENT)

    # -- beginning

    async def begin(self, say: Callable[[str], None]) -> None:
        """Take the environment, look at everything, write the first events (or fold the known ones), and listen.

        Raises Held, MissingSecret, PreflightRefused, JournalError; then nothing is left running.
        """
        try:
            await self._begin(say)
        except BaseException:
            await self._stack.aclose()
            raise

    async def _begin(self, say: Callable[[str], None]) -> None:
        lock = taken_environment(self.home, self.folder, self.start, self.loaded, self.clock)
        self._stack.callback(lock.release)
        if self.stage is not None:
            await self._stack.enter_async_context(AsyncStageClient(self.stage.socket).hold())
        credentials = credentials_of(self.loaded.plan, os.environ, read_secret)
        self.kit = build_kit(
            self.loaded.plan,
            run_id=self.folder.run,
            env=os.environ,
            clock=self.clock,
            pace=self.pace,
            rehearsal_bin=self.stage.bin if self.stage else None,
            newest=self._newest,
            desk=self.questions,
            secrets=[one.value for one in credentials if one.value],
        )
        self._stack.push_async_callback(self.kit.close)
        journal = SqliteJournal(self.folder.journal)
        self._stack.push_async_callback(journal.close)
        self._stack.push_async_callback(self.samples.close)
        records = await journal.read() if self.folder.journal.exists() else []
        known = fold_sound(records)
        if known is not None:
            require_all(credentials)
        self._recent.extend(records)
        self.ledger = Ledger(
            journal, self.clock, run=self.folder.run, host=self.host, publish=self._publish, state=known
        )
        started = ev.EngineStarted(pid=os.getpid(), host=self.host, recovered=known is not None)
        if known is None:
            first, past = await first_events(
                self.start, self.loaded, self.kit, self.clock, self.scenes, self.stage, credentials, say
            )
            await self.ledger.begin([*first, started])
        else:
            await self.ledger.record(started)
            past = await recall(self.kit.sources(), self.clock, self.pace, TREND_S, RECALL_S)
        self._assemble(self.ledger.state)
        self.prober.recollect(await recollected(self.samples, self.prober.elapsed()))
        await self.monitor.recollect(self.samples)
        self.prober.remember(past)
        await self._listen()

    def _assemble(self, state: RunState) -> None:
        tools = Tools(ledger=self.ledger, kit=self.kit, clock=self.clock, pace=self.pace, scenes=self.scenes)
        passed = (self.clock.now() - parse(state.started)).total_seconds()
        prober = Prober(
            self.kit.sources(),
            clock=self.clock,
            pace=self.pace,
            bounds=bounds_of(state.outline),
            on_samples=self._measured,
            base_s=self.pace.plan(max(0.0, passed)),
            trail=partial(trail_of, state.outline),
        )
        self.prober = prober
        self.recorder = Recorder(self.samples, self.ledger, self.clock, self.pace, prober.elapsed)
        self.monitor = Monitor(tools, self.loaded.plan, prober, self._sampled)
        self.runner = Runner(tools, self.loaded.plan, self.monitor, reply=self.questions.answer)
        self.outbox = Outbox(self.kit.notifiers(), self.ledger, self.clock)
        for record in self._untold:
            self.outbox.take(record)

    async def _listen(self) -> None:
        self.desk = RunDesk(
            self.ledger,
            self.runner,
            self.monitor,
            LookBack(self.samples, self.clock, self.prober.elapsed),
            self.folder.jobs,
            self._recent,
        )
        access = load_access(config_path(os.environ), owner=os.getuid())
        self.server = ControlServer(self.desk, run=self.folder.run, access=access)
        await self.server.start(self.folder.socket)
        introduce(self.folder.engine, run=self.folder.run, started=stamp(self.clock.now()))

    # -- driving

    async def drive(self, stop: asyncio.Event) -> RunState:
        """See the run to its end, or until `stop` is set; the state it was left in.

        Raises JournalError when the run can no longer be remembered: nothing more is done then, and everybody is told.
        """
        why = "the engine was stopped; controlroom recover takes the run up"
        try:
            await self._until(stop)
            if self.ledger.state.phase.terminal:
                why = f"the run is over: {self.ledger.state.phase.value}"
            await self.ledger.record(ev.EngineStopped(why=why))
        except* JournalError as failures:
            why = f"the journal cannot be written: {failures.exceptions[0]}"
            raise
        finally:
            if self.server is not None:
                await self.server.close(why)
            await self._leave_stage()
            await self.recorder.close()
            await self._stack.aclose()
        return self.ledger.state

    async def _until(self, stop: asyncio.Event) -> None:
        assert self.outbox is not None  # noqa: S101 - made by begin
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self.outbox.run())
            self.desk.spawn = group.create_task
            others = [
                group.create_task(work)
                for work in (
                    self.prober.run(),
                    self.monitor.run(),
                    self.recorder.run(),
                    self._beat(),
                    notice_changes(Path(self.start.plan_path), self.ledger, self.clock),
                )
            ]
            running = group.create_task(self.runner.run())
            stopping = group.create_task(stop.wait())
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (running, stopping, *others):
                task.cancel()
            if self.ledger.state.phase.terminal:
                await self._leave_stage()
                await self.outbox.drain(LAST_WORDS_S)
            telling.cancel()

    async def _beat(self) -> None:
        while True:
            if self.server is not None:
                self.server.beat(at=self.clock.now().timestamp(), elapsed_s=self.monitor.elapsed())
            await self.clock.sleep(BEAT_S)

    async def _leave_stage(self) -> None:
        if self.stage is None or not self.ledger.state.phase.terminal:
            return
        try:
            await AsyncStageClient(self.stage.socket).end()
        except StageError as gone:
            print(f"the stage was gone already: {gone}", flush=True)  # noqa: T201 - the engine's log
        self.stage = None

    # -- telling

    def _publish(self, record: Record) -> None:
        self._recent.append(record)
        if self.outbox is None:
            self._untold.append(record)
        else:
            self.outbox.take(record)
        if self.server is not None:
            self.server.happened(record)
            self.runner.wake()

    def _measured(self, samples: Sequence[Sample]) -> None:
        self.monitor.take(samples)

    def _sampled(self, samples: Sequence[Sample]) -> None:
        self.newest.update({sample.series: sample for sample in samples})
        self.recorder.take(samples)
        if self.server is not None:
            self.server.sampled(samples, self.monitor.judgements(samples))

    def _newest(self, series: str) -> tuple[Sample, float] | None:
        sample = self.newest.get(series)
        return None if sample is None else (sample, self.monitor.elapsed() - sample.elapsed)

    def _output(self, service: str, job: str, line: str) -> None:
        if self.server is not None:
            self.server.output(Output(service=service, job=job, lines=(line,)))
