"""An update is taken from nobody but its signers, starts nothing that it brings before that, and can be undone."""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from onion_app import errors
from onion_app.launch import outside, unlock
from onion_app.launch.state import State
from onion_app.launch.stdin_answers import Answers
from onion_app.manage import status_text
from onion_app.manage.repository import Repository
from onion_app.vault import migrating, update_copies
from tests.launch.conftest import Installation, Launched, contents
from tests.launch.keeping import TODAY, add_case, noon, this_day
from tests.launch.makers import Smart, Updating, run, tor_that_leads_to

NO = errors.NotSigned


def refused(here: Updating, error: type[errors.SanctuaryError], why: str) -> None:
    """See that an update is refused with its sentence, this reason and a command, and that nothing has changed."""
    before = contents(here.clone)
    done = here.update(here.makers.bundle())
    assert done.said.startswith((error.__doc__ or "").partition("\n")[0]), done.said
    assert why in done.said
    assert done.said.splitlines()[-1].startswith("    ")
    assert done.code == error.exit_code
    assert contents(here.clone) == before
    assert here.number() == "2.0"
    assert not here.clone.with_name("clone.new").exists()


def test_a_signed_version_is_shown_and_takes_the_place_of_the_one_before(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    origin = Repository(here.clone).origin()
    done = here.update(here.makers.bundle())
    assert done.code == 0, done.said
    assert "signed by ada" in done.said
    assert "- News of 2.1." in done.said
    assert "News of 2.0" not in done.said
    assert "## 2.0" not in done.said
    assert (here.number(), here.version()) == ("2.1", "sanctuary 2.1")
    assert (here.clone / ".venv" / "complete").read_text() == "as it was"
    assert (here.clone.with_name("clone.before") / "pyproject.toml").exists()
    assert Repository(here.clone).origin() == origin, "the next comes from there, too"
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in here.clone.rglob("*.py")), "another account reads it"
    here.believe(here.makers.line("ada"))
    again = here.update(here.makers.bundle())
    assert again.code == errors.NoNewerVersion.exit_code
    assert again.said.startswith((errors.NoNewerVersion.__doc__ or "").partition("\n")[0])


def test_the_makers_are_told_the_sum_that_the_update_looks_for(here: Updating) -> None:
    assert here.update("--sum", "HEAD").out.strip() == Repository(here.clone).digest("HEAD")


