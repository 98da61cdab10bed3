// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Synchronization
package import Vitals

/// Prints pages, one at a time, and keeps what the next one can use: headings, memory, the gzip state.
///
/// It stands on the sampler's lane. The lock has no contender there; it is for the page that the event loop
/// prints itself when that lane hangs, and that page uses a press of its own.
package final class PagePress: Sendable {
    private struct Tools: ~Copyable {
        var writer = PageWriter()
        /// The last page that went out uncompressed or was the source of a compressed one. When nobody holds
        /// it any more its memory is used again.
        var page = ByteBuffer()
        var gzip: GzipStream?
    }

    private let tools = Mutex(Tools())

    /// Makes a press.
    package init() {}

    /// Prints the page of these sheets. `isCompressed` tells whether it is gzip in the end.
    package func page(of sheets: [Sheet], _ wish: PageNegotiation) -> (page: ByteBuffer, isCompressed: Bool) {
        tools.withLock { tools in
            tools.page.clear()
            tools.writer.write(sheets, wish.format, to: &tools.page)
            guard wish.gzip else { return (tools.page, false) }
            let gzip = tools.gzip ?? GzipStream()
            tools.gzip = gzip
            guard let packed = gzip.compress(tools.page) else { return (tools.page, false) }
            return (packed, true)
        }
    }
}
