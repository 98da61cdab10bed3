// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// What a server answered, as far as it was read.
struct HTTPAnswer {
    let head: HTTPResponseHead
    var body: BodyReader
    /// Whether the expected pattern was found; nil where none is expected.
    var patternFound: Bool?

    init(_ head: HTTPResponseHead) {
        self.head = head
        body = BodyReader(BodyReader.Coding(head.headers["content-encoding"]))
    }

    /// The status code.
    var status: UInt { head.status.code }

    /// The version as a number: 1.1.
    var version: Double { Double(head.version.major) + Double(head.version.minor) / 10 }

    /// The length that the server declared; nil where it did not.
    var declaredLength: Int64? { head.headers.first(name: "content-length").flatMap { Int64($0) } }

    /// Where the server sends us; nil when it does not.
    var redirection: String? {
        switch status {
        case 301, 302, 303, 307, 308: head.headers.first(name: "location")
        default: nil
        }
    }
}
