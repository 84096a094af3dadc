"""The app: holds the link and the mirror, shows the main screen, and carries actions out."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from controlroom.control import protocol as wire
from controlroom.errors import ControlroomError
from controlroom.ui import deeds, themes
from controlroom.ui.actions import Friction
from controlroom.ui.presenter.keys import Said
from controlroom.ui.presenter.mirror import Mirror
from controlroom.ui.presenter.text import Tone
from controlroom.ui.screens.main import MainScreen
from controlroom.ui.screens.room import RoomScreen
from controlroom.ui.terminal.terminal_app import TerminalApp
from controlroom.ui.widgets.pen import Pen
from controlroom.ui.wire import RealTiming

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.binding import BindingType
    from textual.driver import Driver

    from controlroom.control.protocol import LogPart, Reply
    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Command
    from controlroom.ui.actions import Action
    from controlroom.ui.presenter.prompt import Prompt
    from controlroom.ui.screens.prompt import PromptScreen
    from controlroom.ui.situation import Situation
    from controlroom.ui.wire import Timing, Wire

TICK_S = 1.0
PING_TICKS = 5
"""How often the way to the engine and back is measured."""

VEIL_S = 0.3
"""An empty screen is not sent for so long: the engine mostly answers sooner, and the first picture is the run."""

SOON_S = 0.05
"""Events that come together are drawn together."""


class ControlRoomApp(TerminalApp):
    """The control room's screen; it may die at any time, and the run goes on.

    `report` makes the run's report, called in a thread; `notice` is what the operator must know as he comes.
    """

    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = []
    inherit_bindings = False
    ENABLE_COMMAND_PALETTE = False
    TITLE = "controlroom"

    def __init__(
        self,
        link: Wire,
        *,
        read_only: bool = False,
        theme: str = themes.DEFAULT,
        no_color: bool = False,
        ascii_only: bool = False,
        timing: Timing | None = None,
        report: Callable[[], str] | None = None,
        notice: str = "",
        driver_class: type[Driver] | None = None,
    ) -> None:
        palette = themes.Palette(themes.load(theme), mono=no_color)
        super().__init__(driver_class=driver_class, ansi_color=no_color or palette.theme.ansi)
        self.link = link
        self.report = report
        self.timing: Timing = timing or RealTiming()
        self.mirror = Mirror(read_only=read_only)
        self.pen = Pen(palette, ascii_only=ascii_only)
        self.main = MainScreen(notice)
        self._known = asyncio.Event()
        self._drawing_soon = False
        self._lag_s: float | None = None
        self._ticks = 0
        self._wear(palette)

    @property
    def trouble(self) -> str:
        """Why there is no connection, while there is none."""
        return self.link.trouble

    def get_default_screen(self) -> MainScreen:
        """The main screen."""
        return self.main

    def on_load(self) -> None:
        """Follow the engine: it answers while the terminal is taken over."""
        self.spawn(self._follow())

    async def look_ahead(self) -> None:
        """Draw the run before Textual has built its widgets, which takes it as long again as the picture."""
        with suppress(TimeoutError):
            async with asyncio.timeout(VEIL_S):
                await self._known.wait()
        self.unveil()
        self.paint(self.main.whole())

    def on_mount(self) -> None:
        """Tick."""
        self.timing.after(TICK_S, self._tick)

    def on_ready(self) -> None:
        """What the start made stays: collections need not look at it again (the entry has held them off until now)."""
        gc.freeze()
        gc.enable()

    # -- what the engine says

    async def _follow(self) -> None:
        """Until the link is closed; an event that does not follow is answered by asking for the whole state again."""
        while not self._exit:
            async with aclosing(self.link.replies()) as replies:
                async for reply in replies:
                    try:
                        self.take(reply)
                    except ValueError as exc:
                        self.say(Said(f"asking the engine again: {exc}", Tone.WARN))
                        break
                else:
                    return

    def take(self, reply: Reply) -> None:
        """Take a message in; events are drawn at once, streams with the next tick."""
        first = self.mirror.state is None
        self._listen()
        self.mirror.take(reply, self.timing.monotonic())
        if first and self.mirror.state is not None:
            self._known.set()
            self._draw()
        elif not isinstance(reply, wire.Sampled | wire.Output | wire.Beat) and not self._drawing_soon:
            self._drawing_soon = True
            self.timing.after(SOON_S, self._draw)

    def _tick(self) -> None:
        if not self._exit:
            self.timing.after(TICK_S, self._tick)
            if self._ticks % PING_TICKS == 0:
                self.spawn(self._measure())
            self._ticks += 1
            self._listen()
            self._draw()

    def _listen(self) -> None:
        self.mirror.hears(self.link.status, self.link.age_s, self._lag_s)

    async def _measure(self) -> None:
        try:
            self._lag_s = await self.link.ping() / 2
        except ControlroomError:
            self._lag_s = None

    def _draw(self) -> None:
        self._drawing_soon = False
        if self._exit:
            return
        for screen in self.screen_stack:
            if isinstance(screen, RoomScreen):
                screen.tick()

    # -- what the operator does

    def do(self, action: Action, at: Situation) -> None:
        """Carry `action` out, or say why it cannot be."""
        refused = action.disabled_reason(at)
        if refused:
            self.say(Said(f"{action.label}: {refused}", Tone.WARN))
        elif not action.drives:
            deeds.DEEDS[action.id](self, at)
        elif (prompt := _question(action, at)) is not None:
            self._ask(prompt)
        elif action.command is not None:
            if at.lost:
                self.say(Said(f"{action.label}: nobody hears it yet; sent as soon as the engine is back", Tone.WARN))
            self.give(action.command(at))

    def _ask(self, prompt: Prompt) -> None:
        from controlroom.ui.screens.prompt import PromptScreen  # noqa: PLC0415 - loaded when a question is first put

        question = PromptScreen(prompt, self.timing.monotonic())
        self.push_screen(question, partial(self._asked, question, self.main.said))

    def _asked(self, question: PromptScreen, before: Said, command: Command | None) -> None:
        if command is None:
            # What was said meanwhile is about something that was done, such as a hold: it stays.
            if self.main.said is before:
                self.say(Said(f"{question.ended}, not sent: {question.asked_for}", Tone.QUIET))
        else:
            self.main.note_key(question.word)
            self.give(command)

    def give(self, command: Command) -> None:
        """Send `command`; its answer appears on the key line."""
        self.spawn(self._give(command))

    async def _give(self, command: Command) -> None:
        try:
            answer = await self.link.give(command)
        except ControlroomError as exc:
            self.say(Said(f"NOT DONE: {exc}", Tone.ALARM))
            return
        self.say(Said(("✓ " if answer.ok else "✗ refused: ") + answer.message, Tone.OK if answer.ok else Tone.WARN))

    def say(self, said: Said) -> None:
        """Show an answer on the key line."""
        self.main.say(said)

    def reframe(self) -> None:
        """Draw the lines around a page again: other keys count now."""
        self.main.on_screen_suspend()

    async def read_log(self, job: str, offset: int, limit: int) -> LogPart:
        """A piece of a job's output."""
        return await self.link.read_log(job, offset, limit)

    async def read_history(self, series: str, span_s: float, columns: int) -> HistoryPart:
        """What the engine kept of a series."""
        return await self.link.read_history(series, span_s, columns)

    def next_theme(self) -> None:
        """Wear the next theme; one that cannot be used is passed over, and named."""
        names = themes.names()
        following = names[(names.index(self._palette.theme.name) + 1) % len(names)]
        try:
            self._wear(themes.Palette(themes.load(following), mono=self._palette.mono))
        except ControlroomError as exc:
            self.say(Said(str(exc), Tone.WARN))
            return
        self.say(Said(f"theme {following}", Tone.QUIET))

    def _fatal_error(self) -> None:
        """Textual would print every local variable of the traceback; `run_screen` raises the error instead."""
        self._close_messages_no_wait()

    @property
    def failure(self) -> Exception | None:
        """What broke the screen, if something did."""
        return self._exception

    async def action_quit(self) -> None:
        """Textual's own way out goes through ours."""
        await self.leave()

    async def leave(self) -> None:
        """Tell the engine that this is no accident, and end."""
        await self.link.close()
        self.exit()

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Let `work` run beside the screen; should it fail, the program ends and says why."""
        self.run_worker(work, exit_on_error=True)

    def _wear(self, palette: themes.Palette) -> None:
        """Textual's own theme stays out of it: nothing of its is shown but the ground behind the panes."""
        self._palette, self.pen = palette, Pen(palette, ascii_only=self.pen.ascii_only)
        plain = palette.theme.ansi or palette.mono
        self.main.styles.background = "ansi_default" if plain else palette.theme.colours["background"]
        if self.is_running:
            self.ansi_color = plain
            for screen in self.screen_stack:
                if isinstance(screen, RoomScreen):
                    screen.repaint()


def _question(action: Action, at: Situation) -> Prompt | None:
    """What must be asked before `action`; hold waits for nothing, not even for the questions to be loaded."""
    if action.friction is Friction.NONE:
        return None
    from controlroom.ui.questions import QUESTIONS  # noqa: PLC0415 - loaded when a question is first put

    ask = QUESTIONS.get(action.id)
    return ask(at) if ask is not None else None
