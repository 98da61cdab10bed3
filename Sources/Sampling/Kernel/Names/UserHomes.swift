// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Where users live, by `/etc/passwd` (passwd(5)):
/// ```
/// agno:x:1000:1000:Agno:/home/agno:/bin/bash
/// ```
/// Users of a directory service do not stand there; to ask for those could hang.
struct UserHomes {
    private var homes: [String: String] = [:]
    private var mark: LocalFiles.Mark?

    /// The home of a user's number, below the host's root directory.
    mutating func home(ofUser uid: String, _ disk: LocalFiles, files: String) -> LocalPath.Home? {
        let path = LocalPath(files + "/etc/passwd")
        guard let now = disk.mark(path) else { return nil }
        if now != mark {
            mark = now
            homes.removeAll()
            for line in disk.lines(path) {
                let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                guard fields.count == 7, fields[5].first == UInt8(ascii: "/") else { continue }
                let number = String(decoding: fields[2], as: UTF8.self)
                // The first line of a number is the one that counts (getpwuid(3)).
                if homes[number] == nil { homes[number] = String(decoding: fields[5], as: UTF8.self) }
            }
        }
        guard let user = UInt32(uid) else { return nil }
        return homes[uid].map { LocalPath.Home(directory: files + $0, user: user) }
    }
}
