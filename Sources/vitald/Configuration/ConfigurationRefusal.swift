// SPDX-License-Identifier: Apache-2.0

import Vitals

/// A configuration that is refused: everything that is wrong with it, in the order of its lines.
struct ConfigurationRefusal: Error, Sendable {
    /// What stands behind a refusal.
    enum Cause: Sendable {
        /// The configuration is wrong: reading it again would not make it right.
        case faults
        /// A file did not answer: it may, another time.
        case silence
        /// The system gave no thread for the reading.
        case noThread
    }

    /// What stands behind it.
    let cause: Cause
    /// What is wrong; at least one.
    let faults: [ConfigurationFault]
    /// How many more there are that are not listed.
    let unlisted: Int

    /// Sorts the faults by line; what has no line (flags, the file as a whole) comes last.
    init(_ faults: [ConfigurationFault], unlisted: Int = 0, cause: Cause = .faults) {
        self.cause = cause
        self.faults = faults.enumerated().sorted { a, b in
            let x = (a.element.line ?? Int.max, a.element.column ?? 0, a.offset)
            let y = (b.element.line ?? Int.max, b.element.column ?? 0, b.offset)
            return x < y
        }.map(\.element)
        self.unlisted = unlisted
    }

    /// A reading for which the system gave no thread.
    static let threadless = ConfigurationRefusal(
        [
            ConfigurationFault(
                path: "", line: nil, fact: "no thread can be started", remedy: "Raise TasksMax=.")
        ], cause: .noThread)

    /// A reading that was given up, with the file at which it stood.
    static func silence(at place: ReadingPlace, _ source: ConfigurationSource, for patience: Duration) -> Self
    {
        let time = DurationText.render(patience)
        guard let path = place.path else {
            return ConfigurationRefusal(
                [
                    ConfigurationFault(
                        path: "", line: nil, fact: "was not read within \(time): all threads are busy",
                        remedy:
                            "Earlier readings hang: check whether the servers and disks of its files are alive."
                    )
                ], cause: .silence)
        }
        // Not looked up: its file system hangs. It was opened, so it is a path.
        let name =
            path.utf8.first == UInt8(ascii: "/")
            ? Quotation.quote(path: path, else: "a file") { _ in true } : "a file"
        let subject = path == source.description ? "" : "\(name) "
        return ConfigurationRefusal(
            [
                ConfigurationFault(
                    path: "", line: nil, fact: subject + "was not read within \(time): its file system hangs",
                    remedy: "Check whether its server or its disk is alive, then try again.")
            ], cause: .silence)
    }

    /// Not even begun, because so many readings that were given up still hang.
    static func exhausted(_ count: Int) -> Self {
        ConfigurationRefusal(
            [
                ConfigurationFault(
                    path: "", line: nil, fact: "\(count) earlier readings still hang",
                    remedy: "Check whether the servers and disks of its files are alive, or restart vitald.")
            ], cause: .silence)
    }

    /// One sentence (place, fact, remedy) for each fault, and one that counts those left out.
    var sentences: [String] {
        faults.map(\.description) + (unlisted == 0 ? [] : ["and \(unlisted) more faults. Fix these first."])
    }

    /// What a status line says: the first sentence, and how many follow.
    var summary: String {
        let more = faults.count + unlisted - 1
        return (faults.first?.description ?? "") + (more > 0 ? " (and \(more) more)" : "")
    }
}
