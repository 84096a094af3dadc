"""Every rule of the plan language, broken at one place: the message, and line and column of its caret."""

import pytest
from tests.unit.plan.plan_texts import HERE, edited, expected_place, problems_of

API_TO = '      to: "1.2"\n'
SITE_ROLLBACK = '    rollback:\n      - run: [publish, "${version.target}"]\n'
ITEM = """\
  - id: signup
    title: Sign up
    service: api
    http:
      - post: ${vars.api}/signup
        json: {email: "${run.unique}@example.com"}
        capture: {user: $.id}
      - get: ${vars.api}/users/${capture.user}
"""
DEPLOY = "      - run: deploy api ${version.target}\n        timeout: 5m"

SHAPES = [
    ("    above: 5%\n", f"    above: 5%\n    during: {HERE}night\n", "during: 'night' is not one of run, watch"),
    ("    above: 5%\n", f"    above: 5%\n    over: {HERE}1\n", "over: '1' has no unit"),
    ("title: Two services", f"{HERE}titel: Two services", "unknown key titel"),
    ("plan: two", f"plan: {HERE}two plans", "plan: 'two plans' is no id"),
    ("plan: two\n", "", "plan is missing"),
    ("environment: production", f"environment: {HERE}[a]", "environment: text is needed here, not a list"),
    ("title: Two services", f'title: {HERE}""', "title: "),
    ("title: Two services", f'title: {HERE}"a\\nb"', "title: 'a\\nb' holds a control character"),
    ("environment: production", f"environment: production\nlanguage: {HERE}fr", "language: 'fr' is not one of en, es"),
    ("environment: production", f"environment: production\nwindow: {HERE}soon", "window: 'soon' is not one of tbd"),
    (
        "environment: production",
        f"environment: production\nadvance: {HERE}autom",
        "advance: 'autom' is not one of manual, auto",
    ),
    ("environment: production", f"environment: production\nblind_after: {HERE}60", "blind_after: '60' has no unit"),
    (
        "environment: production",
        f"environment: production\nblind_after: {HERE}0s",
        "blind_after: '0s' is no time at all",
    ),
    (
        "environment: production",
        f"environment: production\nvars2: {{}}\nnotify: {HERE}slack",
        "notify: a list is needed here",
    ),
    ("    needs: [api]", f"    needs: {HERE}api", "needs: a list is needed here, not the text 'api'"),
    (
        'version: {to: "2.10", from: "2.9"}',
        f'version: {HERE}"2.10"',
        "version: a mapping is needed here, not the text '2.10'",
    ),
    (API_TO, f'      to: {HERE}"1.2; reboot"\n', "to: '1.2; reboot' is no version"),
    (API_TO, f'      to: {HERE}"{"9" * 129}"\n', "is no version"),
    (API_TO, f'      to: {HERE}"1.2\\n"\n', "is no version"),
    (DEPLOY, f"      - {HERE}rnu: deploy", "unknown key rnu"),
    (DEPLOY, f"      - {HERE}{{run: deploy, wait: 5s}}", "run and wait are both there"),
    (DEPLOY, f"      - {HERE}{{title: nothing}}", "none is there"),
    (DEPLOY, f"      - {HERE}just text", "deploy: a mapping is needed here, not the text 'just text'"),
    (DEPLOY, f"      - run: {HERE}[]", "run: needs a shell command as text, or a list of words"),
    (DEPLOY, f"      - {{run: x, timeout: {HERE}5}}", "timeout: '5' has no unit"),
    (DEPLOY, f"      - {{run: x, retries: {HERE}11}}", "retries: should be less than or equal to 10"),
    (DEPLOY, f"      - {{run: x, retries: {HERE}-1}}", "retries: a whole number is needed here"),
    (DEPLOY, f"      - {{run: x, killable: {HERE}yes}}", "killable: true or false is needed here"),
    (DEPLOY, f"      - {{run: x, env: {{{HERE}A-B: c}}}}", "'A-B' is no name of an environment variable"),
    (DEPLOY, f"      - {HERE}{{wait: 5s, env: {{A: b}}}}", "env: belongs to run actions only"),
    (DEPLOY, f"      - {HERE}{{run: x, cancel: {{run: y, cancel: {{run: z}}}}}}", "cannot have a cancel: of its own"),
    (DEPLOY, f"      - http: {{{HERE}url: http://x}}", "unknown key url"),
    (DEPLOY, f"      - http: {{post: http://x, {HERE}status: 201}}", "unknown key status"),
    (DEPLOY, f"      - http: {HERE}{{get: http://x, json: {{a: 1}}}}", "a get request sends no json"),
    (DEPLOY, f"      - http: {HERE}{{post: http://x, json: {{a: 1}}, body: b}}", "a request has one body"),
    (
        DEPLOY,
        f"      - http: {{post: http://x, expect: {{status: {HERE}99}}}}",
        "status: should be greater than or equal to 100",
    ),
    (DEPLOY, f"      - http: {{post: http://x, expect: {{body: {HERE}'('}}}}", "body: this is no regular expression"),
    (
        DEPLOY,
        f"      - http: {{post: http://x, expect: {{json_path: {{{HERE}version: x}}}}}}",
        "'version' is no JSON path",
    ),
    (DEPLOY, f"      - sql: {{dsn: x, execute: {HERE}[]}}", "execute: at least one entry is needed"),
    ("        times: 3", f"        times: {HERE}0", "times: should be greater than or equal to 1"),
    ("        times: 3", f"        times: {HERE}three", "times: a whole number is needed here"),
    ("        times: 3", f"        times: {HERE}1_000", "times: a whole number is needed here"),
    (ITEM, f"  - {HERE}{{id: x, title: X, manual: Look., junit: x.xml}}\n", "env: and junit: belong to run items only"),
    (ITEM, f"  - {HERE}{{id: x, title: X, manual: Look., parallel: true}}\n", "belong to items that run by themselves"),
    (ITEM, f"  - {{id: x, title: X, manual: Look., link: {HERE}wiki/42}}\n", "link: 'wiki/42' is no web address"),
    (ITEM, f'  - {{id: x, title: X, manual: L, link: {HERE}"https://me:pw@wiki/"}}\n', "is no web address"),
    ("      - manual: Look at it.", f"      - {HERE}{{manual: Look., output: x}}", "belong to run checks only"),
    ("      - manual: Look at it.", f"      - metric: {HERE}{{name: cpu}}", "a metric check needs above: or below:"),
    (
        "      - manual: Look at it.",
        f"      - page: {HERE}{{url: x, equals: y}}",
        "page needs exactly one of id, class, pattern",
    ),
    ("    needs: [api]", f"    needs: [api]\n    database: {HERE}maybe", "database: is true, false or a mapping"),
    (
        "    needs: [api]",
        f"    needs: [api]\n    database: {{effect: {HERE}none}}",
        "effect: 'none' is not one of expand-only",
    ),
    ('        unit: "%"\n', f'        unit: {HERE}"%%"\n', "unit: '%%' is no unit"),
    ("        unit: ms\n", f"        unit: {HERE}MS\n", "unit: 'MS' is no unit"),
    ("    above: 5%", f"    above: {HERE}five", "above: 'five' is no amount"),
    ("  - id: errors\n", f"  - {HERE}id: errors\n    below: 1%\n", "a guard needs above: or below:, one of them"),
    ("    for: 5m\n", f"    for: 5m\n    on_breach: [hold, {HERE}panic]\n", "on_breach: 'panic' is not one of"),
    (
        "  - id: errors\n",
        f"  - {HERE}id: errors\n    on_breach: [rollback, propose_rollback]\n",
        "both rollback and propose_rollback",
    ),
    ("  coverage: 95%", f"  coverage: {HERE}95", "coverage: '95' has no %"),
    ("  coverage: 95%", f"  coverage: {HERE}101%", "coverage: '101%' is over 100%"),
    ("    prometheus: {url: https://prometheus.internal}", f"    {HERE}prometeus: {{url: x}}", "unknown key prometeus"),
    ("    prometheus: {url: https://prometheus.internal}", f"    {HERE}{{}}", "a source needs exactly one of"),
    ("      targets: {api: http://127.0.0.1:8080/metrics}\n", "", "openmetrics: url: or targets: is needed"),
    ("    http:\n      - post", "    manual: x\n    http:\n      - post", "http and manual are both there"),
    ("        capture: {user: $.id}", f"        capture: {{{HERE}User: $.id}}", "'User' is no name of a capture"),
    ("        capture: {user: $.id}", f"        capture: {{user: {HERE}id}}", "user: 'id' is no JSON path"),
]

