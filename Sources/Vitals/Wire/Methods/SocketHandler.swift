// SPDX-License-Identifier: Apache-2.0

/// What the daemon does when a method is called. One method, one handler, one line in a catalog.
package protocol SocketHandler: Sendable {
    /// The method it answers.
    var method: SocketMethod { get }

    /// Answers a call, on the event loop: never blocks, never waits for a dependency.
    ///
    /// An answer that is there at once is written into `result` as exactly one JSON value; what was written
    /// before a fault is thrown, or before `.later` is returned, is forgotten.
    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer

    /// How many items a call pushes, by which its sender is held to the rate; asked where the method's role is `push`.
    func pushedItems(_ call: SocketCall) -> Int
}

extension SocketHandler {
    /// All methods but one push one item.
    package func pushedItems(_ call: SocketCall) -> Int { 1 }
}

/// How a handler answered.
package enum SocketAnswer: Sendable {
    /// The result stands in the writer.
    case written
    /// The same, of a push, with what became of its items.
    case pushed(PushReceipt)
    /// The work is begun by calling this with a completion; the completion may be called on any thread, and
    /// counts once. Its value is the JSON text of the result.
    case later(@Sendable (_ completion: @escaping @Sendable (Result<[UInt8], SocketFault>) -> Void) -> Void)
}
