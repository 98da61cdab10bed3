// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Where the configuration comes from.
enum ConfigurationSource: Equatable, Sendable, CustomStringConvertible {
    /// A file that somebody named: it must be there.
    case named(String)
    /// The usual place: used where there is a file.
    case usual(String)

    /// Where the daemon looks when nobody names a file.
    static let usualPath = "/etc/vitald/config.json"

    /// The path.
    var description: String {
        switch self {
        case .named(let path), .usual(let path): path
        }
    }

    /// The path as a sentence may show it: what was given in the place of a path may be a secret.
    var shown: String { shown { access($0, F_OK) == 0 } }

    /// The same once it has been read: it was a path. For the event loop, which may not wait for a file system.
    var shownOnceRead: String { shown { _ in true } }

    private func shown(_ exists: (_ path: String) -> Bool) -> String {
        switch self {
        case .named(let path): Quotation.bare(path: path, else: "the file of --config", exists: exists)
        case .usual(let path): path
        }
    }
}

/// The configuration's file.
enum ConfigurationFile {
    /// Far more than a thousand checks need.
    static let maximumLength = 4 * 1_048_576

    /// The file's bytes; nil where the built-in default is to be used.
    static func load(_ source: ConfigurationSource) throws(ConfigurationFault) -> [UInt8]? {
        let path = source.description
        do throws(SmallFile.Failure) {
            return try SmallFile(reading: path, limit: maximumLength).bytes
        } catch {
            if error == .missing, case .usual = source { return nil }
            throw fault(for: error)
        }
    }

    private static func fault(for failure: SmallFile.Failure) -> ConfigurationFault {
        let (fact, remedy) =
            switch failure {
            case .missing:
                (
                    "the file does not exist",
                    "Create it (an empty one will do), or start without naming it to get the defaults."
                )
            case .notRegular(let word): ("is \(word), not a file", "Name a regular file.")
            case .tooLarge:
                (
                    "is larger than \(ByteCount(Int64(maximumLength)).text)",
                    "Name the configuration of vitald, or remove what it does not need."
                )
            case .refused(let code):
                (
                    SmallFile.phrase(for: code),
                    "Let the user of vitald read it, for example chmod 0640 and chgrp vitald."
                )
            }
        return ConfigurationFault(path: "", line: nil, fact: fact, remedy: remedy)
    }
}
