"""What a WSGI server and the `flask` command load: the site whose `instance` folder lies here."""

import os
import signal
from pathlib import Path

from lms.web import supervisor
from lms.web.app import create_app

if os.environ.get(supervisor.SUPERVISED):
    # The web server's workers heed no SIGTERM, and one that outlived its server would keep the port.
    supervisor.die_with_parent(signal.SIGKILL)

app = create_app(Path(__file__).parent / "instance")
