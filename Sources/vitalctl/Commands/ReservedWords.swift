// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A word that is kept for later: it is refused by name, so that nobody takes it for a typing error.
protocol ReservedWord: ParsableCommand {
    /// What to do meanwhile.
    static var meanwhile: String { get }
    /// Whatever follows the word.
    var rest: [String] { get }
}

extension ReservedWord {
    func run() throws {
        let word = Self.configuration.commandName ?? ""
        throw ValidationError("`\(word)` is not available in this version. \(Self.meanwhile)")
    }
}

/// `vitalctl tail`
struct TailWord: ReservedWord {
    static let configuration = CommandConfiguration(commandName: "tail", shouldDisplay: false)
    static let meanwhile = "Use vitalctl watch."
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}

/// `vitalctl queue`
struct QueueWord: ReservedWord {
    static let configuration = CommandConfiguration(commandName: "queue", shouldDisplay: false)
    static let meanwhile = "Use vitalctl metrics 'vitald_dropped_total'."
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}

/// `vitalctl maintenance`
struct MaintenanceWord: ReservedWord {
    static let configuration = CommandConfiguration(commandName: "maintenance", shouldDisplay: false)
    static let meanwhile = "Set \"enabled\": false for the check and run vitalctl reload."
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}
