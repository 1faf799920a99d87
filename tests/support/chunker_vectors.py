#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Second implementation of docs/format/chunker.md; prints docs/format/vectors/chunker.json.

It shares no code with lib/repo/chunker.c. Block i of all candidates is encrypted in one call.
`chunker_vectors.py --check FILE` compares instead.
"""

import hashlib
import json
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

WINDOW = 64
MASK = (1 << 64) - 1
LIST_MAX = 1000


def gear_table():
    rows = (hashlib.sha256(b"quipu/v1/gear" + bytes([v])).digest() for v in range(256))
    return [int.from_bytes(row[:8], "little") for row in rows]


GEAR = gear_table()


def counter_stream(label, n):
    out = bytearray()
    i = 0
    while len(out) < n:
        out += hashlib.sha256(label.encode() + i.to_bytes(8, "little")).digest()
        i += 1
    return bytes(out[:n])


def part_bytes(part):
    kind = part[0]
    if kind == "counter":
        return counter_stream(part[1], part[2])
    if kind == "byte":
        return bytes([part[1]]) * part[2]
    period = counter_stream(part[1], part[2])
    return (period * (part[3] // len(period) + 1))[: part[3]]


def candidates(data):
    found = []
    h = 0
    for p, byte in enumerate(data, 1):
        h = ((h << 1) + GEAR[byte]) & MASK
        if p >= WINDOW and h < 1 << 58:
            found.append(p)
    return found


def aes_blocks(key, blocks):
    aes = Cipher(algorithms.AES(bytes.fromhex(key)), modes.ECB()).encryptor()
    return aes.update(blocks) + aes.finalize()


def xor(a, b):
    n = int.from_bytes(a, "big") ^ int.from_bytes(b, "big")
    return n.to_bytes(len(a), "big")


def accepted(data, key, avg):
    places = candidates(data)
    if not places:
        return []
    x = bytes(16 * len(places))
    for i in range(4):
        low = WINDOW - 16 * i
        blocks = b"".join(data[p - low : p - low + 16] for p in places)
        x = aes_blocks(key, xor(x, blocks))
    limit = 1 << (64 - (avg.bit_length() - 1 - 6))
    values = (int.from_bytes(x[16 * j : 16 * j + 8], "little") for j in range(len(places)))
    return [p for p, value in zip(places, values) if value < limit]


def chunk_ends(n, places, low, high):
    ends = []
    start = 0
    while start < n:
        inside = (p for p in places if start + low <= p < start + high)
        start = min(next(inside, start + high), n)
        ends.append(start)
    return ends


SMALL = (256, 1024, 4096)
DEFAULT = (256 * 1024, 1024 * 1024, 4 * 1024 * 1024)
# Under this key one of the five byte values below has a run that is accepted.
KEY = hashlib.sha256(b"quipu key 0").hexdigest()
CASES = [
    ("empty", SMALL, []),
    ("shorter than a window", SMALL, [["counter", "quipu a", 63]]),
    ("exactly a window", (64, 64, 64), [["counter", "quipu a", 64]]),
    ("every candidate accepted", (64, 64, 256), [["counter", "quipu a", 8192]]),
    ("small chunks", SMALL, [["counter", "quipu a", 65536]]),
    ("one byte put in", SMALL,
     [["counter", "quipu a", 20000], ["byte", 120, 1], ["counter", "quipu b", 20000]]),
    ("one byte not put in", SMALL,
     [["counter", "quipu a", 20000], ["counter", "quipu b", 20000]]),
    ("zeroes", SMALL, [["byte", 0, 10000]]),
    ("run of candidates", (64, 64, 256), [["byte", 22, 3000]]),
    ("run of candidates, keyed", SMALL,
     [["counter", "quipu a", 100], ["byte", 22, 5000], ["byte", 38, 5000],
      ["byte", 46, 5000], ["byte", 180, 5000], ["byte", 181, 5000],
      ["counter", "quipu b", 1000]]),
    ("period shorter than a window", (64, 64, 1024), [["period", "quipu p", 38, 9000]]),
    ("period longer than a window", SMALL, [["period", "quipu p", 1500, 60000]]),
    ("default parameters", DEFAULT,
     [["counter", "quipu c", 7000000], ["byte", 0, 5000000], ["counter", "quipu d", 3000000]]),
]


def case_document(name, params, parts):
    low, avg, high = params
    data = b"".join(part_bytes(part) for part in parts)
    places = accepted(data, KEY, avg)
    document = {"name": name, "key": KEY, "min": low, "avg": avg, "max": high, "input": parts}
    if len(places) < LIST_MAX:
        document["accepted"] = places
    else:
        document["accepted_count"] = len(places)
    document["ends"] = chunk_ends(len(data), places, low, high)
    return document


def vectors():
    table = b"".join(v.to_bytes(8, "little") for v in GEAR)
    lines = [json.dumps(case_document(*case)) for case in CASES]
    return '{{"gear_sha256": "{}",\n"cases": [\n{}\n]}}\n'.format(
        hashlib.sha256(table).hexdigest(), ",\n".join(lines))


def main():
    text = vectors()
    if sys.argv[1:2] == ["--check"]:
        with open(sys.argv[2], encoding="ascii") as file:
            if file.read() != text:
                sys.exit("chunker_vectors: {} differs from what the text says".format(sys.argv[2]))
        return
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
