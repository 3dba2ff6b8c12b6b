"""``python -m cavity``: the command line."""

import sys

from cavity.cli import main

sys.exit(main())
