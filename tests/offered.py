"""The languages that this version offers."""

from pathlib import Path

import onion_app.site
from onion_app.web.i18n import offered

LANGUAGES = tuple(offered(Path(onion_app.site.__file__).parent / "translations"))
