// SPDX-License-Identifier: Apache-2.0

/// Names that belong to features of later versions. A configuration that uses one is refused by that name, so
/// that nobody believes in an alert that never comes.
enum ReservedNames {
    /// At the top.
    static let top: [StaticString] = [
        "state", "limits", "log", "dogstatsd", "otlp", "forward", "redact", "histograms", "alerts", "groups",
        "maintenance",
    ]
    /// In `socket`.
    static let socket: [StaticString] = ["allow"]
    /// In a check.
    static let check: [StaticString] = ["definitive", "from", "maintenance"]
    /// Types of checks.
    static let types = ["metric", "quality", "group"]
}
