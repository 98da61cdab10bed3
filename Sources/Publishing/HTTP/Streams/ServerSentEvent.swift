// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// One message of `text/event-stream` (HTML, section 9.2).
///
/// ```
/// id: 5f3a8c2e-17
/// data: {"topic":"check","seq":17,"epoch":"5f3a8c2e","check":"cache","from":"healthy","to":"degraded",…}
///
/// ```
enum ServerSentEvent {
    /// The media type.
    static let contentType = "text/event-stream"

    /// A line that readers skip.
    static let comment = ByteBuffer(string: ":\n\n")

    /// A message; `name` is that of the event, `message` where it is nil. Without a position the reader stays where it
    /// is. JSON holds no line feed, so that its data is one line.
    static func message(
        _ name: String? = nil, at position: EventPosition?, _ data: (inout JSONWriter) -> Void
    ) -> ByteBuffer {
        var writer = JSONWriter(capacity: 256)
        data(&writer)
        var bytes = ByteBuffer()
        bytes.reserveCapacity(writer.bytes.count + 64)
        if let name { bytes.writeString("event: \(name)\n") }
        if let position { bytes.writeString("id: \(position.id)\n") }
        bytes.writeStaticString("data: ")
        bytes.writeBytes(writer.bytes)
        bytes.writeStaticString("\n\n")
        return bytes
    }
}
