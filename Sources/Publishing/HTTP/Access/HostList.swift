// SPDX-License-Identifier: Apache-2.0

/// The names under which this machine may be asked, against DNS rebinding: a page from elsewhere whose name is made
/// to lead here can be told by the `Host` that the browser sends.
///
/// An address is always accepted, for a browser sends one only to whoever it was told to ask.
package struct HostList: Sendable, Equatable {
    private let names: [[UInt8]]
    /// `*.example.com`, without the star.
    private let endings: [[UInt8]]
    private let takesAny: Bool

    /// Whoever asks is meant.
    package static let any = HostList(["*"])

    /// Reads names: whole ones, `*.example.com` for every name below, `*` for any.
    package init(_ names: [String]) {
        takesAny = names.contains("*")
        let lower = names.map { Array($0.lowercased().utf8) }
        endings = lower.filter { $0.starts(with: "*.".utf8) }.map { Array($0.dropFirst()) }
        self.names = lower.filter { $0.first != UInt8(ascii: "*") }
    }

    /// Whether a `Host` (name or address, port or none) is one of this machine's.
    func accepts(_ host: String) -> Bool {
        if takesAny { return true }
        var host = host
        return host.withUTF8 { bytes in
            if bytes.first == UInt8(ascii: "[") { return Self.isBracketed(bytes) }
            let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            guard Self.isPort(bytes[end...]) else { return false }
            let name = bytes[..<end]
            let bare = name.last == UInt8(ascii: ".") ? name.dropLast() : name
            if Self.isIPv4(bare) { return true }
            return names.contains { Self.equal(bare[...], $0[...]) }
                || endings.contains {
                    bare.count > $0.count && Self.equal(bare.suffix($0.count), $0[...])
                }
        }
    }

    private static func equal(_ a: Slice<UnsafeBufferPointer<UInt8>>, _ b: ArraySlice<UInt8>) -> Bool {
        a.elementsEqual(b) { x, y in
            (x >= UInt8(ascii: "A") && x <= UInt8(ascii: "Z") ? x | 0x20 : x) == y
        }
    }

    /// `[::1]` or `[::1]:9847`.
    private static func isBracketed(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), end > 1 else { return false }
        let isAddress = bytes[1..<end].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isAddress && isPort(bytes[(end + 1)...])
    }

    /// Nothing, or a colon with up to five digits; also with none (RFC 3986, section 3.2.3).
    private static func isPort(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        if bytes.isEmpty { return true }
        return bytes.first == UInt8(ascii: ":") && bytes.count <= 6
            && bytes.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Four numbers with dots; no name ends in a number (RFC 3696, section 2).
    private static func isIPv4(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var (labels, digits) = (1, 0)
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "."):
                guard digits > 0 else { return false }
                labels += 1
                digits = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                guard digits <= 3 else { return false }
            default: return false
            }
        }
        return labels == 4 && digits > 0
    }
}
