# SPDX-License-Identifier: Apache-2.0
"""What `Tests/Benchmarks/run` is made of: one file for each thing that is measured, and what they share."""
