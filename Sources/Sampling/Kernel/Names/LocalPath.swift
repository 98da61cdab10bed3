// SPDX-License-Identifier: Apache-2.0

/// A path of the host, and who may have laid it out.
struct LocalPath: Hashable {
    /// A user's home directory and his number; nil for what root alone has laid out.
    let home: Home?
    /// Absolute, or below the home.
    let path: String

    /// A home directory below the host's root directory.
    struct Home: Hashable {
        var directory: String
        var user: UInt32
    }

    /// A path of the system's own.
    init(_ path: String) {
        home = nil
        self.path = path
    }

    /// A path below a user's home.
    init(_ path: String, below home: Home) {
        self.home = home
        self.path = path
    }

    static func + (path: LocalPath, more: String) -> LocalPath {
        path.home.map { LocalPath(path.path + more, below: $0) } ?? LocalPath(path.path + more)
    }

    /// No file that is read is near this; more is not what it is taken for, and a user is not to fill the memory.
    var sizeLimit: Int { home == nil ? 4 << 20 : 256 << 10 }
}
