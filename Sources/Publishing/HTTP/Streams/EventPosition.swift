// SPDX-License-Identifier: Apache-2.0

/// Where a reader of events is: the life of vitald and the number of the change, as `id:` and `Last-Event-ID` have
/// them (`5f3a…-17`).
struct EventPosition: Equatable {
    /// Random per start of vitald.
    let epoch: String
    /// The last change that the reader knows.
    let sequence: UInt64

    init(epoch: String, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Reads an id. What vitald never wrote is of no life of it.
    init(_ id: String) {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let sequence = UInt64(parts[1]) else {
            self.init(epoch: "", sequence: 0)
            return
        }
        self.init(epoch: String(parts[0]), sequence: sequence)
    }

    /// The id.
    var id: String { "\(epoch)-\(sequence)" }
}
