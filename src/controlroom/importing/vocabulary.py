"""The words of go-live documents, in Spanish and English, matched without accents and capitals."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

_LONGEST_ID = 48


class Topic(StrEnum):
    """What a chapter or a table is about."""

    SMOKE = "smoke"
    FAILURE = "failure"
    WATCH = "watch"
    PLANNING = "planning"
    RUNBOOK = "runbook"


def fold(text: str) -> str:
    """Small letters without accents; as long as `text` where that was composed."""
    return "".join(char for char in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(char))


def slug(text: str) -> str:
    """`text` as an id; empty when nothing is left."""
    found = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")[:_LONGEST_ID].strip("-")
    return "null-named" if found == "null" else found  # which YAML would read as nothing


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


TOPICS: dict[Topic, re.Pattern[str]] = {
    # In this order: "smoke tests after the deployment" is about smoke tests, "deployment plan" about neither of both.
    Topic.SMOKE: _any("smoke", "humo", r"(post|after)\W*(deploy|release)\w* (test|check)", "pruebas"),
    Topic.FAILURE: _any(
        "rollback", "roll back", "back ?out", "reversion", "fallo", "fail", "contingenc", "if it goes wrong"
    ),
    Topic.WATCH: _any("monitor", "vigilancia", "hypercare", "watch", "observ", "post.?go.?live", "after go.?live"),
    Topic.PLANNING: _any("planific", "planning", "schedule", "calendario", "logistic", "who and when", "when and who"),
    Topic.RUNBOOK: _any("runbook", "pasos", "steps", "rollout", "sequence", "secuencia", "deploy", "despliegue"),
}

COLUMNS: dict[str, re.Pattern[str]] = {
    "order": re.compile(r"^(orden|order|#|n[o.º°]*|num\w*|paso|step|seq\w*)$"),
    "service": _any("servicio", "service", "component", "sistema", "system", "aplicacion", "application"),
    "verification": _any("verif", "check", "how we know", "comprob", "valida", "expected", "esperado", "criteri"),
    "action": _any(
        "accion", "action", "what we do", "que hacemos", "deploy", "despliegue", "command", "comando", "task"
    ),
}
FAILURE_COLUMNS: dict[str, re.Pattern[str]] = {
    "steps": _any("pasos", "steps", "rollback", "reversion", "recover"),
    "action": _any("accion", "action", "inmediat", "immediate", "response", "respuesta", "^then"),
    "condition": _any("condic", "condition", "fallo", "failure", "trigger", "^if", "^when", "sintoma", "symptom"),
}

DATABASE = _any(
    "base de datos", "database", r"\bdb\b", "bbdd", "postgres", "mysql", r"\bsql\b", "migracion", "migration"
)
FRONTEND = _any("front", r"\bweb", r"\bui\b", r"\bsitio", r"\bsite\b", "storefront")
API = _any(r"\bapis?\b", "backend")
BROWSER = _any("navegador", "browser", r"(cargar|abrir) (el|la) (sitio|pagina)", r"(open|load) the (site|page|shop)")
CDN = _any(r"\bcdn\b", r"\bcache")
EXAMPLE = _any(r"\bej\.", "por ejemplo", r"\be\.?g\.?\b", "for example", "such as")
GENERIC = frozenset(
    "api apis de del la el los las the a an of service servicio services app application aplicacion web".split()  # noqa: SIM905
)

WHEN = _any("fecha", "hora", r"\bdate", r"\bwhen", "ventana", "window", r"\btime\b")
WHO = _any("responsab", "responsib", "owner", "equipo", "team", "who", "roles")
WHERE = _any("comunic", "communic", "canal", "channel", "slack")
ROLES: dict[str, re.Pattern[str]] = {
    "execution": _any("ejecu", "execut", "deploy", "despli", "drives", "runs"),
    "support": _any("soport", "support", "apoyo", "stand.?by", "call"),
}

METRICS: dict[str, re.Pattern[str]] = {
    "error_rate": _any(r"tasas? de (error|fallo)", "error rate", "failure rate", r"\b5xx\b", r"share of errors"),
    "latency_p95": _any("latenc", "response time", "tiempos? de respuesta", r"\bp9[59]\b"),
    "cpu": _any(r"\bcpu\b"),
    "memory": _any(r"memoria", r"memory", r"\bram\b"),
}
UNITS = {"error_rate": ("%",), "latency_p95": ("ms", "s"), "cpu": ("%",), "memory": ("%",)}
"""What a limit on each may be in."""
METRIC_TOOLS: dict[str, re.Pattern[str]] = {
    "grafana": _any("grafana"),
    "datadog": _any("datadog"),
    "prometheus": _any("prometheus"),
}
LOG_TOOLS: dict[str, re.Pattern[str]] = {
    "splunk": _any("splunk"),
    "elasticsearch": _any(r"\belk\b", "elastic", "kibana", "opensearch"),
}
ALERT_TOOLS: dict[str, re.Pattern[str]] = {
    "pagerduty": _any("pager ?duty"),
    "opsgenie": _any("opsgenie"),
    "alertmanager": _any("alert ?manager"),
}

EVERY_API = _any(r"\b(cualquier|toda|cada|any|every|each|all)\b.{0,12}\bapis?\b")
HOLD = _any("paus", "deten", r"\bhold", r"\bstop", "parar")
TELL = _any("notific", "notify", "avis", r"\btell", "inform", "alert")
BACK = _any("revert", "volver", "roll(ing)? back", "rollback", "back ?out", "previous version", "version anterior")
BY_ITSELF = _any("automat", "by itself", "at once")
UNDO_MIGRATIONS = _any(
    r"(migra\w+).*(invers|revers|down|undo|abajo)",
    r"(revert|revers|undo|invers|down).*(migra|schema|bbdd|base de datos)",
)
STABLE = _any("estabil", "stab(le|ility)", "normal")
NO_TRAFFIC = _any(r"(trafic|traffic|usuario|users|public)")
SUCCESS = _any("exito", "success")
INCIDENT = _any("inciden")

_SPANISH = frozenset("de del la el los las que se para por con una en y si no cada despues".split())  # noqa: SIM905
_ENGLISH = frozenset("the of to and for with a in on is are if not each after we it".split())  # noqa: SIM905


def language(text: str) -> str:
    """`es` or `en`, by the small words that are most frequent."""
    words = re.findall(r"[a-z]+", fold(text))
    return "es" if sum(w in _SPANISH for w in words) > sum(w in _ENGLISH for w in words) else "en"


def first(table: dict[str, re.Pattern[str]], text: str) -> list[str]:
    """The names whose pattern is found in `text`, in the order in which they stand there."""
    folded = fold(text)
    places = {name: match.start() for name, pattern in table.items() if (match := pattern.search(folded))}
    return sorted(places, key=places.__getitem__)


def topic(title: str) -> Topic | None:
    """What a heading is about, if it says."""
    return next((found for found, pattern in TOPICS.items() if pattern.search(fold(title))), None)
