"""Entry point of `python -m cnnviz`, the command line."""

import sys

from cnnviz.cli import main

sys.exit(main())
