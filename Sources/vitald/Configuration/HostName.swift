// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What this machine calls itself (hostname(7)).
enum HostName {
    /// The name as it was set, and its first label where it has several.
    static func own() -> [String] {
        var names = utsname()
        guard uname(&names) == 0 else { return [] }
        let name = withUnsafeBytes(of: &names.nodename) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard let first = name.split(separator: ".").first else { return [] }
        return first.count == name.count ? [name] : [name, String(first)]
    }
}
