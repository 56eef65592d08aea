"""A fresh environment with a foreign distribution in it, as its users have it."""

from __future__ import annotations

import site
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that has nothing of this repository but what was installed.

    Shapes:  sources has copies of what was built, by the folders' names.
    """

    python: Path
    sources: Path

    def run(self, *words: str, folder: Path | None = None) -> str:
        """Run a module with its arguments; what it printed.

        Raises:  AssertionError with all that it said when it fails.
        """
        return _run(str(self.python), "-P", "-m", *words, folder=folder)

    def run_tests(self, name: str) -> str:
        """Run a distribution's own tests."""
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"]
        return self.run("pytest", *options, folder=self.sources / name)


def make_environment(folder: Path, *sources: Path) -> Environment:
    """Build wheels and install them into a new environment, without a network.

    Shapes:  what this environment has the new one sees too, Kupon included.
    """
    wheels, made = folder / "wheels", folder / "environment"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    for source in sources:
        build = ["wheel", "--quiet", "--no-index", "--no-build-isolation", "--no-deps"]
        _run(*pip, *build, "--wheel-dir", str(wheels), str(_copy(source, folder)))
    venv.create(made, symlinks=True)
    python = made / "bin" / "python"
    _lend(python)
    install = ["install", "--quiet", "--no-index", "--no-deps", *map(str, wheels.glob("*.whl"))]
    _run(*pip, "--python", str(python), *install)
    return Environment(python, folder / "sources")


def _copy(source: Path, folder: Path) -> Path:
    """Its files elsewhere, since a build leaves things behind."""
    copy = folder / "sources" / source.name
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            target = copy / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return copy


def _lend(python: Path) -> None:
    """Let the new environment see this one's packages, editable ones included."""
    purelib = _run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    lent = {sysconfig.get_path("purelib"), *site.getsitepackages()}
    lines = [f"import site; site.addsitedir({each!r})" for each in sorted(lent)]
    Path(purelib.strip(), "lent.pth").write_text("\n".join(lines) + "\n")


def _run(*words: str, folder: Path | None = None) -> str:
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
