"""Entry of a job's supervisor, started as `python -I -S supervisor.py FOLDER` with its order on standard input.

Isolated and without site-packages it starts in a few milliseconds and depends on nothing that could be half installed.
"""

import os
import sys

if __name__ == "__main__":
    # Last on the path: what is imported from there lies within the package, everything else is Python's own.
    sys.path.append(os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3)))  # noqa: PTH100, PTH118, PTH120 - pathlib takes 6 ms to import
    from controlroom.adapters.jobs.supervision import supervise

    supervise(sys.argv[1])
