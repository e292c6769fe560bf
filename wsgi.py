"""What a WSGI server and the `flask` command load: the site whose `instance` folder lies here."""

import os
from pathlib import Path

from lms.web import supervisor
from lms.web.app import create_app

if os.environ.get(supervisor.SUPERVISED):
    supervisor.die_with_parent()

app = create_app(Path(__file__).parent / "instance")
