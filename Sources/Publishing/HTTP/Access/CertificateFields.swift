// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// What the TLS library knows of a certificate and does not hand out (RFC 5280, section 4.1).
///
/// ```
/// SEQUENCE { SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, key, …, [3] extensions }, … }
/// ```
struct CertificateFields {
    private let issuer: ArraySlice<UInt8>
    private let subject: ArraySlice<UInt8>
    private let isAuthority: Bool

    /// Reads a certificate; nil where it is not built like one.
    init?(_ certificate: NIOSSLCertificate) {
        guard let bytes = try? certificate.toDERBytes() else { return nil }
        self.init(der: bytes)
    }

    /// Reads its bytes.
    init?(der bytes: [UInt8]) {
        var outer = DERReader(bytes[...])
        guard var certificate = outer.enter(0x30), var fields = certificate.enter(0x30) else { return nil }
        _ = fields.enter(0xA0)
        guard fields.next() != nil, fields.next() != nil, let issuer = fields.next(), fields.next() != nil,
            let subject = fields.next()
        else { return nil }
        self.issuer = issuer.content
        self.subject = subject.content
        var isAuthority = false
        while let field = fields.next() {
            guard field.tag == 0xA3 else { continue }
            var wrapper = DERReader(field.content)
            var extensions = wrapper.enter(0x30)
            while let one = extensions?.enter(0x30) { isAuthority = isAuthority || Self.isAuthority(one) }
        }
        self.isAuthority = isAuthority
    }

    /// Whether it can stand at the end of a chain: an authority's, or one that vouches for itself.
    var canVouch: Bool { isAuthority || issuer.elementsEqual(subject) }

    /// Whether an extension is basicConstraints with `cA` (section 4.2.1.9).
    private static func isAuthority(_ one: DERReader) -> Bool {
        var one = one
        guard let name = one.next(), name.content.elementsEqual([0x55, 0x1D, 0x13]) else { return false }
        // Behind the name there may be whether it is critical.
        var value = one.next()
        if value?.tag == 0x01 { value = one.next() }
        guard let value, value.tag == 0x04 else { return false }
        var wrapper = DERReader(value.content)
        var constraints = wrapper.enter(0x30)
        return constraints?.enter(0x01)?.isTrue ?? false
    }
}

/// Walks over values in DER (X.690), one behind the other.
private struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Whether this is what a true BOOLEAN consists of.
    var isTrue: Bool { rest.first == 0xFF }

    /// The next value; nil at the end, and where the bytes are none.
    mutating func next() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
        var bytes = rest
        guard let tag = bytes.popFirst(), var length = bytes.popFirst().map(Int.init) else { return nil }
        if length >= 0x80 {
            let count = length & 0x7F
            guard (1...4).contains(count), bytes.count >= count else { return nil }
            length = bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(count)
        }
        guard bytes.count >= length else { return nil }
        rest = bytes.dropFirst(length)
        return (tag, bytes.prefix(length))
    }

    /// What is within the next value, if it has this tag; otherwise nothing is passed over.
    mutating func enter(_ tag: UInt8) -> DERReader? {
        var ahead = self
        guard let value = ahead.next(), value.tag == tag else { return nil }
        self = ahead
        return DERReader(value.content)
    }
}
