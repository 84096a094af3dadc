"""What people read, in both languages: every phrase, the card, alarms, details, and the mark of a rehearsal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from tests.engine.fake_engine import OLD, START
from tests.engine.told_engine import Mailbox, TellingEngine
from tests.engine.watched_engine import WATCHED, WatchedEngine

from controlroom.adapters.clock import ManualClock
from controlroom.adapters.fakes import FakeKit, FakeWorld
from controlroom.adapters.journal.memory import MemoryJournal
from controlroom.engine.messages import phrases
from controlroom.engine.messages.voice import Phrase, Voice
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.notices import NoticeKind
from controlroom.run.phases import Phase, Severity, SmokeState, Step, Traffic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from enum import StrEnum


SPANISH = (
    WATCHED.replace("title: Shop go-live", "title: Go-Live — Tienda\nlanguage: es")
    .replace("id: error-rate, metric", 'id: error-rate, title: "Tasa de error > 5%", metric')
    .replace("name: Database", "name: Base de Datos")
    .replace("name: Auth API", "name: API de Auth")
    .replace("name: Orders API", "name: API de Pedidos")
    .replace("title: Sign-up", "title: Registro de Usuario")
)


class SpanishEngine(TellingEngine, WatchedEngine):
    """The watched plan in Spanish, with a mailbox."""

    def __init__(self, box: Mailbox, clock: ManualClock, **options: Any) -> None:
        world = FakeWorld(versions=dict(OLD))
        super().__init__(world, clock, plan=options.pop("plan", SPANISH), journal=MemoryJournal(), **options)
        self.box = box
        self.kit = FakeKit(world, self.kit.feeds, told={"slack": box})

    def alarm(self) -> str:
        """The newest alarm as it was first told."""
        return "\n".join(self._newest(NoticeKind.ALARM))

    def card(self) -> list[str]:
        """The card as it reads now."""
        return self._newest(NoticeKind.CARD)

    def _newest(self, kind: NoticeKind) -> list[str]:
        notice = [notice for notice in self.box.taken if notice.kind is kind][-1]
        return [notice.headline, *notice.lines]


@pytest.fixture
async def spanish() -> AsyncIterator[SpanishEngine]:
    """At its first gate."""
    clock = ManualClock(START)
    engine = SpanishEngine(Mailbox(clock), clock)
    await engine.start()
    yield engine
    await engine.stop()


def every_phrase() -> Iterator[Phrase]:
    """All phrases of the module."""
    for value in vars(phrases).values():
        if isinstance(value, Phrase):
            yield value
        elif isinstance(value, Mapping):
            yield from (phrase for phrase in value.values() if isinstance(phrase, Phrase))


@pytest.mark.parametrize("phrase", every_phrase(), ids=lambda phrase: phrase.en[:40])
def test_both_languages_say_the_same_things(phrase: Phrase) -> None:
    """What is filled in on one side is filled in on the other."""
    assert set(re.findall(r"\{(\w+)\}", phrase.en)) == set(re.findall(r"\{(\w+)\}", phrase.es))
    assert phrase.es.strip()


@pytest.mark.parametrize(
    ("table", "kinds"),
    [
        (phrases.PHASES, Phase),
        (phrases.TRAFFIC_STATES, Traffic),
        (phrases.SMOKE_STATES, SmokeState),
        (phrases.SEVERITIES, Severity),
        (phrases.DOING, Step),
        (phrases.STEP_FAILED, Step),
    ],
    ids=lambda value: getattr(value, "__name__", "table"),
)
def test_no_state_is_without_a_word(table: Mapping[Any, Phrase], kinds: type[StrEnum]) -> None:
    """A new phase or state without its phrase would break the message about it."""
    assert set(table) == set(kinds)


@pytest.mark.parametrize(
    ("english", "spanish_text"),
    [
        ("orders 6.2 % > 5 % for 05:01", "orders 6,2 % > 5 % durante 05:01"),
        ("orders 0.4 % > 0.25 % for 01:05:01", "orders 0,4 % > 0,25 % durante 01:05:01"),
        ("orders 0.4 % ≤ 5 %", "orders 0,4 % ≤ 5 %"),
        ("auth 312 ms > 0.3 s for 00:31", "auth 312 ms > 0,3 s durante 00:31"),
        ("no data of error_rate for 01:05: HTTP 503", "sin datos de error_rate durante 01:05: HTTP 503"),
        ("6.2 % > 5 % for 03:41 of 05:00", "6,2 % > 5 % durante 03:41 de 05:00"),
        ("live version is v2.0.0, not v2.1.0", "la versión activa es v2.0.0, no v2.1.0"),
        ("exit code 3: not ready for 2.5 users", "código de salida 3: not ready for 2.5 users"),
        ("ELK: 73 entries > 50 in 05:00", "ELK: 73 entradas > 50 en 05:00"),
        ("closed", "cerrado"),
        ("no gate waits now", "ninguna puerta espera ahora"),
        ("is there, for auth", "está, para auth"),
        ("no data: HTTP 503", "sin datos: HTTP 503"),
        ("the run is over: aborted", "la ejecución terminó: aborted"),
        ("quiet for 05:00: orders", "sin incidencias durante 05:00: orders"),
        ("no major incident in 48 h", "sin incidentes mayores en 48 h"),
        (
            "error_rate: data for 90.1% of the time, 95% needed",
            "error_rate: datos el 90,1% del tiempo, se exige el 95%",
        ),
        ("aborted by ana: wrong window", "abortado por ana: wrong window"),
        ("everything is rolled back and stable: auth", "todo está revertido y estable: auth"),
        (
            "everything is rolled back, but for site, auth and stable: orders",
            "todo está revertido, salvo site, auth y estable: orders",
        ),
        ("everything is rolled back, not stable: x", "todo está revertido, no estable: x"),
        ("everything is rolled back: x; traffic is closed", "todo está revertido: x; el tráfico está cerrado"),
    ],
)
def test_the_engines_own_sentences_are_spanish_too(english: str, spanish_text: str) -> None:
    """What the engine says is translated; what others said, versions and commands are not."""
    assert Voice("es").engine(english) == spanish_text
    assert Voice("en").engine(english) == english


async def test_the_card_in_spanish(spanish: SpanishEngine) -> None:
    """The plan's own names, where it stands, and whom it waits for."""
    await spanish.advance("database")
    await spanish.clock.advance(10.0)
    assert spanish.card() == [
        "Go-Live — Tienda",
        "production · desplegando · 1 de 3 servicios · a cargo de ana",
        "✔ Base de Datos: 41 → 42",
        "· API de Auth: v1 → v2",
        "· API de Pedidos: v1 → v2",
        "A la espera del operador: API de Auth",
        "Tráfico: cerrado",
    ]


