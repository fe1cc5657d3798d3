"""A Firefox profile that behaves like Tor Browser at Safest towards our onion, and talks to nobody else."""

import json
from collections.abc import Mapping
from pathlib import Path

_SETTINGS: dict[str, bool | int | str] = {
    "javascript.enabled": False,
    # Onions go to tor, with their names; addresses of this machine do not.
    "network.proxy.type": 1,
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_version": 5,
    "network.proxy.socks_remote_dns": True,
    "network.proxy.failover_direct": False,
    "network.dns.blockDotOnion": False,
    "dom.securecontext.allowlist_onions": True,
    "browser.privatebrowsing.autostart": True,
    # Without these Firefox would call its maker, through a network that leads nowhere.
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.startup.page": 0,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.trr.mode": 5,
    "security.OCSP.enabled": 0,
    "toolkit.telemetry.enabled": False,
}


def write(folder: Path, socks_port: int, further: Mapping[str, bool | int | str] | None = None) -> None:
    """Write a profile that reaches onions through a SOCKS port of this machine, with these settings beside ours."""
    folder.mkdir(mode=0o700)
    settings = {**_SETTINGS, **(further or {}), "network.proxy.socks_port": socks_port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
    (folder / "user.js").write_text("".join(lines), encoding="utf-8")
