// SPDX-License-Identifier: Apache-2.0

/// Why the files of TLS settings, which were read without fault with the configuration, cannot be used now.
package enum TLSFilesError: Error, Sendable, Hashable {
    /// A file is not there, may not be read, or does not hold what it should.
    case unreadable
    /// The client's certificate and its key are no pair, as while one of them is being renewed; `fact` without the
    /// files' names, and what to do.
    case identity(fact: String, remedy: String)
    /// There is no descriptor for reading them; the code is EMFILE or ENFILE.
    case descriptors(code: Int32)
}
