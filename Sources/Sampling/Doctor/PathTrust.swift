// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Finds who, besides root and vitald's own user, can change what a file says: by writing to it, or by putting another
/// file in its place. May hang for as long as its file systems do.
package struct PathTrust: Sendable {
    /// A way to change a file.
    package struct Breach: Sendable, Hashable {
        /// The file or directory that is open to others.
        package let place: String
        /// What is so.
        package let fact: String
        /// What closes it.
        package let remedy: String
    }

    /// The users whose doings are vitald's or the administrator's.
    private let users: Set<UInt32>

    /// Trusts root and these.
    package init(users: Set<UInt32>) { self.users = users.union([0]) }

    /// The ways to change the file at a path, of the directories above it the nearest one. None where nothing is
    /// there.
    package func breaches(of path: String) -> [Breach] {
        guard let file = Ownership(path) else { return [] }
        let name = Self.quote(path)
        var breaches: [Breach] = []
        if isStranger(file) {
            breaches.append(
                Breach(
                    place: path, fact: "\(name) belongs to uid \(file.user), who can change it",
                    remedy: "Give it to root: chown root \(Quotation.shell(path))"))
        }
        if let (who, letter) = writer(of: file) {
            breaches.append(
                Breach(
                    place: path, fact: "\(who) can change \(name) (mode \(file.modeText))",
                    remedy: "chmod \(letter)-w \(Quotation.shell(path))"))
        }
        let replaced = Self.directories(above: path).lazy.compactMap { breach(in: $0, over: name) }.first
        return breaches + (replaced.map { [$0] } ?? [])
    }

    private func breach(in directory: String, over name: String) -> Breach? {
        guard let place = Ownership(directory) else { return nil }
        if isStranger(place) {
            return Breach(
                place: directory,
                fact: "\(Self.quote(directory)) belongs to uid \(place.user), who can replace \(name)",
                remedy: "Give the directory to root: chown root \(Quotation.shell(directory))")
        }
        // In a sticky directory nobody can move what belongs to another.
        guard place.mode & 0o1000 == 0, let (who, letter) = writer(of: place), !Self.isSealed(directory)
        else { return nil }
        return Breach(
            place: directory,
            fact:
                "\(who) can replace \(name): the directory \(Self.quote(directory)) has mode \(place.modeText)",
            remedy: "chmod \(letter)-w \(Quotation.shell(directory))")
    }

    /// A path that was just found to exist.
    private static func quote(_ path: String) -> String { Quotation.quote(path: path) { _ in true } }

    private func isStranger(_ place: Ownership) -> Bool {
        !users.contains(place.user) && !(place.user == Self.unmapped && !Self.seesAllUsers)
    }

    /// Who may write beside the owner, and chmod's letter for it.
    private func writer(of place: Ownership) -> (who: String, letter: String)? {
        if place.mode & 0o002 != 0 { return ("every user on this machine", "o") }
        if place.mode & 0o020 != 0, place.group != 0 { return ("the group with gid \(place.group)", "g") }
        return nil
    }

    /// The kernel's `overflowuid`: a user who has no number in our namespace of users.
    private static let unmapped: UInt32 = 65_534

    /// Whether every user of the machine has a number here (user_namespaces(7)). In a container the files of the host
    /// may belong to somebody who cannot be told, and is not within its reach.
    private static var seesAllUsers: Bool {
        let descriptor = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        let words = String(decoding: bytes[..<max(0, count)], as: UTF8.self)
            .split(whereSeparator: \.isWhitespace)
        return words == ["0", "0", "4294967295"]
    }

    /// Whether nothing can be changed there though the rest of the machine can: Kubernetes mounts its ConfigMaps so,
    /// with mode 0777. Under ProtectSystem=strict everything looks read-only, and tells nothing.
    private static func isSealed(_ directory: String) -> Bool {
        func isReadOnly(_ path: String) -> Bool {
            var status = statvfs()
            return statvfs(path, &status) == 0 && status.f_flag & 1 != 0  // ST_RDONLY
        }
        return isReadOnly(directory) && !isReadOnly("/")
    }

    /// Those on the way to a path, as it is written and as it is without symbolic links; the nearest first.
    private static func directories(above path: String) -> [String] {
        var found: [String] = []
        for way in [path, resolved(path)].compactMap({ $0 }) where way.hasPrefix("/") {
            var rest = way[...]
            while let slash = rest.lastIndex(of: "/") {
                rest = rest[..<slash]
                let directory = rest.isEmpty ? "/" : String(rest)
                if !found.contains(directory) { found.append(directory) }
            }
        }
        return found
    }

    private static func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}
