"""Entry point that the shell script ./kh calls: `python tools/kh/__main__.py ARGUMENTS`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from tools.kh.cli import main

    sys.exit(main())
