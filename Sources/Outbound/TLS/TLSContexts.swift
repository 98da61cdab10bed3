// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOSSL
import Synchronization

/// The prepared TLS contexts of all checks, shared: the system's authorities alone are some 140 certificates, which
/// no two checks need twice. A context is made again when one of its files has changed, so that renewed
/// certificates work without a reload.
package final class TLSContexts: Sendable {
    /// What makes two contexts the same.
    private struct Key: Hashable {
        let purpose: TLSPurpose
        let caFile: String?
        let certFile: String?
        let keyFile: String?
    }

    /// The files as they were when a context was made: device, inode, size and time of change.
    private struct Stamp: Equatable {
        var files: [[Int64]] = []
    }

    private struct Entry {
        let stamp: Stamp
        let context: NIOSSLContext
    }

    /// Where Debian and Fedora keep the bundle of authorities that NIOSSL reads.
    private static let systemBundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    ]
    /// So many different combinations of files are kept; with more, all are dropped and made again.
    private static let limit = 64

    private let entries = Mutex<[Key: Entry]>([:])

    /// Makes an empty store.
    package init() {}

    /// What one connection needs.
    struct Pair: Sendable {
        /// For the handshake that counts.
        let verdict: NIOSSLContext
        /// For reading the certificates of a server that was refused.
        let look: NIOSSLContext
    }

    /// The contexts for these settings. Reads files: only on a lane.
    func contexts(for settings: TLSSettings) throws(TLSFilesError) -> Pair {
        Pair(
            verdict: try context(for: settings, settings.verify ? .verified : .unverified),
            look: try context(for: settings, .look))
    }

    private func context(for settings: TLSSettings, _ purpose: TLSPurpose) throws(TLSFilesError)
        -> NIOSSLContext
    {
        let key = Key(
            purpose: purpose, caFile: purpose == .verified ? settings.caFile : nil,
            certFile: settings.certFile, keyFile: settings.keyFile)
        let stamp = Self.stamp(key)
        if let entry = entries.withLock({ $0[key] }), entry.stamp == stamp { return entry.context }

        // Made outside of the lock: a file on a mount that hangs must not stop the other checks.
        let context: NIOSSLContext
        do { context = try Self.make(key) } catch { throw Self.meaning(of: error) }
        entries.withLock { entries in
            if entries.count >= Self.limit { entries.removeAll() }
            entries[key] = Entry(stamp: stamp, context: context)
        }
        return context
    }

    private static func make(_ key: Key) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        // A peer that does not answer our good-bye is left alone soon; it is never waited for.
        configuration.shutdownTimeout = .seconds(1)
        switch key.purpose {
        case .verified:
            if let file = key.caFile {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            }
        case .unverified, .look:
            // The handler's own callback stands for the verification; the name is not compared.
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates([])
        }
        if let certFile = key.certFile, let keyFile = key.keyFile {
            let chain = try NIOSSLCertificate.fromPEMFile(certFile)
            let privateKey = try NIOSSLPrivateKey(file: keyFile, format: .pem)
            // NIOSSL tells a pair that is none by an error that a missing file could have as well.
            if let problem = ClientIdentity.problem(chain, privateKey) {
                throw TLSFilesError.identity(fact: problem.fact, remedy: problem.remedy)
            }
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(privateKey)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private static func meaning(of error: any Error) -> TLSFilesError {
        if let error = error as? TLSFilesError { return error }
        return DescriptorShortage.current.map { .descriptors(code: $0) } ?? .unreadable
    }

    private static func stamp(_ key: Key) -> Stamp {
        var paths = [key.certFile, key.keyFile].compactMap(\.self)
        if key.purpose == .verified {
            if let file = key.caFile { paths.append(file) } else { paths += systemBundles }
        }
        var stamp = Stamp()
        for path in paths {
            var status = stat()
            guard stat(path, &status) == 0 else {
                stamp.files.append([])
                continue
            }
            stamp.files.append([
                Int64(truncatingIfNeeded: status.st_dev), Int64(truncatingIfNeeded: status.st_ino),
                Int64(status.st_size), Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
            ])
        }
        return stamp
    }
}
