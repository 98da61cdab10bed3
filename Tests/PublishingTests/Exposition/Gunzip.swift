// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

/// Unpacks gzip with the system's own tool, so that nothing of ours judges itself.
enum Gunzip {
    static func unpack(_ packed: ByteBuffer) throws -> String {
        let (code, output) = try Tool.run(["gzip", "-dc"], packed.readableBytesView)
        try #require(code == 0)
        return String(decoding: output, as: UTF8.self)
    }
}