WINDOWS = [
    ("{opens: soon, closes: 2026-12-01T05:00, zone: UTC}", "opens: this is no date and time"),
    ("{opens: 2026-12-01T03:00Z, closes: 2026-12-01T05:00, zone: UTC}", "are times in the window's zone"),
    ("{opens: 2026-12-01T03:00, closes: 2026-12-01T05:00, zone: Mars/Base}", "'Mars/Base' is no time zone"),
    ("{opens: 2026-12-01T03:00, closes: 2026-12-01T05:00, zone: ../../etc/passwd}", "is no time zone"),
    ("{opens: 2026-12-01T03:00, closes: 2026-12-01T03:00, zone: UTC}", "the window closes before it opens"),
    ("{opens: 2026-12-02T03:00, closes: 2026-12-01T05:00, zone: UTC}", "the window closes before it opens"),
    ("{opens: 2026-03-29T02:30, closes: 2026-03-29T05:00, zone: Europe/Madrid}", "2026-03-29 02:30 does not exist"),
    ("{opens: 2026-12-01T03:00, closes: 2026-12-01T05:00}", "zone is missing"),
]

RULES = [
    (
        ITEM,
        f"""\
  - {{id: x, title: X, run: a, junit: /srv/a.xml, parallel: true}}
  - {{id: y, title: Y, run: b, junit: {HERE}/srv/a.xml, parallel: true}}
""",
        "x runs in parallel and writes the same file",
    ),
    ("  - id: site", f"  - id: {HERE}api", "the id api is here twice; first on line 16"),
    ("  - id: site", f"  - id: {HERE}all", "the id all is reserved"),
    ("  - id: site", f"  - id: {HERE}traffic", "the id traffic is reserved"),
    ("    needs: [api]", f"    needs: [api, {HERE}apu]", "needs: there is no service apu"),
    ("    needs: [api]", f"    needs: [{HERE}site]", "needs: go round in a circle: site needs site"),
    (
        "    name: The API\n",
        f"    name: The API\n    needs: [{HERE}site]\n",
        "needs: go round in a circle: api needs site needs api",
    ),
    (SITE_ROLLBACK, "", "site has no rollback"),
    (SITE_ROLLBACK, f"    rollback: {HERE}[]\n", "site has no rollback"),
    (SITE_ROLLBACK, f"    irreversible: {HERE}true\n", "site is irreversible without a reason:"),
    (
        SITE_ROLLBACK,
        f"    irreversible: true\n    reason: never\n    rollback: {HERE}[{{run: x}}]\n",
        "irreversible, yet has a rollback",
    ),
    (SITE_ROLLBACK, f"{SITE_ROLLBACK}    reason: {HERE}because\n", "reason: belongs to irreversible: true"),
    ("    verify:\n      - manual: Look at it.\n", "", "verify is missing"),
    ('{to: "2.10", from: "2.9"}', f'{HERE}{{to: "2.10"}}', "neither observe: nor from:"),
    ('{to: "2.10", from: "2.9"}', f'{{to: "2.10", from: {HERE}"2.10"}}', "from: and to: of site are the same version"),
    (
        "    needs: [api]\n    version: ",
        f"    database: true\n    version: {HERE}",
        "site is a database without version.observe",
    ),
    ("        source: stats\n        errors", f"        source: {HERE}stat\n        errors", "there is no source stat"),
    (
        "        source: stats\n        errors",
        f"        source: {HERE}lines\n        errors",
        "the source lines gives no metrics",
    ),
    (
        "        histogram: {name: http_request_duration_seconds}",
        f"        query: {HERE}up",
        "a scraped page answers no query",
    ),
    (
        "        source: stats\n        histogram: ",
        f"        source: asked\n        histogram: {HERE}",
        "prometheus is asked in queries",
    ),
    ("      targets: {api:", "      targets: {other:", "the source has no target for api"),
    (
        "    metric: error_rate\n    services: [api]",
        f"    metric: errors\n    services: [{HERE}api]",
        "api has no metric errors",
    ),
    ("    services: [api]", f"    services: [api, {HERE}apis]", "there is no service apis"),
    ("    services: [api]", f"    services: [api, {HERE}site]", "site has no metric error_rate"),
    ("    services: [api]", f"    services: [api, {HERE}api]", "api is named twice"),
    ("    above: 5%", f"    above: {HERE}800ms", "above: 800ms cannot be compared with error_rate of api"),
    ("    above: 5%", f"    above: {HERE}5", "above: 5 cannot be compared with error_rate of api"),
    ("      - manual: Look at it.", f"      - metric: {{name: {HERE}cpu, below: 5%}}", "site has no metric cpu"),
    ("stabilize: {guards: [errors]", f"stabilize: {{guards: [{HERE}error]", "there is no guard error"),
    (
        "    for: 5m\nrollback:\n  stabilize: {guards: [errors]",
        f"    for: 5m\n    over: 1h\nrollback:\n  stabilize: {{guards: [{HERE}errors]",
        "errors does not judge each sample, which stabilize waits for",
    ),
    (
        "    for: 5m\nrollback:\n  stabilize: {guards: [errors]",
        f"    for: 5m\n    during: watch\nrollback:\n  stabilize: {{guards: [{HERE}errors]",
        "errors does not judge each sample, which stabilize waits for",
    ),
    ("    service: api\n", f"    service: {HERE}apis\n", "there is no service apis"),
    ("    service: api\n", f"    services: [api, {HERE}apis]\n", "there is no service apis"),
    ("  indicators: [error_rate]", f"  indicators: [{HERE}errors_rate]", "there is no metric errors_rate"),
    ("  indicators: [error_rate]", f"  indicators: []\n  guards: [{HERE}nobody]", "there is no guard nobody"),
    ("{source: lines,", f"{{source: {HERE}stats,", "the source stats gives no logs"),
    ("  at_least: 24h", "  at_least: 49h", "watch: at_least: is longer than for:"),
    ("environment: production", f"environment: {HERE}rehearsal", "is what rehearse calls its own"),
]

