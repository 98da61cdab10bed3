// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// Holds one thread of a program while the others run on, as a deadlock or an endless loop would: ptrace(2)
/// stops threads one by one, which signals cannot.
final class ThreadHold: Sendable {
    private let tracer: Program
    private let directory: TestDirectory
    private let writer: Int32

    private static let script = """
        import ctypes, os, sys
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        tid = int(sys.argv[1])
        def call(request):
            if libc.ptrace(request, tid, None, None) < 0:
                print("failed", ctypes.get_errno(), flush=True); sys.exit(1)
        call(0x4206)  # PTRACE_SEIZE
        call(0x4207)  # PTRACE_INTERRUPT
        os.waitpid(tid, 0x40000000)  # __WALL
        print("held", flush=True)
        sys.stdin.read()
        call(17)  # PTRACE_DETACH
        print("released", flush=True)
        """

    init(thread: pid_t, in directory: TestDirectory) throws {
        self.directory = directory
        let ends = try Program.pair()
        defer { close(ends[0]) }
        writer = ends[1]
        tracer = try Program(
            ["python3", "-c", Self.script, "\(thread)"], output: directory.path + "/hold",
            errors: directory.path + "/hold", input: ends[0])
    }

    /// Waits until the thread stands still.
    func held() async throws {
        try await Wait.until("ptrace to hold the thread; it says: \(directory.read("hold"))") {
            directory.read("hold").contains("held")
        }
    }

    /// Lets it go on; once.
    func release() { close(writer) }
}
