// SPDX-License-Identifier: Apache-2.0

/// The active kinds of check. A new kind is one file and one line here.
package enum ProbeCatalog {
    /// Every kind, in the order of the manual.
    package static let all: [any ProbeKind.Type] = [
        PostgresKind.self,
        RedisKind.self,
        HTTPCheck.self,
        TCPCheck.self,
        FilesystemKind.self,
        MemoryKind.self,
        ContainerKind.self,
        UnitKind.self,
        JournalKind.self,
    ]
}
