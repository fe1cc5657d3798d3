"""What a moderator changes about themselves: a new passphrase, and the end of every session of theirs."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.crypto.passwords import new_passphrase
from onion_app.desk import forms
from onion_app.desk.casework import Member
from onion_app.desk.identity import change_passphrase
from onion_app.desk.session import contents, end_everywhere, keep, login_required, room
from onion_app.errors import LoginRefused

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.get("")
@login_required
def show(member: Member) -> Answer:
    """Show what can be changed."""
    return _page(member, {})


@pages.post("/new-words")
@login_required
def new_words(_member: Member) -> Answer:
    """Draw six new words; they count only once they were typed back."""
    keep(new_words=new_passphrase())
    return redirect(url_for("account.show"), 303)


@pages.post("/passphrase")
@login_required
def passphrase(member: Member) -> Answer:
    """Replace the passphrase by the new words, and end every session that was opened with the old one."""
    drawn = contents().get("new_words", "")
    old, again = forms.short(request.form, "passphrase"), forms.short(request.form, "again")
    try:
        change_passphrase(room().books(), room().delays, member, (old, again), drawn)
    except forms.Mistake as mistake:
        return _page(member, {mistake.field: mistake.sentence})
    except LoginRefused:
        sentence = forms.marked("This is not the old passphrase. After several tries wait a minute.")
        return _page(member, {"passphrase": sentence})
    end_everywhere(member)
    return redirect(url_for("entry.login"), 303)


@pages.post("/everywhere")
@login_required
def everywhere(member: Member) -> Answer:
    """End every session of this moderator."""
    end_everywhere(member)
    return redirect(url_for("entry.login"), 303)


def _page(member: Member, mistakes: dict[str, str]) -> Answer:
    words = contents().get("new_words", "")
    return render_template("account.html", who=member, new_words=words, mistakes=mistakes)