async def test_the_users_two_conditions_in_spanish(spanish: SpanishEngine) -> None:
    """Error rate above 5 % for 5 min; a failed smoke test keeps traffic closed."""
    await spanish.advance("database", "auth", "orders")
    spanish.world.smoke["signup"] = SmokeState.FAIL
    await spanish.agreed(cmd.RunSmoke(items=("signup",)))
    await spanish.clock.advance(5.0)
    assert spanish.alarm() == (
        "Falló un smoke test obligatorio: Registro de Usuario: scripted fail\n"
        "El tráfico sigue cerrado. Propuesta: rollback."
    )
    await spanish.breach("orders", seconds=310.0)
    assert spanish.alarm() == (
        "API de Pedidos: 8 % > 5 % durante 05:05\n"
        "Tasa de error > 5%\n"
        "El go-live está en pausa. Propuesta: revertir API de Pedidos."
    )
    await spanish.clock.advance(5.0)
    assert "En pausa: Tasa de error > 5%" in spanish.card()


async def test_samples_that_are_not_kept_wake_nobody(spanish: SpanishEngine) -> None:
    """S22: the run does without them: said in the channel, in Spanish, without calling anybody."""
    await spanish.ledger.record(
        ev.AlarmRaised(alarm="samples", text="samples cannot be written: no space left on device")
    )
    await spanish.clock.advance(5.0)
    assert spanish.alarm() == (
        "no se pueden guardar las muestras: no space left on device\n"
        "El go-live continúa; sus gráficos tendrán un hueco."
    )
    assert [notice.loud for notice in spanish.box.taken if notice.kind is NoticeKind.ALARM] == [False]


