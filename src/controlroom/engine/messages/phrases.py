"""Every phrase of the messages, English and Spanish side by side."""

from __future__ import annotations

from typing import Final

from controlroom.engine.messages.voice import Phrase
from controlroom.run.phases import Phase, Severity, SmokeState, Step, Traffic

REHEARSAL: Final = Phrase("[REHEARSAL] ", "[ENSAYO] ")

# -- the card

PHASES: Final = {
    Phase.READY: Phrase("ready to begin", "listo para empezar"),
    Phase.DEPLOYING: Phrase("deploying", "desplegando"),
    Phase.SMOKE: Phrase("smoke tests", "smoke tests"),
    Phase.OPENING: Phrase("opening traffic", "abriendo el tráfico"),
    Phase.WATCHING: Phrase("watching production", "en monitoreo"),
    Phase.SUCCEEDED: Phrase("SUCCEEDED", "COMPLETADO CON ÉXITO"),
    Phase.FAILED: Phrase("FAILED", "FALLIDO"),
    Phase.INCONCLUSIVE: Phrase("INCONCLUSIVE", "NO CONCLUYENTE"),
    Phase.ROLLED_BACK: Phrase("ROLLED BACK", "REVERTIDO"),
    Phase.ABORTED: Phrase("ABORTED", "ABORTADO"),
}
STANDING: Final = Phrase(
    "{environment} · {phase} · {done} of {total} services", "{environment} · {phase} · {done} de {total} servicios"
)
DRIVES: Final = Phrase("{operator} drives", "a cargo de {operator}")
WAITS: Final = Phrase("Waits for the operator: {gate}", "A la espera del operador: {gate}")
TRAFFIC_GATE: Final = Phrase("open traffic", "abrir el tráfico")
ON_HOLD: Final = Phrase("On hold: {reasons}", "En pausa: {reasons}")
SMOKE_COUNT: Final = Phrase("Smoke tests: {passed} of {total} passed", "Smoke tests: {passed} de {total} superados")
SMOKE_FLAKY: Final = Phrase(", {flaky} of them on a retry", ", {flaky} de ellos al reintentar")
SMOKE_FAILED: Final = Phrase(", failed: {failed}", ", fallidos: {failed}")
TRAFFIC: Final = Phrase("Traffic: {state}", "Tráfico: {state}")
TRAFFIC_STATES: Final = {
    Traffic.CLOSED: Phrase("closed", "cerrado"),
    Traffic.OPENING: Phrase("opening", "abriéndose"),
    Traffic.OPEN: Phrase("open", "abierto"),
    Traffic.CLOSING: Phrase("closing", "cerrándose"),
    Traffic.UNKNOWN: Phrase("unknown", "desconocido"),
    Traffic.NONE: Phrase("none", "sin control"),
}
WATCH: Final = Phrase("Watch: {watched} of {whole}, {incidents}", "Monitoreo: {watched} de {whole}, {incidents}")
NO_INCIDENT: Final = Phrase("no major incident", "sin incidentes mayores")
INCIDENTS: Final = Phrase("major incidents: {count}", "incidentes mayores: {count}")
ALARMS: Final = Phrase("Alarms standing: {count}", "Alarmas activas: {count}")
DOING: Final = {
    Step.DEPLOY: Phrase("deploying", "desplegando"),
    Step.VERIFY: Phrase("verifying", "verificando"),
    Step.ROLLBACK: Phrase("rolling back", "revirtiendo"),
    Step.VERIFY_ROLLBACK: Phrase("verifying the rollback", "verificando el rollback"),
}
STATES: Final = {
    "failed": Phrase("failed", "fallido"),
    "unknown": Phrase("outcome unknown", "resultado desconocido"),
    "rolled_back": Phrase("rolled back", "revertido"),
    "rollback_failed": Phrase("ROLLBACK FAILED", "ROLLBACK FALLIDO"),
    "skipped": Phrase("skipped", "omitido"),
}

# -- holds

HOLDS: Final = {
    "operator": Phrase("operator", "operador"),
    "guard": Phrase("{title}", "{title}"),
    "no-data": Phrase("no data of {name}", "sin datos de {name}"),
    "window": Phrase("the window has closed", "se cerró la ventana de despliegue"),
    "disconnected": Phrase("the operator's screen is gone", "se perdió la pantalla del operador"),
    "verdict": Phrase("the verdict is in", "hay veredicto"),
    "rollback": Phrase("rollback", "rollback"),
    "stabilize": Phrase("not stable after the rollback", "sin estabilizarse tras el rollback"),
}

# -- details

