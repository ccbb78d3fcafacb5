"""Runs the openfisca-japan peer in its own environment, made beside ours when it is missing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[3]
_ENVIRONMENT = _ROOT / ".venv-openfisca"
_SCRIPT = Path(__file__).resolve().parent / "peers" / "openfisca_allowance.py"


def allowance(households: int) -> dict[str, Any] | None:
    """Seconds of openfisca-japan for so many households; None when its environment cannot be made here."""
    python = _ENVIRONMENT / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(_ENVIRONMENT)], check=True, capture_output=True)
            install = [
                "-m",
                "pip",
                "install",
                "-q",
                "--require-hashes",
                "-r",
                str(_ROOT / "requirements/openfisca.txt"),
            ]
            subprocess.run([str(python), *install], check=True, capture_output=True)
        run = subprocess.run([str(python), str(_SCRIPT), str(households)], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"openfisca-japan を動かせません: {error}\n")
        return None
    found: dict[str, Any] = json.loads(run.stdout)
    return found