async def test_a_countdown_says_how_to_stop_it() -> None:
    """Who reads it in the channel knows what to type."""
    clock = ManualClock(START)
    plan = SPANISH.replace("above: 5%, for: 5m}", "above: 5%, for: 5m, on_breach: [hold, rollback], countdown: 90s}")
    engine = SpanishEngine(Mailbox(clock), clock, plan=plan)
    await engine.start()
    await engine.advance("database", "auth")
    await engine.breach("auth", seconds=310.0)
    assert engine.alarm().splitlines()[-1] == "Se revierte en 1,5 min. Para cancelarlo: `controlroom hold` o `ack`."
    await engine.agreed(cmd.Acknowledge(alarm="guard:error-rate/auth"))
    await engine.clock.advance(5.0)
    assert engine.alarm().splitlines()[-2:] == [
        "El go-live está en pausa. Propuesta: revertir API de Auth.",
        "Reconocida por ana",
    ]
    assert "Rollback automático de API de Auth cancelado: cancelado por ana" in engine.box.told(NoticeKind.DETAIL)
    await engine.stop()


async def test_a_countdown_that_was_called_off_is_not_announced_any_more() -> None:
    """The alarm's own message no longer promises a rollback once a hold has called it off."""
    clock = ManualClock(START)
    plan = SPANISH.replace("above: 5%, for: 5m}", "above: 5%, for: 5m, on_breach: [hold, rollback], countdown: 90s}")
    engine = SpanishEngine(Mailbox(clock), clock, plan=plan)
    await engine.start()
    await engine.advance("database", "auth")
    await engine.breach("auth", seconds=310.0)
    await engine.agreed(cmd.Hold())
    await engine.clock.advance(5.0)
    assert engine.alarm().splitlines()[-1] == "El go-live está en pausa. Propuesta: revertir API de Auth."
    await engine.stop()


async def test_an_alarm_tells_how_it_ended(spanish: SpanishEngine) -> None:
    """S7: acknowledged by whom, over since when; nothing is proposed any more."""
    await spanish.advance("database", "auth", "orders")
    await spanish.breach("orders", seconds=310.0)
    await spanish.agreed(cmd.Acknowledge(alarm="guard:error-rate/orders"))
    await spanish.breach("orders", seconds=20.0, value=0.4)
    assert spanish.alarm() == "API de Pedidos: 8 % > 5 % durante 05:05\nReconocida por ana\nResuelta a las 03:05 UTC"


async def test_a_rollback_in_spanish(spanish: SpanishEngine) -> None:
    """What goes back, to what, that it is verified, and that its stability is watched."""
    await spanish.advance("database", "auth", "orders")
    await spanish.roll_back("orders", reason="picos de latencia")
    await spanish.wait(400.0)
    told = spanish.box.told(NoticeKind.DETAIL)
    assert told[told.index("Rollback de API de Pedidos: picos de latencia") :] == [
        "Rollback de API de Pedidos: picos de latencia",
        "Revirtiendo API de Pedidos a v1",
        "API de Pedidos: rollback verificado, versión v1 activa",
        "Rollback terminado",
        "Monitoreando las métricas de API de Pedidos para confirmar la estabilidad",
        "Estabilidad confirmada tras el rollback: API de Pedidos",
    ]


async def test_a_failed_rollback_is_loud(spanish: SpanishEngine) -> None:
    """S16: ROLLBACK FAILED, in capitals in any language."""
    await spanish.advance("database", "auth", "orders")
    spanish.world.script["orders", "rollback"] = ["fail"]
    await spanish.roll_back("orders")
    await spanish.clock.advance(5.0)
    assert spanish.alarm() == (
        "FALLÓ EL ROLLBACK de API de Pedidos: código de salida 1\nReintentar, dar por hecho o abortar."
    )


async def test_every_message_of_a_rehearsal_says_so_and_calls_nobody() -> None:
    """S30: cards, details, alarms, each with its mark; nobody is woken up."""
    clock = ManualClock(START)
    engine = SpanishEngine(Mailbox(clock, gap_s=0.1), clock, speed=60.0)
    await engine.start()
    await engine.advance("database", "auth", "orders")
    await engine.agreed(cmd.RunSmoke())
    await engine.agreed(cmd.OpenTraffic())
    await engine.breach("orders", seconds=1200.0)
    await engine.clock.advance(10.0)
    assert {notice.kind for notice in engine.box.taken} == {NoticeKind.CARD, NoticeKind.ALARM, NoticeKind.DETAIL}
    assert all(notice.headline.startswith("[ENSAYO] ") for notice in engine.box.taken)
    assert not any(notice.loud for notice in engine.box.taken)
    await engine.stop()


async def test_a_production_run_is_not_marked(spanish: SpanishEngine) -> None:
    """The mark means something."""
    await spanish.clock.advance(5.0)
    assert "ENSAYO" not in "".join(spanish.card())