DEPLOYS: Final = Phrase(
    "Deploying {name}: {origin} → {target}{again}", "Desplegando {name}: {origin} → {target}{again}"
)
AGAIN: Final = Phrase(" (attempt {attempt})", " (intento {attempt})")
GOES_BACK: Final = Phrase("Rolling back {name} to {target}", "Revirtiendo {name} a {target}")
VERIFIED: Final = Phrase(
    "{name}: deployed and verified, {version} is live", "{name}: despliegue verificado, versión {version} activa"
)
SATISFIED: Final = Phrase(
    "{name}: {version} was live already, nothing to deploy",
    "{name}: la versión {version} ya estaba activa, nada que desplegar",
)
BACK: Final = Phrase(
    "{name}: rolled back and verified, {version} is live", "{name}: rollback verificado, versión {version} activa"
)
MARKED_DONE: Final = Phrase("{name}: marked done: {reason}", "{name}: dado por hecho: {reason}")
SKIPPED: Final = Phrase("{name}: skipped: {reason}", "{name}: omitido: {reason}")
RETRIED: Final = Phrase("{name}: another try, asked for by {by}", "{name}: nuevo intento, pedido por {by}")
HELD: Final = Phrase("On hold: {reason}", "En pausa: {reason}")
RESUMED: Final = Phrase("Hold lifted by {by}: {reason}", "{by} levanta la pausa: {reason}")
ROLLBACK_OF: Final = Phrase("Rollback of {names}: {why}", "Rollback de {names}: {why}")
ROLLBACK_OF_ALL: Final = Phrase("Rollback of everything ({names}): {why}", "Rollback completo ({names}): {why}")
ROLLBACK_DONE: Final = Phrase("Rollback complete", "Rollback terminado")
STABILIZES: Final = Phrase(
    "Watching the metrics of {names} to confirm that they are stable",
    "Monitoreando las métricas de {names} para confirmar la estabilidad",
)
STABLE: Final = Phrase("{names}: stable after the rollback", "Estabilidad confirmada tras el rollback: {names}")
RECOVERED: Final = Phrase("{name}: back within the limit: {why}", "{name}: de nuevo dentro del límite: {why}")
CALLED_OFF: Final = Phrase(
    "Automatic rollback of {name} called off: {why}", "Rollback automático de {name} cancelado: {why}"
)
SMOKE: Final = Phrase("Smoke test “{title}”: {state}{note}", "Smoke test «{title}»: {state}{note}")
SMOKE_STATES: Final = {
    SmokeState.TODO: Phrase("to do", "pendiente"),
    SmokeState.RUNNING: Phrase("running", "en curso"),
    SmokeState.PASS: Phrase("passed", "superado"),
    SmokeState.FLAKY: Phrase("flaky", "inestable"),
    SmokeState.FAIL: Phrase("FAILED", "FALLIDO"),
    SmokeState.BLOCKED: Phrase("blocked", "bloqueado"),
    SmokeState.NOT_APPLICABLE: Phrase("not applicable", "no aplica"),
    SmokeState.STALE: Phrase("stale", "por repetir"),
}
TRAFFIC_IS: Final = {
    Traffic.OPEN: Phrase("Traffic is open", "Tráfico abierto"),
    Traffic.CLOSED: Phrase("Traffic is closed", "Tráfico cerrado"),
}
WATCHES: Final = Phrase("Go-live done: watching for {whole}", "Go-live realizado: empieza el monitoreo de {whole}")
WATCH_DAY: Final = Phrase(
    "{title}: day {day} of the watch, {watched} of {whole}, {incidents}",
    "{title}: día {day} de monitoreo, {watched} de {whole}, {incidents}",
)
WATCH_OVER: Final = Phrase(
    "{title}: the watch is over, {watched} of {whole}, {incidents}",
    "{title}: fin del monitoreo, {watched} de {whole}, {incidents}",
)
WITH_DATA: Final = Phrase(
    "Time with data: {shares} (wanted: {wanted})", "Tiempo con datos: {shares} (exigido: {wanted})"
)
INCIDENT_AT: Final = Phrase("Incident {at}: {text}", "Incidente {at}: {text}")
WATCH_UNTIL: Final = Phrase("The watch goes on until {at}", "El monitoreo sigue hasta el {at}")
INCIDENT: Final = Phrase("Major incident: {text}", "Incidente mayor: {text}")
ALERT_BEFORE: Final = Phrase(
    "Open since before the run, not blamed on it: {text}", "Abierta desde antes del go-live, no se le atribuye: {text}"
)
VERDICT: Final = Phrase("Verdict: {verdict}", "Veredicto: {verdict}")
ABORTS: Final = Phrase("Aborting: {why}", "Abortando: {why}")
WINDOW_OVERRIDDEN: Final = Phrase("The window is overridden: {reason}", "Se ignora la ventana de despliegue: {reason}")
NOTE: Final = Phrase("Note by {by}: {text}", "Nota de {by}: {text}")
TAKEN_OVER: Final = Phrase(
    "{operator} takes over from {previous}: {reason}", "{operator} toma el relevo de {previous}: {reason}"
)
OFFERED: Final = Phrase(
    "{by} hands over to {to}, who has not accepted yet: {note}",
    "{by} pasa el relevo a {to}, que aún no lo ha aceptado: {note}",
)
HANDED_OVER: Final = Phrase(
    "{operator} drives now, handed over by {previous}: {note}",
    "{operator} está ahora a cargo; relevo de {previous}: {note}",
)
NOT_HANDED_OVER: Final = Phrase("The hand-over to {to} is off: {why}", "Sin relevo a {to}: {why}")
OFF: Final = {"withdrawn": Phrase("withdrawn", "retirado"), "declined": Phrase("declined", "rechazado")}
ENGINE_BACK: Final = Phrase(
    "The engine was restarted on {host} and goes on",
    "El motor de controlroom se reinició en {host} y sigue con el go-live",
)

