// SPDX-License-Identifier: Apache-2.0

/// Why a name has no addresses. Each case carries the name.
package enum ResolveFailure: Error, Sendable, Hashable {
    /// The name servers, or the files, say that there is no such name (EAI_NONAME, EAI_NODATA of getaddrinfo(3)).
    case unknownName(String)
    /// Nobody answered (EAI_AGAIN).
    case noServer(String)
    /// Any other answer of getaddrinfo(3), by its number.
    case refused(String, code: Int32)
    /// There is no memory for asking.
    case resources(String)
    /// There is no descriptor for asking; the code is EMFILE or ENFILE.
    case descriptors(String, code: Int32)
    /// The deadline passed before the resolver answered.
    case timeout(String)
    /// All worker threads are busy.
    case noLane(String)
    /// The system gives no thread for asking.
    case noThread(String)
}
