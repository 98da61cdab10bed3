// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// What a server answered, as far as it was read.
package struct HTTPAnswer {
    let head: HTTPResponseHead
    /// The body, as far as it was read.
    package internal(set) var body: BodyReader

    init(_ head: HTTPResponseHead) {
        self.head = head
        body = BodyReader(BodyReader.Coding(head.headers["content-encoding"]))
    }

    /// The status code.
    package var status: UInt { head.status.code }

    /// The version as a number: 1.1.
    package var version: Double { Double(head.version.major) + Double(head.version.minor) / 10 }

    /// The version as text: `1.1`.
    package var versionText: String { "\(head.version.major).\(head.version.minor)" }

    /// The length that the server declared; nil where it did not.
    package var declaredLength: Int64? { head.headers.first(name: "content-length").flatMap { Int64($0) } }

    /// Where the server sends us; nil when it does not.
    var redirection: String? {
        switch status {
        case 301, 302, 303, 307, 308: head.headers.first(name: "location")
        default: nil
        }
    }
}
