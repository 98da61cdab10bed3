// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// An answer that goes on until its client leaves or the server ends. It takes the connection: what is pipelined
/// behind the request is not read.
package struct HTTPStream {
    /// The media type.
    package var contentType: String
    /// What is sent where nothing else was for a while, so that both ends notice when the other is gone; clients
    /// skip it.
    package var comment: ByteBuffer
    /// Called once, on the event loop, when the head is out; never for HEAD.
    package var open: (StreamWriter) -> Void

    /// Makes an answer that `open` begins.
    package init(_ contentType: String, comment: ByteBuffer, open: @escaping (StreamWriter) -> Void) {
        self.contentType = contentType
        self.comment = comment
        self.open = open
    }
}
