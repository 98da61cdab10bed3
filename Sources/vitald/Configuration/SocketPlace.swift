// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Where the Unix socket is when nobody says so.
enum SocketPlace {
    /// The system's place, made by systemd (RuntimeDirectory=vitald) or by root.
    static let system = "/run/vitald/vitald.sock"

    /// sun_path of unix(7) holds 108 bytes with the closing NUL.
    static let maximumPathLength = 107

    /// The name of the socket beside it, on which the HTTP pages are served.
    static let httpName = "http.sock"

    /// The usual place: the system's, where its directory can be made, else the user's runtime directory.
    static func usual(
        environment: (String) -> String?, canMakeDirectory: (String) -> Bool = canMakeDirectory
    ) -> String {
        if canMakeDirectory("/run/vitald") { return system }
        guard let runtime = environment("XDG_RUNTIME_DIR"), runtime.utf8.first == UInt8(ascii: "/") else {
            return system  // binding there will say what is missing
        }
        return runtime + (runtime.utf8.last == UInt8(ascii: "/") ? "" : "/") + "vitald/vitald.sock"
    }

    /// Whether this process could put a socket into the directory, making it first if need be.
    static func canMakeDirectory(_ path: String) -> Bool {
        if access(path, F_OK) == 0 { return access(path, W_OK | X_OK) == 0 }
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        return access(parent.isEmpty ? "/" : parent, W_OK | X_OK) == 0
    }

    /// What is wrong with a path for the socket, as a predicate; nil where nothing is.
    static func problem(with path: String) -> (fact: String, remedy: String)? {
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "/"), let slash = bytes.lastIndex(of: UInt8(ascii: "/")),
            slash + 1 < bytes.count
        else {
            return (
                "is not the absolute path of a file",
                "Write for example \"\(system)\"."
            )
        }
        let longest = max(bytes.count, slash + 1 + httpName.utf8.count)
        guard longest <= maximumPathLength else {
            return (
                "is \(longest) bytes long with its neighbour \(httpName), and a socket's path has at most "
                    + "\(maximumPathLength)", "Choose a shorter directory."
            )
        }
        guard bytes[(slash + 1)...] != ArraySlice(httpName.utf8) else {
            return ("has the name of the HTTP socket beside it, \(httpName)", "Choose another name.")
        }
        return nil
    }
}
