"""Entry point of ``python -m rhelbench``."""

import sys

from rhelbench.cli import main

sys.exit(main())
