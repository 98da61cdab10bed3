// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment of this process, for everything that asks.
enum ProcessEnvironment {
    /// Takes variables out of the environment and keeps them: the configuration may refer to them as `${PGPASSWORD}`,
    /// but no library finds them by itself. libpq would connect elsewhere, with other options, or not at all, for what
    /// the user who started vitald had set for psql.
    ///
    /// Only before the first thread: another one might be reading the environment.
    static func take(_ names: [String]) -> @Sendable (_ name: String) -> String? {
        var taken: [String: String] = [:]
        for name in names {
            guard let value = getenv(name) else { continue }
            taken[name] = String(cString: value)
            unsetenv(name)
        }
        return { [taken] name in taken[name] ?? getenv(name).map { String(cString: $0) } }
    }
}
