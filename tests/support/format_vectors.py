#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Second implementation of docs/format/keys.md and signed.md, for their vectors.

It shares no code with lib/. Each check prints one TAP-like line; the exit status is 1 when one
fails.
"""

import base64
import hashlib
import json
import struct
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FOLDER = "docs/format/vectors/"
NONCE = bytes(12)
ROLES = {1: "RECOVERY", 2: "READER", 3: "WRITER", 4: "PRUNER", 6: "AUDIT"}


def sha256(data):
    return hashlib.sha256(data).digest()


def hkdf(secret, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def lp32(data):
    return struct.pack("<I", len(data)) + data


class Reader:
    """A position in bytes that cannot leave them."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise ValueError("input ends early")
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def bytes16(self):
        return self.take(self.number("H"))

    def bytes32(self):
        return self.take(self.number("I"))

    def end(self):
        if self.at != len(self.data):
            raise ValueError("trailing bytes")


def message(label, repo, stream, seq, certificate, body):
    return (
        lp32(b"quipu/v1/" + label)
        + lp32(repo)
        + lp32(stream)
        + struct.pack("<Q", seq)
        + lp32(sha256(certificate))
        + lp32(sha256(body))
    )


LABELS = {1: b"key-log", 2: b"snapshot", 3: b"index", 4: b"record"}


def open_frame(data, repo, owner):
    """Verifies a frame and its certificate; gives (kind, seq, stream, body)."""
    r = Reader(data)
    assert r.take(4) == b"QPSG" and r.number("H") == 1
    kind, seq, signer = r.number("H"), r.number("Q"), r.take(32)
    stream, certificate, body = r.bytes16(), r.bytes32(), r.bytes32()
    signature = r.take(64)
    r.end()
    if certificate:
        cert_kind, _, _, record = open_frame(certificate, repo, owner)
        assert cert_kind == 1
        assert read_certificate(record) == signer
    else:
        assert signer == owner
    text = message(LABELS[kind], repo, stream, seq, certificate, body)
    Ed25519PublicKey.from_public_bytes(signer).verify(signature, text)
    return kind, seq, stream, body


def read_certificate(record):
    """The public key in the body of a certificate's key-log record."""
    r = Reader(record)
    r.take(32 * r.number("H"))
    r.take(8)
    assert r.number("B") == 2
    r.number("B")
    public = r.take(32)
    r.bytes16()
    r.bytes16()
    for _ in range(r.number("H")):
        r.bytes16()
    r.end()
    return public


def check_derived(v):
    repo, d = bytes.fromhex(v["repository_id"]), bytes.fromhex(v["dedup_secret"])
    for purpose, key in v["derived"].items():
        assert hkdf(d, repo, b"quipu/v1/" + purpose.encode()).hex() == key, purpose


def check_wrap(v):
    repo, w = bytes.fromhex(v["repository_id"]), v["wrap"]
    r = Reader(bytes.fromhex(w["bytes"]))
    assert r.take(4) == b"QPWR" and r.number("H") == 1 and r.number("H") == 0
    epoch, public, recipient = r.number("I"), r.take(32), r.take(32)
    clear = r.data[: r.at]
    ephemeral, sealed = r.take(32), r.take(48)
    r.end()
    own = X25519PrivateKey.from_private_bytes(bytes.fromhex(w["recipient_private"]))
    own_public = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert own_public.hex() == w["recipient_public"]
    assert recipient == sha256(own_public) and public.hex() == w["epoch_public"]
    shared = own.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    key = hkdf(shared, ephemeral + own_public,
               b"quipu/v1/wrap" + repo + struct.pack("<I", epoch))
    plain = AESGCM(key).decrypt(NONCE, sealed, b"quipu/v1/wrap" + repo + clear)
    assert plain.hex() == w["epoch_private"]
    name = "keys/wraps/%06d-%s/%s" % (epoch, sha256(public)[:8].hex(), recipient.hex())
    assert name == w["key"]


def dearmour(text):
    lines = text.split("\n")
    begin = next(i for i, line in enumerate(lines) if line.startswith("-----BEGIN QUIPU "))
    end = next(i for i, line in enumerate(lines) if line.startswith("-----END QUIPU "))
    assert all(len(line) <= 76 for line in lines[begin + 1 : end])
    role = lines[begin][len("-----BEGIN QUIPU ") : -len(" KEY-----")]
    return role, base64.b64decode("".join(lines[begin + 1 : end]), validate=True)