# -- alarms

STEP_FAILED: Final = {
    Step.DEPLOY: Phrase("{name}: the deploy failed: {detail}", "{name}: falló el despliegue: {detail}"),
    Step.VERIFY: Phrase("{name}: the verification failed: {detail}", "{name}: falló la verificación: {detail}"),
    Step.ROLLBACK: Phrase("ROLLBACK FAILED {name}: {detail}", "FALLÓ EL ROLLBACK de {name}: {detail}"),
    Step.VERIFY_ROLLBACK: Phrase("ROLLBACK FAILED {name}: {detail}", "FALLÓ EL ROLLBACK de {name}: {detail}"),
}
OUTCOME_UNKNOWN: Final = Phrase(
    "{name}: nobody knows how it ended: {detail}", "{name}: no se sabe cómo terminó: {detail}"
)
SMOKE_ALARM: Final = Phrase("Mandatory smoke test failed: {title}", "Falló un smoke test obligatorio: {title}")
UNSTABLE: Final = Phrase("Not stable after the rollback: {why}", "Sin estabilizarse tras el rollback: {why}")
TRAFFIC_STUCK: Final = Phrase(
    "Traffic did not move: {detail}; it is {state}", "El tráfico no cambió: {detail}; ahora: {state}"
)
COUNTDOWN: Final = Phrase(
    "It is rolled back in {span}. `controlroom hold` or `ack` calls that off.",
    "Se revierte en {span}. Para cancelarlo: `controlroom hold` o `ack`.",
)
SUGGEST: Final = {
    "guard": Phrase(
        "The run is on hold. Proposed: roll back {name}.", "El go-live está en pausa. Propuesta: revertir {name}."
    ),
    "guard-notify": Phrase("The run goes on.", "El go-live continúa."),
    "blind": Phrase(
        "The run is on hold until somebody looks.", "El go-live está en pausa hasta que alguien lo revise."
    ),
    "step": Phrase(
        "Retry, verify again, mark done, skip, roll back or abort.",
        "Reintentar, verificar de nuevo, dar por hecho, omitir, revertir o abortar.",
    ),
    "rollback": Phrase("Retry, mark done or abort.", "Reintentar, dar por hecho o abortar."),
    "smoke": Phrase("Traffic stays closed. Proposed: roll back.", "El tráfico sigue cerrado. Propuesta: rollback."),
    "stabilize": Phrase("The run is on hold.", "El go-live está en pausa."),
    "traffic": Phrase(
        "Look at the edge, then open or close again.", "Revisar el enrutado del tráfico y volver a abrir o cerrar."
    ),
    "alert": Phrase("Look at the alert.", "Revisar la alerta."),
    "logs": Phrase("Read the newest entries:", "Entradas más recientes:"),
    "samples": Phrase(
        "The run goes on; its charts will have a gap.", "El go-live continúa; sus gráficos tendrán un hueco."
    ),
    "source": Phrase(
        "Without it the watch comes to no verdict.", "Sin esta fuente el monitoreo no llega a un veredicto."
    ),
}
ACKNOWLEDGED: Final = Phrase("Acknowledged by {by}", "Reconocida por {by}")
OVER: Final = Phrase("Over since {time} UTC", "Resuelta a las {time} UTC")
RUN_OVER: Final = Phrase("The run is over", "El go-live terminó")
SEVERITIES: Final = {
    Severity.CRITICAL: Phrase("critical", "crítica"),
    Severity.ERROR: Phrase("error", "error"),
    Severity.WARNING: Phrase("warning", "aviso"),
    Severity.INFO: Phrase("info", "informativa"),
}
MISSED: Final = Phrase(
    "{count} earlier messages could not be delivered", "{count} mensajes anteriores no se pudieron entregar"
)
