"""The test vectors of the keys of a case, to the byte: whoever changes one of them breaks every case that is stored."""

import struct

import pytest

from onion_app.crypto import casekeys, codes, passphrases, sealing
from onion_app.crypto.casekeys import KeyName, MessageKeys
from onion_app.crypto.keys import keypair_from, shared_secret
from onion_app.crypto.sealing import MessagePlace

VECTORS = {
    "master": "cdbffdecb5f61490a3ab43ef84a12f5935774b265f8f32163bbfabd550cdf362",
    "code.tag": "899b414cb12609c21fc479c30db2bb5cff6224c6b3597b01057033ec23eb31d1",
    "code.box": "78985ca8532bfb127d324403f8b883c9095604e185d418a830bfdc2734e23aa4",
    "code.stop": "6940ef44220b64e8847ad448433d355e442949947564f023d880f2e57ef554a4",
    "b0": "dba76a6860cba85f70c34ad3c3e1a05c605c47f1758f8813126dd5a037c5b44a",
    "b0 without return": "740cfee9c648b920d679bcb234ceb9e08d7e6b3324638c3e372b02e5c7f52fa1",
    "id of the text": "ec8354a5c1030c434819ab2397463fc4",
    "B0": "d11cf62f2c96bd1f7413010fbcef79bdb6e159c644eff91246a0a416405bfa52",
    "B1": "d3337e4d4ee503a66976feb1fadf5bd21ba96fc2b1571b3e980d87cf49797510",
    "R1": "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209",
    "R2": "ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d59",
    "stop root": "c2e2292e52883425c94f94a395fa2a9142cd615446134beb17dd3cb06eeb8f20",
    "proof of the case": "4b13978cc84113c1087f50b5032b62d5174314b17bc30fe9f4b771b7013cc2c2",
    "mark of the case": "dc7091f633e8587ee7ecf5f6412d4698916af90088e618e2222e4f0e6103e977",
    "proof of its story": "159ca2984eb6c5c1c118ea62723a35771a942c9201a6f454c590f8301850c8cf",
    "mark of its story": "3428dc724c71a83e9d66ecd6229f7f36108c802a826754a850e15f76f6bba78d",
    "case id": "5d08247fcba2ef94a8e2bd6179b41154",
    "z0": "e79c62ef0bda86dc181d3f48bae2f637a8499afb69b064c30664780bf15d2d4e",
    "K turn 0, R1, [B0]": "a143107484d181e25f902a790c21d6ea49224e7d08ec0923f648204d1508ffed",
    "K turn 0, R1, [B0 B1]": "7b92eacebabb4adfa7ebe08bba42ceb43f22a928711db40505cf0902b9ce5920",
    "K turn 1, R2, [B0 B1]": "a6ba39a6109a52ffd6af5ef6a8ca1768c0be3745fd61951ef53885f4e05a3197",
    "note key": "1d41a1ff9654163a6b04387a6b3a5600c8a9615813ca1ec4ba7e04dae0ad6129",
    "audit mark": "b1d07ab192c5924e6e7a4bf82d96b765ebd572c5ff04c7a1f7cf735288d43db0",
    "notebook key": "9b522eb14e390a40a234fb28b705c14fa0e338b5bc71f3283e64fa2b1b48466c",
    "hand key, turn 1": "8989deb263042fbc259706f10ddd6925d495927b3681a0a26765de843193d152",
    "met mark of [B0 B1]": "74c75d46e9276074b9a1bdbf3721db4f232cde7a012e5adfcf0311eec595d6b0",
    "AD of message 1": "025d08247fcba2ef94a8e2bd6179b411541d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d0000000101",
    "sealed, its last 16 bytes": "2e6f8016ff107f40f1373016ac612142",
    "reply mark of it": "6506ed3289c46c56756ad601465aaef02b0bdaa970b7e778a6f39518ac4c0a62",
    "read mark up to it": "ca5718e168d82a6ce5f8f1578cb286d17f553d74caebd29efd08276e133c8210",
    "box, its last 16 bytes": "0a1d04ffcd8b64c30f19ed06dfb2ff7f",
    "stop, its last 16 bytes": "37b4f195e5764f5581b54e34c847a721",
    "one handed key": "00000101a143107484d181e25f902a790c21d6ea49224e7d08ec0923f648204d1508ffed",
    "AD of it, turn 1, gen. 2": (
        "0268616e645d08247fcba2ef94a8e2bd6179b4115400000001c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c10002"
    ),
}
CODE, SALT, SEED, TEXT = "1234567890123456789012345627", bytes(range(16)), b"\x5e" * 32, "نص".encode()
HOME, MESSAGE = b"\xc1" * 16, b"\x1d" * 16


