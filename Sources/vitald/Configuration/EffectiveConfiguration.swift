// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The configuration as `--print-config` shows it: every key with its value, indented, secrets masked.
///
/// What is remembered while reading is masked already; this masks once more, so that a kind of check that
/// forgets to do so does not betray anything.
enum EffectiveConfiguration {
    /// The text with its final line end.
    static func text(_ json: [UInt8]) -> String {
        guard let document = try? JSONDocument(parsing: json) else { return "" }
        var lines = ""
        write(document.root, indentation: 0, to: &lines)
        return lines + "\n"
    }

    /// Writes one value; `header` is its name where it is the value of an HTTP header.
    private static func write(
        _ value: JSONValue, indentation: Int, isHeaders: Bool = false, header: String? = nil,
        to out: inout String
    ) {
        let inner = String(repeating: "  ", count: indentation + 1)
        let outer = String(repeating: "  ", count: indentation)
        switch value.kind {
        case .object where value.count > 0:
            var separator = "{\n"
            for (key, value) in value.members {
                let name = key.string ?? ""
                out += separator + inner + quoted(name) + ": "
                write(
                    value, indentation: indentation + 1, isHeaders: name == "headers",
                    header: isHeaders ? name : nil, to: &out)
                separator = ",\n"
            }
            out += "\n" + outer + "}"
        case .array where value.elements.contains { $0.kind == .object }:
            var separator = "[\n"
            for element in value.elements {
                out += separator + inner
                write(element, indentation: indentation + 1, to: &out)
                separator = ",\n"
            }
            out += "\n" + outer + "]"
        case .array:
            out += "["
            for (i, element) in value.elements.enumerated() {
                out += i == 0 ? "" : ", "
                write(element, indentation: indentation + 1, header: header, to: &out)
            }
            out += "]"
        case .string:
            let text = value.string ?? ""
            out += quoted(header.map { SecretMask.mask(header: $0, text) } ?? SecretMask.mask(text))
        default: out += String(decoding: value.source, as: UTF8.self)
        }
    }

    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter(capacity: text.utf8.count + 2)
        writer.string(text)
        return writer.text
    }
}
