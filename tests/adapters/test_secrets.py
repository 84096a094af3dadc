"""The vault: what is resolved, and what of it can be seen afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.secrets import MOST_READ, MOST_SHOWN, Vault
from controlroom.adapters.trouble import Unable

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("token s3cr3t-t0ken here", "token *** here"),
        ("url?key=a%20b%2Fc1", "url?key=***"),
        ("json a b/c1 and \\u001b", "json *** and \\u001b"),
        ("s3cr\x1b[31m3t-t0ken", "***"),
        ("two\nlines\tand \x1b]0;title\x07more", "two lines and more"),
        ('{"access_token":"abc", "user": "ana"}', '{"access_token":"***", "user": "ana"}'),
        ('{"password": "with \\" quote", "n": 1}', '{"password": "***", "n": 1}'),
        ('{"refresh_token": "cut off he', '{"refresh_token": "***'),
        ("Authorization: Bearer eyJhbGciOi.x-y_z", "Authorization: Bearer ***"),
        ("password=hunter2&user=ana", "password=***&user=ana"),
        ("at http://ana:pw@host/x", "at http://***@host/x"),
        ("a basic thing", "a basic thing"),
        ("4711 is too short? no: four will do", "*** is too short? no: four will do"),
        ("abc stays", "abc stays"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    """S27: known secrets in any spelling, and what looks like one, are masked; the rest is made safe and one line."""
    vault = Vault({}, secrets=("s3cr3t-t0ken", "a b/c1", "4711", "abc"))
    assert vault.shown(text) == shown


def test_what_looks_like_a_secret_is_one() -> None:
    """S27: by its name, or by its shape under whatever name: answers of smoke tests are kept as evidence."""
    signed = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpM"
    vault = Vault({})
    assert vault.shown(f'{{"access": "{signed}", "id": 7}}') == '{"access": "***", "id": 7}'
    assert vault.shown('{"jwt":"a.b","privateKey":"x y"} user_credential=abc') == (
        '{"jwt":"***","privateKey":"***"} user_credential=***'
    )
    assert vault.shown("eyJust a word. and more. words") == "eyJust a word. and more. words"


def test_no_half_of_a_secret_at_a_cut() -> None:
    """Wherever a long text is cut, no piece of a secret is left at the end."""
    secret = "0123456789abcdefghij"
    vault = Vault({}, secrets=(secret,))
    for before in range(MOST_READ - len(secret) - 2, MOST_READ + 2):
        seen = vault.hidden("x" * before + secret + "y" * 50)
        assert set(seen) <= set("xy*")
    for before in range(MOST_SHOWN - len(secret) - 2, MOST_SHOWN + 2):
        assert "0123" not in vault.shown("x" * before + secret + "y" * 50)


def test_a_flood_of_names_takes_no_time() -> None:
    """A hostile body cannot hold the engine up in the search for secrets."""
    vault = Vault({}, secrets=("s3cr3t-t0ken",))
    for body in ("a-" * 100_000, "token" * 40_000, '"' * 200_000, "://" * 70_000, "basic " * 30_000, "-eyJ" * 50_000):
        assert len(vault.shown(body)) <= MOST_SHOWN


def test_a_dsn_s_password_is_hidden_by_itself() -> None:
    """A driver's error repeats the password without the DSN around it."""
    vault = Vault({"DSN": "postgresql://ana:p%40ss-w0rd@host/db"})
    assert vault.fill({}).text("${env:DSN}").startswith("postgresql://")
    assert vault.shown("no entry for p@ss-w0rd or p%40ss-w0rd") == "no entry for *** or ***"


def test_what_cannot_be_resolved(tmp_path: Path) -> None:
    """Every missing value is Unable, with the words of the resolver."""
    file = tmp_path / "token"
    file.write_text("file-secret\n")
    filling = Vault({"A": "value"}).fill({"version.to": "v2"})
    assert filling.text(f"${{env:A}} ${{file:{file}}} ${{version.to}} $${{x}}") == "value file-secret v2 ${x}"
    for template in ("${env:B}", f"${{file:{tmp_path}/nowhere}}", "${version.from}", "${capture.user}"):
        with pytest.raises(Unable):
            filling.text(template)


def test_secrets_are_not_in_anybody_s_repr() -> None:
    """S27: a traceback or log that prints these objects prints no secret."""
    vault = Vault({"A": "value-of-a"}, secrets=("s3cr3t-t0ken",))
    seen = repr(vault) + repr(vault.fill({"version.to": "v2"})) + repr(vars(vault.fill({})))
    assert "value-of-a" not in seen
    assert "s3cr3t" not in seen
