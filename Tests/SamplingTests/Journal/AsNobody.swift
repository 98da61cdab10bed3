// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Threads

@testable import Sampling

/// A thread without root's rights: the system call changes those of the thread alone, where libc's would change the
/// whole process's.
enum AsNobody {
    private typealias Call = @convention(c) (Int, Int, Int, Int) -> Int
    private static let nobody = 65_534
    /// setresuid(2), whose number Swift does not import.
    #if arch(arm64)
        private static let number = 147
    #else
        private static let number = 117
    #endif

    static func run<R: Sendable>(_ body: @escaping @Sendable () -> R) throws -> R {
        // syscall(2) is variadic, which Swift does not import; numbers are passed alike.
        let symbol = try #require(dlsym(nil, "syscall"))
        let box = Box<R>()
        let address = UInt(bitPattern: symbol)
        let began = OwnThread.start(stackSize: 256 << 10) {
            guard let symbol = UnsafeMutableRawPointer(bitPattern: address) else { return }
            let call = unsafeBitCast(symbol, to: Call.self)
            guard call(number, nobody, nobody, nobody) == 0 else { return }
            let value = body()
            box.result.withLock { $0 = value }
        }
        try #require(began)
        try Workbench.wait(for: "the thread") { box.result.withLock { $0 != nil } }
        return try #require(box.result.withLock { $0 })
    }

    private final class Box<R: Sendable>: Sendable {
        let result = Mutex<R?>(nil)
    }
}
