"""The wheel as a user gets it: plans and themes inside, found from the installed package."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT],
        check=True,
        capture_output=True,
        timeout=100,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_plans_and_themes_are_inside(wheel: Path) -> None:
    """Every shipped plan and theme is in the wheel, beside the code, and so are the style sheets."""
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = [
        f"controlroom/{path.relative_to(ROOT)}" for kind in ("plans", "themes") for path in ROOT.glob(f"{kind}/*.yaml")
    ]
    assert len(shipped) >= 5
    assert {*shipped, "controlroom/ui/app.tcss", "controlroom/report/report.css"} <= names


def test_installed_package_finds_them(wheel: Path, tmp_path: Path) -> None:
    """From an installed wheel, far from any checkout, the default plan validates and themes load."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import controlroom.frontends as f; from controlroom.plan.loader import validate_plan\n"
        "plan = f.shipped_plan(f.DEFAULT_PLAN); assert plan.is_relative_to(sys.argv[1]), plan\n"
        "validate_plan(plan)\n"
        "from controlroom.ui import themes; print(*[themes.load(n).name for n in themes.names()])\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(site)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "control-dark" in done.stdout.split()