def read_key_file(file):
    """(role number, secret part) of a key file."""
    armour, data = dearmour(file["text"])
    r = Reader(data)
    assert r.take(4) == b"QPKY" and r.number("H") == 1
    role, protection = r.number("B"), r.number("B")
    assert ROLES[role] == armour
    r.take(16 + 32)
    r.bytes16()
    if protection == 1:
        log2_n, block, parallel, salt = r.number("B"), r.number("B"), r.number("B"), r.take(32)
        aad = data[: r.at]
        key = Scrypt(salt, 32, 1 << log2_n, block, parallel).derive(file["passphrase"].encode())
        part = AESGCM(key).decrypt(NONCE, r.bytes32(), aad)
    else:
        part = r.bytes32()
    r.end()
    return role, part


def check_key_files(v):
    s = {name: bytes.fromhex(value) for name, value in v["secrets"].items()}
    owner = bytes.fromhex(v["owner_seed"])
    signed = lp32(s["certificate"])
    parts = {
        1: owner + s["recipient"] + s["dedup"],
        2: s["recipient"] + s["dedup"],
        3: s["writer_seed"] + s["dedup"] + signed + lp32(s["floor"]),
        4: s["writer_seed"] + signed,
        6: b"",
    }
    for file in v["files"]:
        role, part = read_key_file(file)
        assert part == parts[role], file["role"]


def check_frames(v):
    repo, owner = bytes.fromhex(v["repository_id"]), bytes.fromhex(v["owner"])
    for f in v["frames"]:
        data = bytes.fromhex(f["frame"])
        kind, seq, stream, body = open_frame(data, repo, owner)
        assert (kind, seq, stream.decode()) == (f["kind"], f["seq"], f["stream"])
        assert body.hex() == f["body"] and LABELS[kind].decode() == f["label"]
        assert sha256(data).hex() == f["id"]
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(f["signer_seed"]))
        text = message(LABELS[kind], repo, stream, seq, bytes.fromhex(f["certificate"]), body)
        assert key.sign(text) == data[-64:]


def check_altered_frames(v):
    """A changed byte anywhere, another repository: nothing opens."""
    repo, owner = bytes.fromhex(v["repository_id"]), bytes.fromhex(v["owner"])
    for f in v["frames"]:
        data = bytes.fromhex(f["frame"])
        for i in range(0, len(data), 7):
            changed = data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]
            assert not opens(changed, repo, owner), i
        assert not opens(data, bytes(16), owner)


def opens(data, repo, owner):
    try:
        open_frame(data, repo, owner)
    except (AssertionError, InvalidSignature, KeyError, ValueError):
        return False
    return True


def check_document(v):
    document = json.loads(v["quipu.json"])
    assert document["quipu_repository"] == 1
    payload = document["payload"].encode()
    repo, owner = bytes.fromhex(v["repository_id"]), bytes.fromhex(v["owner"])
    Ed25519PublicKey.from_public_bytes(owner).verify(
        bytes.fromhex(document["signature"]), message(b"repository", repo, b"", 0, b"", payload))
    values = json.loads(payload)
    assert values["repository_id"] == v["repository_id"] and values["owner"] == v["owner"]


def judge(case):
    """(heads, number of alarms) of a graph."""
    nodes = case["nodes"]
    by_id = {node["id"]: node for node in nodes}
    named = {prev for node in nodes for prev in node["prev"]}
    heads = [i for i, node in enumerate(nodes) if node["id"] not in named]
    alarms = 0
    for node in nodes:
        absent = [prev for prev in node["prev"] if prev not in by_id]
        alarms += len(absent)
        highest = max((by_id[p]["seq"] for p in node["prev"] if p in by_id), default=0)
        alarms += not absent and node["seq"] != highest + 1
    if not case["heads_anywhere"]:
        newest = max(node["seq"] for node in nodes)
        alarms += sum(nodes[i]["seq"] < newest for i in heads)
    return heads, alarms


def check_chains(v):
    for case in v["cases"]:
        assert judge(case) == (case["heads"], case["alarms"]), case["name"]


CHECKS = [
    ("keys", check_derived),
    ("keys", check_wrap),
    ("keys", check_key_files),
    ("signed", check_frames),
    ("signed", check_altered_frames),
    ("signed", check_document),
    ("chain", check_chains),
]


def main():
    failed = False
    for file, check in CHECKS:
        name = "format_vectors__" + check.__name__
        try:
            with open(FOLDER + file + ".json", encoding="utf-8") as f:
                check(json.load(f))
            print("ok -", name)
        except (AssertionError, InvalidSignature, InvalidTag, ValueError) as problem:
            print("not ok -", name, repr(problem))
            failed = True
    return 1 if failed else 0


sys.exit(main())