REFERENCES = [
    (
        ITEM,
        f"  - {{id: x, title: X, run: a, junit: '/srv/{HERE}${{env:TOKEN}}.xml'}}\n",
        "${env:TOKEN} would be shown or stored here",
    ),
    ("      - post: ${vars.api}/signup", f"      - post: {HERE}${{vars.apu}}/signup", "${vars.apu}: vars: has no apu"),
    (
        "  api: http://127.0.0.1:8080\n",
        f"  api: http://127.0.0.1:8080\n  b: x{HERE}${{vars.api}}\n",
        "may not refer to another",
    ),
    (
        "      - post: ${vars.api}/signup",
        f"      - post: {HERE}${{stage.auth.url}}/signup",
        "${stage.auth.url} stands outside rehearsal:",
    ),
    (DEPLOY, f"      - run: deploy {HERE}${{HOME}}", "${HOME} is no reference"),
    (DEPLOY, f"      - run: deploy {HERE}${{version}}", "${version} is no reference"),
    (DEPLOY, f"      - run: deploy {HERE}${{version.target", "${version.target is no reference"),
    (DEPLOY, f"      - run: deploy {HERE}${{}}", "${} is no reference"),
    (DEPLOY, f"      - run: deploy {HERE}${{file:relative}}", "${file:relative} is no reference"),
    (DEPLOY, f"      - run: deploy --token {HERE}${{env:TOKEN}}", "in a command line can be read by every user"),
    (DEPLOY, f'      - run: [deploy, "{HERE}${{file:/run/secret}}"]', "in a command line can be read by every user"),
    (DEPLOY, f"      - run: |\n          first\n          second {HERE}${{env:TOKEN}}", "in a command line"),
    ("title: Two services", f"title: {HERE}${{env:TITLE}}", "${env:TITLE} would be shown or stored here"),
    ("title: Two services", f"title: {HERE}${{version.to}}", "${version.to} has no meaning here"),
    (
        "        capture: {user: $.id}",
        f"        expect: {{body: '{HERE}${{env:X}}'}}\n        capture: {{user: $.id}}",
        "would be shown",
    ),
    (
        "      - post: ${vars.api}/signup",
        f"      - post: http://x/{HERE}${{version.target}}",
        "${version.target} has no meaning here",
    ),
    (
        "      - post: ${vars.api}/signup",
        f"      - post: http://x/{HERE}${{capture.user}}",
        "${capture.user} has no meaning here",
    ),
    (DEPLOY, f"      - run: deploy {HERE}${{capture.user}}", "${capture.user} has no meaning here"),
    (DEPLOY, f"      - run: deploy {HERE}${{run.unique}}", "${run.unique} has no meaning here"),
    (
        "    service: api\n",
        f'    service: api\n    cleanup: [{{run: "rm {HERE}${{capture.user}}"}}]\n',
        "may not stand in a shell command",
    ),
    ("  coverage: 95%", f"  coverage: 95%\n  success: {HERE}${{run.id}}", "${run.id} has no meaning here"),
    (
        '        json: {email: "${run.unique}@example.com"}',
        f'        headers: {{{HERE}"${{run.id}}": x}}',
        "in a value, not in a key",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), [*SHAPES, *RULES, *REFERENCES])
