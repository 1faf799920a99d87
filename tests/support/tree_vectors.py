#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Second implementation of docs/format/tree.md; prints docs/format/vectors/tree.json.

It shares no code with lib/repo/. `tree_vectors.py --check FILE` compares instead.
"""

import hashlib
import json
import struct
import sys

TREE, LIST = 2, 3
MASK = (1 << 64) - 1
NODE_BYTES = 1024 * 1024
NODE_ITEMS = 4096
UPPER_MIN = 16
BITS = {TREE: 8, LIST: 10}


def lp16(data):
    return struct.pack("<H", len(data)) + data


def lp32(data):
    return struct.pack("<I", len(data)) + data


def ref(item):
    return bytes.fromhex(item[0]) + struct.pack("<I", item[1])


def content_bytes(kind, content):
    if "chunks" in content:
        return struct.pack("<BI", 0, len(content["chunks"])) + b"".join(
            ref(c) for c in content["chunks"])
    level, *top = content["node"]
    return bytes([level + (1 if kind == "f" else 0)]) + ref(top)


def entry_fields(e):
    """(bit, bytes) of each optional field that is there."""
    if "user" in e:
        yield 0, lp16(e["user"].encode())
    if "group" in e:
        yield 1, lp16(e["group"].encode())
    if "target" in e:
        yield 2, lp16(e["target"].encode())
    if "device" in e:
        yield 3, struct.pack("<II", *e["device"])
    if "links" in e:
        yield 4, struct.pack("<IQQ", *e["links"])
    if "extents" in e:
        runs = e["extents"]
        yield 5, struct.pack("<I", len(runs)) + b"".join(struct.pack("<QQ", *r) for r in runs)
    if "xattrs" in e:
        pairs = e["xattrs"]
        yield 6, struct.pack("<H", len(pairs)) + b"".join(
            lp16(n.encode()) + lp32(bytes.fromhex(v)) for n, v in pairs)
    if "facts" in e:
        pairs = e["facts"]
        yield 7, struct.pack("<H", len(pairs)) + b"".join(
            lp16(k.encode()) + lp32(v.encode()) for k, v in pairs)
    if "content" in e:
        yield 8, content_bytes(e["type"], e["content"])


def entry_bytes(e):
    fields = list(entry_fields(e))
    present = sum(1 << bit for bit, _ in fields)
    head = e["type"].encode() + struct.pack("<I", present) + lp16(bytes.fromhex(e["name_hex"]))
    head += struct.pack("<IIIqQ", e.get("mode", 0), e.get("uid", 0), e.get("gid", 0),
                        e.get("mtime", 0), e.get("size", 0))
    return head + b"".join(data for _, data in fields)


def body_bytes(b):
    def texts(items):
        return struct.pack("<I", len(items)) + b"".join(lp32(t.encode()) for t in items)

    out = struct.pack("<H", 1) + lp32(entry_bytes(b["root"])) + texts(b["paths"])
    for key in ("host", "user", "program", "source_kind"):
        out += lp16(b[key].encode())
    out += struct.pack("<I", len(b["tags"]))
    out += b"".join(lp16(k.encode()) + lp16(v.encode()) for k, v in b["tags"])
    out += lp32(b["facts"].encode()) + texts(b["warnings"])
    return out + struct.pack("<I", len(b["fragments"])) + b"".join(
        bytes.fromhex(f) for f in b["fragments"])


# --- cutting ---

def rotate(x, n):
    return ((x << n) | (x >> (64 - n))) & MASK


def sip_round(v):
    v[0] = (v[0] + v[1]) & MASK
    v[2] = (v[2] + v[3]) & MASK
    v[1] = rotate(v[1], 13) ^ v[0]
    v[3] = rotate(v[3], 16) ^ v[2]
    v[0] = rotate(v[0], 32)
    v[2] = (v[2] + v[1]) & MASK
    v[0] = (v[0] + v[3]) & MASK
    v[1] = rotate(v[1], 17) ^ v[2]
    v[3] = rotate(v[3], 21) ^ v[0]
    v[2] = rotate(v[2], 32)


def siphash(key, data):
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (m,) in struct.iter_unpack("<Q", padded):
        v[3] ^= m
        sip_round(v)
        sip_round(v)
        v[0] ^= m
    v[2] ^= 0xFF
    for _ in range(4):
        sip_round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def node_bytes(level, items):
    return struct.pack("<BBI", 1, level, len(items)) + b"".join(items)


def cut_level(kind, level, key, items):
    """items: (hashed, bytes, name, length). Returns lists of items, one for a node."""
    nodes, node, size = [], [], 6
    for item in items:
        node.append(item)
        size += len(item[1])
        full = len(node) >= NODE_ITEMS or size >= NODE_BYTES
        may = level == 0 or len(node) >= UPPER_MIN
        if full or (may and siphash(key, item[0]) % (1 << BITS[kind]) == 0):
            nodes.append(node)
            node, size = [], 6
    return nodes + ([node] if node else [])


def upper_item(kind, level, node):
    data = node_bytes(level, [item[1] for item in node])
    digest = hashlib.sha256(bytes([kind]) + data).digest()
    length = sum(item[3] for item in node)
    if kind == TREE:
        name = node[0][2]
        return name, lp16(name) + digest + struct.pack("<I", len(data)), name, 0, digest, len(data)
    packed = digest + struct.pack("<IQ", len(data), length)
    return digest, packed, b"", length, digest, len(data)


def build(kind, key, items):
    level, ends = 0, []
    while True:
        nodes = cut_level(kind, level, key, items)
        if level == 0:
            for node in nodes:
                ends.append((ends[-1] if ends else 0) + len(node))
        upper = [upper_item(kind, level, node) for node in nodes]
        if len(upper) == 1:
            return ends, level, upper[0][4], upper[0][5]
        items, level = upper, level + 1


def tree_items(n):
    for i in range(n):
        name = b"%06d" % i
        entry = {"type": "p", "name_hex": name.hex()}
        yield name, lp32(entry_bytes(entry)), name, 0


def list_items(n, distinct):
    for i in range(n):
        chunk = hashlib.sha256(struct.pack("<Q", i % distinct)).digest()
        yield chunk, chunk + struct.pack("<I", 1000), b"", 1000


# --- the cases ---

KEY = "303132333435363738393a3b3c3d3e3f"


def ident(byte):
    return f"{byte:02x}" * 32


def named(name):
    return name.encode().hex()


ENTRIES = [
    ("root", {"type": "d", "name_hex": "", "mode": 0o755, "mtime": 5}),
    ("empty file", {"type": "f", "name_hex": named("empty"), "mode": 0o644}),
    ("directory", {"type": "d", "name_hex": named("etc"), "mode": 0o2755, "uid": 7, "gid": 8,
                   "user": "ada", "group": "staff", "content": {"node": [1, ident(3), 99]}}),
    ("any bytes in a name", {"type": "p", "name_hex": "ff0a20"}),
    ("link", {"type": "l", "name_hex": named("l"), "mode": 0o777, "target": "../x"}),
    ("devices", {"type": "c", "name_hex": named("null"), "mode": 0o666, "device": [1, 3]}),
    ("block device", {"type": "b", "name_hex": named("sda"), "device": [8, 0]}),
    ("before 1970", {"type": "p", "name_hex": named("old"), "mtime": -1}),
    ("chunks", {"type": "f", "name_hex": named("two"), "size": 30,
                "content": {"chunks": [[ident(1), 10], [ident(2), 20]]}}),
    ("list", {"type": "f", "name_hex": named("long"), "size": 1 << 40,
              "content": {"node": [1, ident(4), 4321]}}),
    ("everything", {"type": "f", "name_hex": named("all"), "mode": 0o4755, "uid": 1000,
                    "gid": 4294967295, "mtime": 1700000000123456789, "size": 1000,
                    "user": "ada", "group": "", "links": [2, 3, 1 << 62],
                    "extents": [[0, 10], [10, 10], [980, 20]],
                    "xattrs": [["user.a", ""], ["user.b", "0078"]],
                    "facts": [["rows", "12"], ["sum", "ff"]],
                    "content": {"chunks": [[ident(9), 40]]}}),
]

BODIES = [
    ("smallest", {"root": ENTRIES[0][1], "paths": [], "host": "", "user": "", "program": "",
                  "source_kind": "", "tags": [], "facts": "{}", "warnings": [],
                  "fragments": []}),
    ("full", {"root": {"type": "d", "name_hex": "", "mode": 0o755,
                       "content": {"node": [0, ident(5), 77]}},
              "paths": ["/etc", "/srv/data"], "host": "alpha", "user": "root",
              "program": "quipu-backup 0.1.0", "source_kind": "files",
              "tags": [["why", "before=upgrade"]], "facts": "{\"a\":1}",
              "warnings": ["unreadable: /etc/x: denied"], "fragments": [ident(6), ident(7)]}),
]

CUTS = [
    ("one entry", TREE, 1, 0), ("a directory", TREE, 3000, 0),
    ("a large directory", TREE, 60000, 0), ("a list", LIST, 20000, 20000),
    ("equal chunks", LIST, 9000, 1), ("chunks that repeat", LIST, 9000, 700),
]


def cut_document(name, kind, n, distinct):
    items = list(tree_items(n) if kind == TREE else list_items(n, distinct))
    ends, level, top, length = build(kind, bytes.fromhex(KEY), items)
    document = {"name": name, "type": kind, "n": n, "key": KEY, "level": level,
                "top": top.hex(), "length": length, "ends": ends}
    if kind == LIST:
        document["distinct"] = distinct
    return document


def vectors():
    parts = {
        "entries": [{"name": n, "entry": e, "bytes": entry_bytes(e).hex()} for n, e in ENTRIES],
        "bodies": [{"name": n, "body": b, "bytes": body_bytes(b).hex()} for n, b in BODIES],
        "cuts": [cut_document(*case) for case in CUTS],
    }
    return "{" + ",\n".join(
        '"{}": [\n{}\n]'.format(key, ",\n".join(json.dumps(case) for case in cases))
        for key, cases in parts.items()) + "}\n"


def main():
    text = vectors()
    if sys.argv[1:2] == ["--check"]:
        with open(sys.argv[2], encoding="ascii") as file:
            if file.read() != text:
                sys.exit(f"tree_vectors: {sys.argv[2]} differs from what the text says")
        return
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