def test_without_the_word_nothing_changes(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    before = contents(here.clone)
    assert here.update(here.makers.bundle(), typed="yes\n").code == errors.NotConfirmed.exit_code
    assert contents(here.clone) == before


def test_where_nobody_is_believed_it_says_how_somebody_is(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    here.believe()
    refused(here, errors.NoSigner, "onion_app/manage/signers")


@pytest.mark.parametrize("line", ["* ssh-ed25519 AAAA", "cert-authority ada ssh-ed25519 AAAA", "ada ssh-ed25519 AAAA"])
def test_a_line_that_believes_more_than_one_key_for_a_while_is_refused(here: Updating, line: str) -> None:
    here.believe(f"{line}\n")
    refused(here, errors.NoSigner, "another form")


def test_a_key_has_an_end_within_two_years(here: Updating) -> None:
    here.believe(here.makers.line("ada", ends=TODAY + 740))
    refused(here, errors.NoSigner, "two years")


def test_an_unsigned_tag_and_one_that_is_no_object_are_refused(here: Updating) -> None:
    here.makers.git("tag", "-a", "-m", here.makers.message("2.1"), "2.1")
    refused(here, NO, "no signature")
    here.makers.git("tag", "-d", "2.1")
    here.makers.git("tag", "2.1")
    refused(here, NO, "no signature")


def test_what_was_changed_after_it_was_signed_is_refused(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    signed = here.makers.git("cat-file", "tag", "2.1") + "\n"
    forged = here.folder / "forged"
    forged.write_text(signed.replace("sanctuary 2.1", "sanctuary 2.2").replace("tag 2.1", "tag 2.2"))
    name = here.makers.git("hash-object", "-t", "tag", "-w", str(forged))
    here.makers.git("update-ref", "refs/tags/2.2", name)
    refused(here, NO, "signed by nobody")


def test_an_older_version_is_refused_under_its_own_name_and_under_another(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    assert here.update(here.makers.bundle()).code == 0
    here.believe(here.makers.line("ada"))
    here.makers.git("update-ref", "refs/tags/9.9", here.makers.git("rev-parse", "refs/tags/2.1"))
    done = here.update(here.makers.bundle())
    assert "another version" in done.said
    here.makers.git("tag", "-d", "9.9")
    assert here.update(here.makers.bundle()).said.startswith("There is no version above")


def test_an_old_state_of_the_files_under_a_new_number_is_refused(here: Updating) -> None:
    here.makers.sign("2.2", "ada")
    refused(here, NO, "call themselves 2.1")


def test_a_tag_of_another_project_by_the_same_signer_is_refused(here: Updating) -> None:
    here.makers.sign("2.1", "ada", here.makers.message("2.1", first="otherthing 2.1"))
    refused(here, NO, "no version of this program")


def test_a_tag_that_was_signed_under_another_name_is_refused(here: Updating) -> None:
    here.makers.sign("1.5", "ada", here.makers.message("2.1"))
    here.makers.git("update-ref", "refs/tags/2.1", here.makers.git("rev-parse", "refs/tags/1.5"))
    refused(here, NO, "another version")


def test_other_files_than_those_that_were_signed_are_refused(here: Updating) -> None:
    message = here.makers.message("2.1")
    here.makers.commit("2.1", scripts__launch="echo other")
    here.makers.sign("2.1", "ada", message)
    refused(here, NO, "not those that were signed")


@pytest.mark.parametrize("ahead", [None, 121])
def test_a_version_promises_the_next_word_within_120_days(here: Updating, ahead: int | None) -> None:
    message = here.makers.message("2.1", next_by=this_day() + (ahead or 0))
    here.makers.sign("2.1", "ada", message if ahead else message.replace("next by", "some day"))
    refused(here, NO, "next word")


def test_a_key_that_has_ended_signs_nothing_whatever_day_the_tag_gives_itself(here: Updating) -> None:
    here.believe(here.makers.line("ada", ends=TODAY - 2))
    here.makers.sign("2.1", "ada")
    refused(here, NO, "still holds")


def test_a_signer_whom_the_update_itself_adds_does_not_count(here: Updating) -> None:
    here.makers.commit("2.1", onion_app__manage__signers=here.makers.line("eve"))
    here.makers.sign("2.1", "eve")
    refused(here, NO, "signed by nobody")


def test_a_change_of_the_signers_is_shown_first_and_holds_afterwards(here: Updating) -> None:
    bea = here.makers.line("bea")
    here.makers.commit("2.1", onion_app__manage__signers=bea)
    here.makers.sign("2.1", "ada")
    shown = [line for line in here.update(here.makers.bundle()).said.splitlines() if line]
    assert [line.split(":")[0] for line in shown[:2]] == ["! no longer believed", "! believed from now on"]
    here.makers.commit("2.2")
    here.makers.sign("2.2", "ada")
    assert "signed by nobody" in here.update(here.makers.bundle()).said


def test_where_two_are_believed_two_have_to_sign_the_same(here: Updating) -> None:
    here.believe(here.makers.line("ada"), here.makers.line("bea"))
    here.makers.sign("2.1", "ada")
    refused(here, NO, "two have to")
    here.makers.sign("2.1+bea", "ada")
    refused(here, NO, "signed by nobody")
    here.makers.git("tag", "-d", "2.1+bea")
    kept = here.makers.git("rev-parse", "HEAD")
    here.makers.commit("2.1", docs__other="else")
    here.makers.sign("2.1+bea", "bea")
    refused(here, NO, "different things")
    here.makers.git("tag", "-d", "2.1+bea")
    here.makers.git("reset", "-q", "--hard", kept)
    here.makers.sign("2.1+bea", "bea")
    done = here.update(here.makers.bundle())
    assert "signed by ada and bea" in done.said
    assert here.version() == "sanctuary 2.1"


def test_one_key_under_two_names_is_not_two_signers(here: Updating) -> None:
    line = here.makers.line("ada")
    here.believe(line, line.replace("ada", "bea", 1))
    refused(here, errors.NoSigner, "twice")


def hostile(here: Updating) -> Path:
    """Plant commands that write a file, wherever git is known to start some."""
    mark, home, hooks = here.folder / "started", here.folder / "home", here.folder / "hooks"
    command = f"touch {mark}; cat"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-merge", "fsmonitor"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o755)
    shutil.copytree(hooks, home / "template" / "hooks")
    shutil.copytree(hooks, here.clone / ".git" / "hooks", dirs_exist_ok=True)
    settings = (
        f'[core]\n\thooksPath = {hooks}\n\tfsmonitor = {hooks}/fsmonitor\n\tpager = "{command}"\n'
        f'[filter "evil"]\n\tsmudge = "{command}"\n\tclean = "{command}"\n\trequired = true\n'
        f'[init]\n\ttemplateDir = {home}/template\n[gpg "ssh"]\n\tprogram = {hooks}/fsmonitor\n'
        f'[gpg]\n\tprogram = {hooks}/fsmonitor\n[submodule]\n\trecurse = true\n[protocol "ext"]\n\tallow = always\n'
        f'[diff "evil"]\n\ttextconv = "{command}"\n\tcommand = "{command}"\n'
    )
    (home / ".gitconfig").write_text(settings)
    with (here.clone / ".git" / "config").open("a") as config:
        config.write(settings)
    here.surroundings = {"HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"), "GIT_DIR": "/nonexistent"}
    return mark


def hostile_variables(here: Updating, mark: Path) -> dict[str, str]:
    """Give what somebody may have put into root's surroundings: each starts a command, or brings other objects."""
    command = f"touch {mark}"
    return {
        "GIT_SSH_COMMAND": command,
        "GIT_PROXY_COMMAND": command,
        "GIT_EXTERNAL_DIFF": command,
        "GIT_ASKPASS": command,
        "GIT_EXEC_PATH": str(here.folder / "hooks"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(here.folder / "hooks"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(here.makers.work / ".git" / "objects"),
        "GIT_WORK_TREE": "/nonexistent",
        "GIT_REPLACE_REF_BASE": "refs/tags/",
        "GIT_TRACE": str(mark),
    }


def test_hooks_filters_and_settings_of_a_hostile_place_do_not_run(here: Updating) -> None:
    mark = hostile(here)
    here.surroundings |= hostile_variables(here, mark)
    modules = f'[submodule "x"]\n\tpath = x\n\turl = "ext::sh -c touch% {mark}"\n'
    here.makers.commit("2.1", **{".gitattributes": "* filter=evil diff=evil ident text eol=crlf\n", "plain": modules})
    here.makers.sign("2.1", "ada")
    done = here.update(here.makers.bundle())
    assert done.code == 0, done.said
    assert not mark.exists()
    assert not (here.clone / ".git" / "hooks").exists()
    assert (here.clone / "plain").read_bytes() == modules.encode(), "byte by byte what was signed"
    assert run("git", "status", "--porcelain", folder=here.clone) == ""
    # The commands do work: with the same settings, where nobody switches them off, they write the file.
    words = ("env", f"GIT_CONFIG_GLOBAL={here.folder}/home/.gitconfig", "git", "clone", "-q", here.makers.work, "other")
    run(*words, folder=here.folder)
    assert mark.exists()


def test_a_submodule_is_refused(here: Updating) -> None:
    link = f"160000,{here.makers.git('rev-parse', 'HEAD')},x"
    message = here.makers.message("2.1")
    here.makers.git("update-index", "--add", "--cacheinfo", link)
    here.makers.git("commit", "-q", "-m", "with a submodule")
    here.makers.sign("2.1", "ada", message)
    refused(here, NO, "submodule")


@pytest.mark.parametrize("missing", ["ssh-keygen", "git"])
def test_a_missing_program_is_named_with_the_command_that_brings_it(here: Updating, missing: str) -> None:
    here.makers.sign("2.1", "ada")
    bundle = here.makers.bundle()
    code = (here.clone / "onion_app/manage/repository.py", here.clone / "onion_app/manage/signatures.py")
    empty = here.folder / "empty"
    empty.mkdir()
    for other in {"ssh-keygen", "git", "prlimit"} - {missing}:
        (empty / other).symlink_to(shutil.which(other) or "")
    for file in code:
        file.write_text(file.read_text().replace("/usr/local/bin:/usr/bin:/bin", str(empty)))
    done = here.update(bundle)
    assert (done.code, f"({missing})" in done.said) == (4, True)
    assert "apt-get install git openssh-client" in done.said


def test_no_packet_goes_anywhere_but_to_tor(here: Updating, tmp_path: Path) -> None:
    here.makers.sign("2.1", "ada")
    here.makers.serve()
    here.fetch_from("http://makers.example/served.git")
    trace = tmp_path / "trace"
    calls = "trace=unshare,connect,sendto,sendmsg,sendmmsg,bind"
    with tor_that_leads_to(here.folder, here.state) as asked:
        here.surroundings = {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
        strace = ("strace", "-f", "--seccomp-bpf", "-qq", "-s", "200", "-e", calls, "-o", str(trace))
        done = here.update(before=strace)
    assert done.code == 0, done.said
    assert here.version() == "sanctuary 2.1"
    widened, *names, narrowed = asked
    assert set(names) == {"makers.example:80"}, "tor was given the name"
    assert ("OnionTrafficOnly" in widened, "OnionTrafficOnly" in narrowed) == (False, True)
    lines = trace.read_text().splitlines()
    alone = next(
        number for number, line in enumerate(lines) if "unshare(CLONE_NEWNET)" in line and line.endswith("= 0")
    )
    for number, line in enumerate(lines):  # from then on no address but this process's own loopback exists
        assert number > alone or not any(word in line for word in ("AF_INET", "AF_NETLINK")), line
        assert "sin_port" not in line or "127.0.0.1" in line, line
        assert "htons(53)" not in line, line
    unix = {line.split('"')[1] for line in lines if " connect(" in line and "sun_path" in line}
    assert unix - {"/var/run/nscd/socket"} == {
        str(here.state / "run" / name) for name in ("socks.sock", "control.sock")
    }


CLOSED = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", "--")  # as root is in a container
NOBODY = ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_an_ordinary_account_takes_the_network_from_itself_too(here: Updating) -> None:
    if subprocess.run([*NOBODY, "unshare", "-Un", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no account but root makes a network here")
    here.makers.sign("2.1", "ada")
    here.makers.serve()
    here.fetch_from("http://makers.example/served.git")
    here.folder.chmod(0o755)
    with tor_that_leads_to(here.folder, here.state, Smart) as asked:  # as git's own server; the others are plain files
        run("chown", "-R", "nobody:", here.folder, folder=here.folder)
        done = here.update(before=NOBODY)
    assert done.code == 0, done.said
    assert {name for name in asked if "SETCONF" not in name} == {"makers.example:80"}
    assert (here.clone / "pyproject.toml").owner() == "nobody"


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root makes a network within a space of accounts")
def test_where_the_system_takes_the_network_from_nobody_only_a_file_is_read(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    here.makers.serve()
    here.fetch_from("http://makers.example/served.git")
    with tor_that_leads_to(here.folder, here.state) as asked:
        done = here.update(before=CLOSED)
    assert "this system takes the network from no process" in done.said
    assert done.said.splitlines()[-1] == "    ./scripts/update FILE   (from a stick)"
    assert asked == []
    assert here.update(here.makers.bundle(), before=CLOSED).code == 0


_SETUP = """#!/bin/bash
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$here/.venv/bin"
echo "#!$here/.venv/bin/python" > "$here/.venv/bin/tool"
echo "home = /usr/bin" > "$here/.venv/pyvenv.cfg"
/usr/bin/python3 -c 'import urllib.request as r; r.urlopen("https://packages.example/", timeout=20)' 2> "$here/tried"
exit 0
"""


def test_other_packages_are_asked_for_through_tor_alone(here: Updating) -> None:
    here.makers.commit("2.1", **{"requirements.txt": "other==1", "scripts__setup": _SETUP})
    here.makers.sign("2.1", "ada")
    here.makers.serve()
    here.fetch_from("http://makers.example/served.git")
    with tor_that_leads_to(here.folder, here.state) as asked:
        done = here.update()
    assert done.code == 0, done.said
    assert "packages.example:443" in asked, "through tor, which alone was there"
    assert (here.clone / ".venv/bin/tool").read_text() == f"#!{here.clone}/.venv/bin/python\n"


def test_wheels_that_were_kept_stay_for_the_same_packages_and_go_with_others(here: Updating) -> None:
    (here.clone / "wheels").mkdir()
    (here.clone / "wheels" / "a.whl").write_text("a wheel")
    here.makers.sign("2.1", "ada")
    assert here.update(here.makers.bundle()).code == 0
    assert (here.clone / "wheels" / "a.whl").exists()
    here.believe(here.makers.line("ada"))
    here.makers.commit("2.2", **{"requirements.txt": "other==1", "scripts__setup": _SETUP})
    here.makers.sign("2.2", "ada")
    assert here.update(here.makers.bundle()).code == 0
    assert not (here.clone / "wheels").exists()


def test_from_a_file_no_package_is_fetched_at_all(here: Updating) -> None:
    wheels = here.makers.folder / "wheels"
    wheels.mkdir()
    (wheels / "a.whl").write_text("a wheel")
    setup = _SETUP.replace("exit 0", '[ "$https_proxy" = http://127.0.0.1:9 ] && [ -e "$here/wheels/a.whl" ]')
    here.makers.commit("2.1", **{"requirements.txt": "other==1", "scripts__setup": setup})
    here.makers.sign("2.1", "ada")
    (wheels / "b.whl").symlink_to("/etc/shadow")
    done = here.update(here.makers.bundle(), before=("unshare", "-n"))
    assert done.code == 0, done.said
    assert [wheel.name for wheel in (here.clone / "wheels").iterdir()] == ["a.whl"]


def test_what_runs_is_stopped_before_its_program_changes(here: Updating, running: Launched) -> None:
    here.makers.sign("2.1", "ada")
    here.state = running.state
    done = here.update(here.makers.bundle())
    assert (done.code, running.process.wait(60)) == (0, 0), done.said
    assert len(list(running.state.rglob("*.before.version-*.db"))) == 3
    assert done.said.splitlines()[-1].startswith(f"    cd {here.clone} && "), "the shell stands in the folder of before"
    assert f"launch --state {running.state}" in done.said.splitlines()[-1]


def test_without_tor_and_without_an_address_nothing_is_fetched(here: Updating) -> None:
    done = here.update()
    assert "names no address" in done.said
    here.fetch_from("http://nowhere.example/x.git")
    done = here.update()
    assert done.said == "Nothing could be fetched. (no launcher runs whose tor could fetch it)\n    ./scripts/launch\n"
    with tor_that_leads_to(here.folder / "home", here.state):
        assert here.update().said.splitlines()[-2].startswith("Nothing could be fetched.")


def test_silence_past_the_promised_day_is_told_in_the_status(here: Updating, monkeypatch: pytest.MonkeyPatch) -> None:
    here.makers.sign("2.1", "ada", here.makers.message("2.1", next_by=TODAY + 1))
    assert here.update(here.makers.bundle()).code == 0
    monkeypatch.setattr(outside, "_CLONE", here.clone)
    for day, bad in ((TODAY + 1, False), (TODAY + 2, True)):
        status = outside.disk_status(State(here.folder), partial(float, day * 86_400))
        lines = [line for line in status_text.status_lines({"running": False, **status}) if line.name == "Makers"]
        assert [line.bad for line in lines] == [True] * bad
        assert all("no word from the makers since" in line.fact for line in lines)


@pytest.fixture
def used(here: Updating, installation: Installation) -> Updating:
    """Give an operator whose installation was brought to 2.1."""
    shutil.copytree(installation.state, here.state)
    here.makers.sign("2.1", "ada")
    assert here.update(here.makers.bundle()).code == 0
    return here


def databases(state: Path) -> dict[str, bytes]:
    return {kind: (state / kind / f"{kind}.db").read_bytes() for kind in ("mailbox", "shown", "desk")}


@pytest.mark.parametrize("fails", [False, True])
def test_back_brings_program_and_databases_back_when_nothing_was_stored(
    used: Updating, installation: Installation, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    before = databases(used.state)
    answers = Answers(passphrase=installation.printed["passphrase"])

    def bring_forward(folder: Path, *_: object) -> None:
        (folder / "desk" / "desk.db").write_bytes(b"as a migration leaves it")
        if fails:
            raise errors.DamagedFile

    with monkeypatch.context() as patch:
        patch.setattr(migrating, "migrate_all", bring_forward)
        with pytest.raises(errors.SanctuaryError):
            unlock.unlock_with_answers(State(used.state), answers, noon)
    assert databases(used.state) != before
    done = used.update("--back")
    assert done.code == 0, done.said
    assert (used.number(), databases(used.state)) == ("2.0", before)
    assert used.update("--back").code == errors.NoWayBack.exit_code
    unlock.unlock_with_answers(State(used.state), answers, noon)


def test_back_is_refused_once_something_was_stored(used: Updating, installation: Installation) -> None:
    unlock.unlock_with_answers(State(used.state), Answers(passphrase=installation.printed["passphrase"]), noon)
    add_case(State(used.state), installation.keys, TODAY)
    stored = databases(used.state)
    done = used.update("--back")
    assert done.code == errors.NoWayBack.exit_code
    assert "would be lost: messages of visitors (mailbox.db)" in done.said
    assert (used.number(), databases(used.state)) == ("2.1", stored)


def test_back_is_refused_without_the_copies_of_that_version(used: Updating) -> None:
    for copy in used.state.rglob("*.before.*"):
        copy.unlink()
    done = used.update("--back")
    assert (done.code, "no copy" in done.said) == (errors.NoWayBack.exit_code, True)
    assert used.number() == "2.1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is led anywhere")
def test_a_link_in_the_state_leads_root_nowhere(used: Updating) -> None:
    secret = used.folder / "of-root"
    secret.write_text("of root alone")
    secret.chmod(0o600)
    used.folder.chmod(0o755)
    run("chown", "-R", "nobody:", used.state, folder=used.folder)
    (used.state / "mailbox" / "mailbox.db-journal").symlink_to(secret)
    with pytest.raises(PermissionError), update_copies.as_owner(used.state):
        update_copies.copy_all(used.state, {"mailbox": 1}, TODAY)
    assert not list((used.state / "mailbox").glob("*before*journal"))
    assert os.geteuid() == 0
