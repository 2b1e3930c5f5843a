"""`python -m tilo_ws`."""

import sys

from tilo_ws.cli import main

if __name__ == "__main__":
    sys.exit(main())
