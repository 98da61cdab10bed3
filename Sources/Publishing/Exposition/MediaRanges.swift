// SPDX-License-Identifier: Apache-2.0

/// The elements of an `Accept` or `Accept-Encoding` header (RFC 9110, section 12.5), in the client's order.
///
/// ```
/// application/openmetrics-text;version=1.0.0;q=0.5, text/plain;version=0.0.4;q=0.2, */*;q=0.1
/// ```
struct MediaRanges {
    /// One element.
    struct Element {
        /// The media range or coding, in lower case.
        let name: String
        /// Its parameters but `q`, names and values in lower case, quotes removed.
        let parameters: [(name: String, value: String)]
        /// Its weight, 0 to 1.
        let quality: Double

        /// The value of a parameter.
        func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
    }

    /// More elements than this are not looked at: no honest client sends them, and each costs the loop time.
    static let maximumElements = 64

    /// The elements.
    let elements: [Element]

    /// Reads the values of all header lines of one name; what cannot be understood is left out.
    init(_ lines: [String]) {
        var elements: [Element] = []
        for line in lines {
            for part in line.utf8.split(separator: UInt8(ascii: ",")) {
                guard elements.count < Self.maximumElements else { break }
                if let element = Self.element(part) { elements.append(element) }
            }
        }
        self.elements = elements
    }

    private static func element(_ text: Substring.UTF8View) -> Element? {
        let pieces = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard let head = pieces.first else { return nil }
        let name = word(head)
        if name.isEmpty { return nil }
        var parameters: [(name: String, value: String)] = []
        var quality = 1.0
        for piece in pieces.dropFirst() {
            let sides = piece.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            let value = word(sides[1])
            switch word(sides[0]) {
            case "q": quality = weight(value)
            case let other: parameters.append((other, value))
            }
        }
        return Element(name: name, parameters: parameters, quality: quality)
    }

    /// A weight has at most three decimals; one that is not a number counts as not given.
    private static func weight(_ text: String) -> Double {
        guard let value = Double(text), value.isFinite else { return 1 }
        return min(max(value, 0), 1)
    }

    private static func word(_ text: Substring.UTF8View) -> String {
        var bytes: [UInt8] = []
        for byte in text where byte != UInt8(ascii: "\"") {
            bytes.append(byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte)
        }
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(decoding: bytes.drop(while: isSpace), as: UTF8.self)
    }
}
