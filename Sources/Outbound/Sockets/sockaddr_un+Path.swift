// SPDX-License-Identifier: Apache-2.0

package import Glibc

extension sockaddr_un {
    /// The address of a Unix socket; nil where the path does not fit: sun_path of unix(7) has 108 bytes with its
    /// NUL. NIO's own takes only 103.
    package init?(path: String) {
        self.init()
        sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { return nil }
    }
}
