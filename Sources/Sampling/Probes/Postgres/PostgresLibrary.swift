// SPDX-License-Identifier: Apache-2.0

import CLibPQ

/// What the linked libpq says of itself; nothing here connects or reads a file.
package enum PostgresLibrary {
    /// The variables that libpq reads by itself: those of its keywords, and those that stand in its sources alone.
    /// They are the environment of the user who started vitald, not the configuration.
    package static var variables: [String] {
        options.compactMap(\.variable) + [
            "PGSERVICEFILE", "PGSYSCONFDIR", "PGREQUIRESSL", "PGREALM", "PGLOCALEDIR", "PGDATESTYLE", "PGTZ",
            "PGGEQO", "PGSSLCERTMODE", "PGREQUIREAUTH", "PGGSSDELEGATION", "PGLOADBALANCEHOSTS",
            "PGSSLNEGOTIATION", "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION", "PGOAUTHDEBUG",
        ]
    }

    /// `15.18`.
    static var version: String { "\(PQlibVersion() / 10_000).\(PQlibVersion() % 10_000)" }

    /// Whether it takes a keyword; one that it does not know makes it refuse every connection.
    static func knows(_ keyword: String) -> Bool { options.contains { $0.keyword == keyword } }

    /// Whether it knows an encoding by this name.
    static func knowsEncoding(_ name: String) -> Bool { pg_char_to_encoding(name) >= 0 }

    private static var options: [(keyword: String, variable: String?)] {
        // Of an empty text: PQconndefaults() would read the environment and the service file.
        guard let list = PQconninfoParse("", nil) else { return [] }
        defer { PQconninfoFree(list) }
        var options: [(keyword: String, variable: String?)] = []
        var next = list
        while let keyword = next.pointee.keyword {
            options.append((String(cString: keyword), next.pointee.envvar.map { String(cString: $0) }))
            next += 1
        }
        return options
    }
}
