"""The Firefox of the tests: JavaScript off, as Tor Browser has it at Safest, and not a word of its own to anybody."""

import subprocess
from pathlib import Path

from scripts.rehearsal import profile as rehearsal_profile
from tests.processes import ENDS_WITH_US, until

START = 180.0  # seconds that Firefox may take until it listens
# The fonts of `tests/audit`, whatever this machine would choose: where things stand depends on them.
FONTS = """<fontconfig><include>/etc/fonts/fonts.conf</include><match>
<test name="family" compare="contains" qual="any"><string>sans-serif</string></test>
<edit name="family" mode="prepend" binding="strong">
<string>Noto Sans</string><string>Noto Sans Arabic</string>
</edit></match></fontconfig>"""
NOWHERE = 9  # the discard port of this machine, where nobody listens: a proxy that leads nowhere

SETTINGS: dict[str, bool | int | str] = {
    "marionette.port": 0,
    # the onion, as Tor Browser treats it
    "network.http.referer.hideOnionSource": True,
    # every name and every connection goes through the proxy, but for this machine's own
    "network.dns.native-is-localhost": True,  # no name is ever asked of another machine
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "network.predictor.enabled": False,
    "network.http.speculative-parallel-limit": 0,
    # Firefox says nothing to anybody
    "app.shield.optoutstudies.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutHomeSnippets.updateUrl": "",
    "browser.region.network.url": "",
    "browser.safebrowsing.blockedURIs.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.search.suggest.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.topsites.contile.enabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "dom.push.connection.enabled": False,
    "extensions.blocklist.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "messaging-system.rsexperimentloader.enabled": False,
    "security.remote_settings.crlite_filters.enabled": False,
    "security.remote_settings.intermediates.enabled": False,
    "services.settings.server": "data:,",
    "signon.rememberSignons": False,
    "toolkit.telemetry.server": "",
    "toolkit.telemetry.unified": False,
    "trailhead.firstrun.didSeeAboutWelcome": True,
    "termsofuse.bypassNotification": True,
}


def write_profile(folder: Path, socks_port: int | None, *, private: bool) -> None:
    """Make the folder of a fresh profile."""
    settings = SETTINGS | {"browser.privatebrowsing.autostart": private}
    rehearsal_profile.write(folder, socks_port or NOWHERE, settings)


def start(home: Path, profile: Path) -> "subprocess.Popen[bytes]":
    """Start Firefox without a screen, with nothing of this machine's but its own folder."""
    command = [*ENDS_WITH_US, "firefox-esr", "--headless", "--no-remote", "--profile", str(profile)]
    command += ["--marionette", "--remote-allow-system-access"]
    fonts = home / "fonts.conf"
    fonts.write_text(FONTS, encoding="ascii")
    environment = {
        "FONTCONFIG_FILE": str(fonts),
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TMPDIR": str(home),
        "MOZ_HEADLESS_WIDTH": "1200",
        "MOZ_HEADLESS_HEIGHT": "1000",
        "MOZ_CRASHREPORTER_DISABLE": "1",
        "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",  # without it, Firefox does not believe the setting that names no server
    }
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)


def wait_for_port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait until Firefox has written down where it takes orders."""
    written = profile / "MarionetteActivePort"

    def port() -> str:
        assert process.poll() is None, "firefox has ended"
        return written.read_text(encoding="ascii").strip() if written.exists() else ""

    return int(until(port, START, "firefox"))


def end(process: subprocess.Popen[bytes]) -> None:
    """End the one Firefox that was started here."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