def test_each_rule_is_told_at_its_place(old: str, new: str, message: str) -> None:
    """A broken rule is told in its words, at its line and column."""
    marked = edited(old, new)
    text, line, column = expected_place(marked)
    problems = problems_of(text)
    matching = [problem for problem in problems if message in problem.message]
    assert matching, "\n".join(problem.render(text) for problem in problems)
    if HERE in marked:
        assert (line, column) in [(problem.line, problem.column) for problem in matching], matching


@pytest.mark.parametrize(("window", "message"), WINDOWS)
def test_windows_are_checked(window: str, message: str) -> None:
    """S19: zone, order and hours that a clock change leaves out."""
    text = edited("environment: production", f"environment: production\nwindow: {window}")
    assert any(message in problem.message for problem in problems_of(text))


AT_ONCE = [
    ("  - id: signup\n", "  - id: sign up\n    manual: look\n", {"id: 'sign up' is no id", "http and manual are both"}),
    (
        DEPLOY,
        "      - {run: deploy, wait: 5s, timeout: 5}",
        {"timeout: '5' has no unit", "run and wait are both there"},
    ),
    (DEPLOY, "      - {titel: nothing, timeout: 5}", {"unknown key titel", "timeout: '5' has no unit"}),
    (
        "      - post: ${vars.api}/signup",
        "      - post: ${vars.api}/signup\n        get: ${vars.api}\n        expect: {status: no}",
        {"status: ", "get and post are both there"},
    ),
]


@pytest.mark.parametrize(("old", "new", "messages"), AT_ONCE)
def test_what_needs_exactly_one_is_told_beside_the_rest(old: str, new: str, messages: set[str]) -> None:
    """Nothing waits until a field of the same mapping was mended; a misspelled key is no second problem."""
    problems = problems_of(edited(old, new))
    found = [problem.message for problem in problems]
    assert len(found) == len(messages), found
    assert all(any(message in one for one in found) for message in messages), found


def test_a_kind_that_is_wrong_within_is_there() -> None:
    """The one entry of its kind does not count as missing because of what is wrong in it."""
    (problem,) = problems_of(edited("      - post: ${vars.api}/signup", "      - post: []"))
    assert "text is needed here" in problem.message
