// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whose a file is and who may do what with it, as `ls -l` has it.
struct Ownership: Hashable {
    let user: UInt32
    let group: UInt32
    /// The permission bits.
    let mode: UInt32
    let isSocket: Bool

    /// Looks at a path, following links; nil where nothing is there or no way leads to it.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        user = status.st_uid
        group = status.st_gid
        mode = status.st_mode & 0o7777
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
    }

    /// `vitald:vitald 0660`; names that no file of the machine knows stay numbers, for to ask a directory service could
    /// hang.
    func text(_ surroundings: Surroundings) -> String {
        let user = surroundings.name(of: user, in: "/etc/passwd")
        return "\(user):\(surroundings.name(of: group, in: "/etc/group")) \(modeText)"
    }

    /// The permission bits in four octal digits.
    var modeText: String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension Surroundings {
    /// The name of a number by passwd(5) or group(5): `vitald:x:997:…`.
    func name(of number: UInt32, in list: String) -> String {
        let lines = machineText(list)?.split(separator: "\n") ?? []
        let line = lines.first { line in
            let fields = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
            return fields.count > 3 && fields[2] == String(number)
        }
        return line?.split(separator: ":").first.map(String.init) ?? String(number)
    }
}
