// SPDX-License-Identifier: Apache-2.0

/// Lets `--socket`, `--json` and `-i` stand before the command as well as behind it.
///
/// ArgumentParser gives an option to the command that declares it, and here every leaf declares these; so those
/// that come first are moved to the end, or before a `--`, behind which everything is an argument.
enum GlobalOptions {
    private static let withValue = ["--socket", "--instance", "-i"]

    /// The arguments in an order that the parser takes.
    static func settled(_ arguments: [String]) -> [String] {
        var leading: [String] = []
        var rest = arguments[...]
        while let word = rest.first {
            if word == "--json" || withValue.contains(where: { $0 != "-i" && word.hasPrefix($0 + "=") }) {
                leading.append(word)
                rest = rest.dropFirst()
            } else if withValue.contains(word), rest.count > 1 {
                leading += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + leading + Array(rest[end...])
    }
}
