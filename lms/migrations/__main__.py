"""`python -m lms.migrations MESSAGE`: write the next revision from the difference between the tables and the models."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from lms.migrations import _config, upgrade
from lms.models import make_engine

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'scratch.sqlite3'}")
        upgrade(engine) if any((Path(__file__).parent / "versions").glob("*.py")) else None
        with engine.connect() as connection:
            number = len(list((Path(__file__).parent / "versions").glob("[0-9]*.py"))) + 1
            command.revision(
                _config(connection), message=" ".join(sys.argv[1:]), autogenerate=True, rev_id=f"{number:04d}"
            )
