# SPDX-License-Identifier: Apache-2.0
"""What the gates share: the list of source files and the list of exemptions.

A gate prints "path:line: what is wrong; what is expected" for each finding and exits 1.
"""
import glob
import os
import sys

PROGRAMS = ("backup", "restore", "dr", "plugin")
EXEMPTIONS = "tools/exemptions.txt"

# <header> of a wrapped library: where alone it may be included.
FOREIGN_HOMES = {
    "openssl/": ("lib/crypto/",),
    "libpq-fe.h": ("lib/pg/",),
    "jansson.h": ("lib/format/",),
    "toml++/": ("lib/format/",),
    "zstd.h": ("lib/format/",),
    "archive.h": ("lib/format/",),
    "archive_entry.h": ("lib/format/",),
    "pthread.h": ("lib/base/",),
    "curl/": ("lib/net/",),
}


def sources(*suffixes):
    """Paths of our C and C++ files with one of the suffixes, sorted."""
    found = []
    for top in ("lib", "tests") + PROGRAMS:
        for folder, _, names in os.walk(top):
            found += [os.path.join(folder, n) for n in names if n.endswith(suffixes)]
    return sorted(found)


def house_files():
    """Makefiles and scripts: whatever is text and is not C."""
    found = glob.glob("mk/*.mk") + ["Makefile"]
    for top in ("tools", "tests", ".ci"):
        for folder, _, names in os.walk(top):
            if "corpus" in folder:
                continue
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    if file.read(2) == b"#!" or name.endswith((".py", ".sh")):
                        found.append(path)
    return sorted(p for p in found if os.path.exists(p))


def read_text(path):
    with open(path, encoding="utf-8", errors="backslashreplace") as file:
        return file.read()


class Exemptions:
    """Rows of EXEMPTIONS for one gate: `GATE KEY LIMIT reason`. The list may only shrink: a
    row that nothing needs, or whose limit is looser than what is there, is a finding."""

    def __init__(self, gate):
        self.rows = {}
        self.used = set()
        text = read_text(EXEMPTIONS) if os.path.exists(EXEMPTIONS) else ""
        for number, line in enumerate(text.splitlines(), 1):
            fields = line.split(None, 3)
            if fields and not line.startswith("#") and fields[0] == gate:
                if len(fields) < 4:
                    fail_usage(f"{EXEMPTIONS}:{number}: expected GATE KEY LIMIT reason")
                self.rows[fields[1]] = (int(fields[2]), number)

    def allow(self, key, value, findings):
        """True when the row covers the value; a looser row is reported."""
        if key not in self.rows:
            return False
        self.used.add(key)
        limit, number = self.rows[key]
        if value < limit:
            findings.append(f"{EXEMPTIONS}:{number}: {key} is down to {value}; write that")
        return value <= limit

    def report_unused(self, findings):
        for key, (_, number) in self.rows.items():
            if key not in self.used:
                findings.append(f"{EXEMPTIONS}:{number}: nothing needs {key} any more; remove it")


def fail_usage(text):
    print(text, file=sys.stderr)
    sys.exit(2)


def finish(gate, findings, n_looked_at):
    for finding in findings:
        print(finding)
    print(f"{gate}: {n_looked_at} looked at, {len(findings)} findings")
    if n_looked_at == 0:
        print(f"{gate}: found nothing to look at; is this the top of the tree?")
    sys.exit(1 if findings or n_looked_at == 0 else 0)
