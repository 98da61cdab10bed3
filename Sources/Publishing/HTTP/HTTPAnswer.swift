// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHTTP1
package import Vitals

/// One answer. It is the same for GET and HEAD; the connection leaves the body out where it must.
package struct HTTPAnswer: Sendable {
    /// The status.
    package var status: HTTPResponseStatus
    /// The media type.
    package var contentType: String
    /// Header fields beside those that every answer has.
    package var headers: [(name: String, value: String)] = []
    /// The whole body.
    package var body: ByteBuffer
    /// Whether the connection ends with it.
    package var closes = false
    /// Called once, on the event loop, when the answer is out or its client is gone.
    package var whenDone: (@Sendable () -> Void)?

    /// Makes an answer with a body of bytes.
    package init(_ status: HTTPResponseStatus, _ contentType: String, _ body: ByteBuffer) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// Makes an answer of plain text; the text ends with a line feed.
    package init(_ status: HTTPResponseStatus, text: String) {
        self.init(status, Self.plain, ByteBuffer(string: text))
    }

    /// Makes an answer of JSON.
    package init(_ status: HTTPResponseStatus, json: JSONWriter, as contentType: String = Self.json) {
        self.init(status, contentType, ByteBuffer(bytes: json.bytes + [UInt8(ascii: "\n")]))
    }

    /// The media type of plain text.
    package static let plain = "text/plain; charset=utf-8"
    /// The media type of JSON.
    package static let json = "application/json"

    /// An answer to something that cannot be served, after which the connection ends.
    package static func refusal(_ status: HTTPResponseStatus, _ sentence: String) -> HTTPAnswer {
        var answer = HTTPAnswer(status, text: sentence + "\n")
        answer.closes = true
        return answer
    }

    /// The same answer with one more header field.
    package func with(_ name: String, _ value: String) -> HTTPAnswer {
        var answer = self
        answer.headers.append((name, value))
        return answer
    }

    /// The head on the wire; over TLS it may tell browsers to come back so only.
    func head(version: HTTPVersion, keepsAlive: Bool, transportSecurity: String? = nil) -> HTTPResponseHead {
        var fields = HTTPHeaders()
        fields.reserveCapacity(8 + headers.count)
        fields.add(name: "Content-Type", value: contentType)
        fields.add(name: "Content-Length", value: String(body.readableBytes))
        Self.addCommon(to: &fields, transportSecurity)
        for field in headers { fields.add(name: field.name, value: field.value) }
        if !keepsAlive {
            fields.add(name: "Connection", value: "close")
        } else if version.isBefore1_1 {
            fields.add(name: "Connection", value: "keep-alive")
        }
        return HTTPResponseHead(version: version, status: status, headers: fields)
    }

    /// The head of an answer whose length nobody knows; its end is that of the connection.
    static func head(
        _ status: HTTPResponseStatus, _ contentType: String, version: HTTPVersion, transportSecurity: String?
    ) -> HTTPResponseHead {
        var fields = HTTPHeaders()
        fields.reserveCapacity(8)
        fields.add(name: "Content-Type", value: contentType)
        addCommon(to: &fields, transportSecurity)
        fields.add(name: "Connection", value: "close")
        return HTTPResponseHead(version: version, status: status, headers: fields)
    }

    private static func addCommon(to fields: inout HTTPHeaders, _ transportSecurity: String?) {
        // Answers are of the moment, and some name what runs here: nobody keeps, sniffs or frames them.
        fields.add(name: "Cache-Control", value: "no-store")
        fields.add(name: "X-Content-Type-Options", value: "nosniff")
        fields.add(name: "X-Frame-Options", value: "DENY")
        fields.add(name: "Referrer-Policy", value: "no-referrer")
        if let transportSecurity { fields.add(name: "Strict-Transport-Security", value: transportSecurity) }
    }
}
