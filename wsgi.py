"""What a WSGI server and the `flask` command load: the site whose `instance` folder lies here."""

from pathlib import Path

from lms.web import supervisor
from lms.web.app import create_app

supervisor.stay_under_supervisor()
app = create_app(Path(__file__).parent / "instance")
