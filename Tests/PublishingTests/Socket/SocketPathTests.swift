// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Publishing

@Suite("the path of a socket")
struct SocketPathTests {
    private func bound(_ path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(UnixAddress(path).with { bind(descriptor, $0, $1) } == 0)
        return descriptor
    }

    private func refusal(_ path: String) -> String? {
        do throws(SocketPathFault) {
            _ = try SocketPath(path).listen()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("a free path is taken with its mode, and left clean")
    func fresh() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"

        let listening = try SocketPath(path, mode: 0o640).listen()
        defer { close(listening.descriptor) }

        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
        #expect(listening.warnings.isEmpty)
        _ = try RawPeer(path)
        listening.release()
        #expect(lstat(path, &status) == -1)
    }

    @Test("a directory that is missing is made")
    func missingDirectory() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/made/v.sock"

        let listening = try SocketPath(path).listen()

        listening.release()
        close(listening.descriptor)
        _ = unlink(path + ".lock")
        #expect(rmdir(directory.path + "/made") == 0)
    }

    @Test("what a dead daemon left is taken over")
    func stale() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        close(try bound(path))  // closed without unlink: connecting gives ECONNREFUSED

        let listening = try SocketPath(path).listen()

        _ = try RawPeer(path)
        close(listening.descriptor)
    }

    @Test("a second daemon is told that the first runs, with its pid")
    func twoInstances() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        let first = try SocketPath(path).listen()
        defer { close(first.descriptor) }

        #expect(throws: SocketPathFault.alreadyRunning(path: path, pid: getpid())) {
            try SocketPath(path).listen()
        }
        _ = try RawPeer(path)
        #expect(
            refusal(path)
                == "\(path): already running (pid \(getpid())). Stop the other vitald first, or give this one"
                + " a --socket in another directory.")
    }

    @Test(
        "root beside a daemon of another user is told that it runs",
        .enabled(if: geteuid() == 0, "needs root"))
    func runningAsAnotherUser() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        let first = try SocketPath(path).listen()
        defer { close(first.descriptor) }
        #expect(chown(path, 65_534, 65_534) == 0 && chown(path + ".lock", 65_534, 65_534) == 0)

        #expect(throws: SocketPathFault.alreadyRunning(path: path, pid: getpid())) {
            try SocketPath(path).listen()
        }
    }

    @Test("a live listener without our lock counts as running, with the pid that the kernel tells")
    func liveWithoutLock() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        let foreign = try bound(path)
        defer { close(foreign) }
        #expect(listen(foreign, 4) == 0)

        #expect(throws: SocketPathFault.alreadyRunning(path: path, pid: getpid())) {
            try SocketPath(path).listen()
        }
    }

    @Test("of twenty that start at once exactly one serves")
    func race() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        close(try bound(path))

        let outcomes = await withTaskGroup(of: ListeningSocket?.self) { group in
            for _ in 0..<20 { group.addTask { try? SocketPath(path).listen() } }
            return await group.reduce(into: [ListeningSocket?]()) { $0.append($1) }
        }

        let served = outcomes.compactMap { $0 }
        #expect(served.count == 1)
        _ = try RawPeer(path)
        for listening in served { close(listening.descriptor) }
    }

    @Test("a lock outlives nobody: after the first is gone the path is free")
    func again() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        do {
            let first = try SocketPath(path).listen()
            close(first.descriptor)
        }

        let second = try SocketPath(path).listen()

        close(second.descriptor)
    }

    @Test("a symbolic link, a file, a directory are refused with place, fact, remedy, and left alone")
    func strangers() throws {
        let directory = try TemporaryDirectory()
        let link = directory.path + "/link"
        let file = directory.path + "/file"
        #expect(symlink(directory.path + "/nowhere", link) == 0)
        close(open(file, O_CREAT | O_WRONLY, 0o600))

        #expect(
            refusal(link)
                == "\(link): it is a symbolic link. Remove it, or give --socket the path that it points to.")
        #expect(
            refusal(file)
                == "\(file): it is a file, not a socket. Remove it, or choose another --socket.")
        var status = stat()
        #expect(lstat(link, &status) == 0 && lstat(file, &status) == 0)
    }

    @Test("a socket of another user is refused", .enabled(if: geteuid() == 0, "needs root"))
    func foreignOwner() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        close(try bound(path))
        #expect(chown(path, 65_534, 65_534) == 0)

        #expect(
            refusal(path)
                == "\(path): the socket there belongs to uid 65534, vitald runs as uid 0. Remove it, or run as"
                + " its owner.")
    }

    @Test("a directory that everybody may write to is refused, unless it is sticky")
    func openDirectory() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        #expect(chmod(directory.path, 0o777) == 0)

        #expect(
            refusal(path)
                == "\(path): the directory \(directory.path) is writable by everybody (mode 0777). Run chmod o-w"
                + " \(directory.path), or choose another --socket.")
        #expect(chmod(directory.path, 0o1777) == 0)
        let listening = try SocketPath(path).listen()
        close(listening.descriptor)
    }

    @Test("a lock that is a link is refused")
    func linkedLock() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"
        #expect(symlink("/dev/null", path + ".lock") == 0)

        #expect(
            refusal(path)?.utf8.starts(with: "\(path): the lock \(path).lock cannot be opened".utf8) == true)
    }

    @Test("a path that does not fit is refused before anything is touched")
    func tooLong() {
        let path = "/tmp/" + String(repeating: "x", count: 103)

        #expect(
            refusal(path)
                == "\(path): the path has 108 bytes, a Unix socket's has 1 to 107. Choose a shorter --socket."
        )
        #expect(refusal("") != nil)
    }

    @Test("what leads nowhere may be a secret in the wrong place, and is quoted nowhere")
    func misplaced() throws {
        for path in ["/proc/CANARY/a/v.sock", "/proc/CANARY/a/\(String(repeating: "CANARY", count: 30))"] {
            let fault = try #require(throws: SocketPathFault.self) { try SocketPath(path).listen() }
            #expect(
                !fault.description.contains("CANARY"), "\(fault.description.replacing("CANARY", with: "C"))")
        }
        #expect(
            refusal("/proc/CANARY/a/v.sock")?.hasPrefix("the path of the socket: its directory does not")
                == true)
    }

    @Test("a group that does not exist is one warning, and the socket works")
    func missingGroup() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/v.sock"

        let listening = try SocketPath(path, group: "no-such-group-here").listen()
        defer { close(listening.descriptor) }

        #expect(
            listening.warnings == [
                "\(path): the group of socket.group does not exist; the socket keeps the group of vitald itself."
                    + " Create the group with groupadd --system, or set socket.group."
            ])
        _ = try RawPeer(path)
    }
}
