# SPDX-License-Identifier: Apache-2.0
"""Every measurement, in the order of the table. A new one is one function and one line here."""

from bench import checks, counts, idle, memory, scraping, size, sockets, starting

ALL = [
    ("memory", memory.measure),
    ("files", scraping.kernel_files),
    ("page", scraping.hot_page),
    ("thousand", scraping.thousand_containers),
    ("checks", checks.measure),
    ("socket", sockets.measure),
    ("start", starting.measure),
    ("idle", idle.measure),
    ("binary", size.measure),
    ("counts", counts.measure),
]
