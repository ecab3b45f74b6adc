"""A small archive: what it carries, what runs it, and what it leaves."""

import sys
from pathlib import Path

RELEASE = Path(__file__).resolve().parent.parent.parent.parent / "deploy" / "onefile"
PYTHON = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
CARRIED = {
    "compiler/__init__.py": b"",
    "compiler/cli.py": b"import sys\ndef main():\n    print(__file__, *sys.argv[1:])\n    return 3 if {'fail', 'stop'} & {*sys.argv} else 0\n",
}


def unpacked(base: Path) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(path.name for path in base.iterdir())
