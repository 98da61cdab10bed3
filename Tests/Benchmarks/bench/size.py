# SPDX-License-Identifier: Apache-2.0
"""How large the binary is."""

import subprocess


def measure(place, table):
    """the stripped binary"""
    stripped = place.root / "stripped"
    subprocess.run(["strip", "-o", stripped, place.binary], check=True)
    # One String.contains(String) anywhere links Swift's regex engine, 1.4 MiB.
    table.gate("parts of the regex engine in the binary", stripped.read_bytes().count(b"_RegexParser"), 0)
    table.figure("binary, stripped", stripped.stat().st_size / 1e6, "MB", 19, 12)