def test_every_vector_comes_out_of_our_own_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "random", lambda count: bytes(range(count)))
    found = codes.derive(CODE, SALT)
    b0, b1, r1, r2 = casekeys.form_private(SEED), b"\xb1" * 32, b"\x01" * 32, b"\x02" * 32
    public = {name: keypair_from(each).public for name, each in (("B0", b0), ("B1", b1), ("R1", r1), ("R2", r2))}
    root = casekeys.stop_root(b0)
    proof, story = casekeys.case_proof(root), casekeys.story_proof(root)
    case = casekeys.case_id_of(public["B0"], HOME, casekeys.mark_of(proof))
    both = (public["B0"], public["B1"])
    side = {public["R1"]: r1, public["R2"]: r2}
    keys = MessageKeys(case, both, lambda at, circle_key: shared_secret(side[circle_key], both[at]))
    key, place = keys.key(0, public["R1"], 1), MessagePlace(case, MESSAGE, 1, "visitor")
    sealed = sealing.seal(key, TEXT, place)
    handed = casekeys._HANDED.pack(*KeyName(0, 1, 1), key)
    made = {
        "master": passphrases.stretch(CODE.encode(), SALT, passphrases.CODE),
        "code.tag": found.tag,
        "code.box": found.box,
        "code.stop": found.stop,
        "b0": b0,
        "b0 without return": casekeys.lone_private(SEED, TEXT),
        "id of the text": casekeys.form_id(SEED, "text", TEXT),
        **public,
        "stop root": root,
        "proof of the case": proof,
        "mark of the case": casekeys.mark_of(proof),
        "proof of its story": story,
        "mark of its story": casekeys.mark_of(story),
        "case id": case,
        "z0": shared_secret(r1, public["B0"]),
        "K turn 0, R1, [B0]": key,
        "K turn 0, R1, [B0 B1]": keys.key(0, public["R1"], 2),
        "K turn 1, R2, [B0 B1]": keys.key(1, public["R2"], 2),
        "note key": casekeys.note_key(r1, case, public["B0"]),
        "audit mark": casekeys.audit_mark(r1, case, public["B0"]),
        "notebook key": casekeys.notebook_key(r1, HOME),
        "hand key, turn 1": casekeys._hand_key(public["B0"], case, 1),
        "met mark of [B0 B1]": casekeys.met_mark(case, both),
        "AD of message 1": place.associated_data(),
        "sealed, its last 16 bytes": sealed[-16:],
        "reply mark of it": casekeys.reply_mark(sealed),
        "read mark up to it": casekeys.read_mark(case, [(1, MESSAGE, sealed)]),
        "box, its last 16 bytes": casekeys.seal_box(found.box, case, HOME, [b0])[-16:],
        "stop, its last 16 bytes": casekeys.seal_stop(found.stop, case, root)[-16:],
        "one handed key": handed,
        "AD of it, turn 1, gen. 2": casekeys._hand_place(case, 1, (HOME, 2)),
    }
    assert {name: value.hex() for name, value in made.items()} == VECTORS
    assert len(handed) == struct.calcsize(">BHB32s")
