"""The languages that this version offers."""

from pathlib import Path

import onion_app.site
from onion_app.web.i18n import load_catalogues

LANGUAGES = tuple(load_catalogues(Path(onion_app.site.__file__).parent / "translations"))
