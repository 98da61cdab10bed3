// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Vitals

/// Judges what was found at a path; a pure value.
struct FilesystemVerdict {
    private let kind: FilesystemKind
    private let place: FilesystemPlace

    /// Takes the thresholds and the place.
    init(_ kind: FilesystemKind, _ place: FilesystemPlace) {
        self.kind = kind
        self.place = place
    }

    /// The result: the worst of everything that can be said.
    func judge(_ finding: FilesystemFinding) -> ProbeResult {
        switch finding.size {
        case .failure(let error): return unreachable(error)
        case .success(let size):
            var result = worst(of: [access(), writing(finding.writing), inodes(size), space(size)], size)
            result.facts = facts(size, finding.writing)
            return result
        }
    }

    private func worst(of results: [ProbeResult?], _ size: FilesystemSize) -> ProbeResult {
        if place.isHidden {
            return ProbeResult(
                .unknown, reason: "sandboxed",
                message: "vitald's sandbox (ProtectHome=) shows an empty file system at \(kind.path). "
                    + "Set ProtectHome=read-only in vitald's unit")
        }
        // Certain bad news before "cannot tell", which comes before good news.
        let found = results.compactMap(\.self)
        for outcome in [Outcome.fail, .unknown, .warn] {
            if let result = found.first(where: { $0.outcome == outcome }) { return result }
        }
        return ProbeResult(.pass, message: message(size))
    }

    private func message(_ size: FilesystemSize) -> String {
        guard let free = size.freePercent else {
            return "\(kind.path) is there (\(place.own.type), no size of its own)"
        }
        return "\(PercentText.render(free)) free: \(Self.text(size.available)) of \(Self.text(size.total))"
    }

    private func unreachable(_ error: SystemError) -> ProbeResult {
        let path = kind.path
        switch error.code {
        case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG:
            return ProbeResult(
                .fail, reason: "path.missing",
                message: "\(path): \(error.text). Create it, mount it, or correct `path`")
        case EACCES, EPERM:
            return ProbeResult(
                .unknown, reason: "access.denied",
                message:
                    "vitald may not look at \(path): \(error.text). Give its user the right to enter every "
                    + "directory above it (x)")
        case EMFILE, ENFILE:
            return ProbeResult(
                .unknown, reason: DescriptorShortage.reason,
                message: "\(path) could not be measured: \(DescriptorShortage.sentence(error.code))")
        case ENOMEM:
            return ProbeResult(
                .unknown, reason: "inconclusive.resources",
                message: "\(path) could not be measured: \(error.text)")
        default:
            // EIO, ESTALE, ENOTCONN of a dead FUSE server, EHOSTDOWN …: the file system itself says no.
            return ProbeResult(
                .fail, reason: "io.error", message: "\(path) cannot be measured: \(error.text)")
        }
    }

    private func access() -> ProbeResult? {
        guard !place.own.isImage || kind.writable else { return nil }
        let path = kind.path
        switch place.access {
        case .writable: return nil
        case .lost:
            return ProbeResult(
                .fail, reason: "readonly",
                message:
                    "the kernel made the file system of \(path) read-only, as it does after an I/O error: "
                    + "see `dmesg`, check the disk, then remount it")
        // As somebody meant it: a container's --read-only.
        case .readOnlyMount where !kind.writable: return nil
        case .readOnly, .readOnlyMount:
            return ProbeResult(
                kind.writable ? .fail : .warn, reason: "readonly",
                message: "the file system of \(path) is mounted read-only")
        }
    }

    private func writing(_ writing: FilesystemFinding.Writing) -> ProbeResult? {
        guard case .failed(let error) = writing else { return nil }
        let path = kind.path
        switch error.code {
        case EROFS:
            guard place.access == .writable else { return nil }  // said by `access`
            return ProbeResult(
                .unknown, reason: "sandboxed",
                message:
                    "\(path) is writable, but not for vitald, whose own sandbox (ProtectSystem=) forbids it. "
                    + "Add ReadWritePaths=\(path) to vitald's unit, or leave out `writable`")
        case EACCES, EPERM:
            return ProbeResult(
                .unknown, reason: "access.denied",
                message:
                    "vitald may not write to \(path): \(error.text). Give its user the right, or leave out "
                    + "`writable`")
        case ENOSPC:
            return ProbeResult(.fail, reason: "disk.full", message: "a small file at \(path): \(error.text)")
        case EDQUOT:
            return ProbeResult(
                .fail, reason: "quota.exceeded", message: "a small file at \(path): \(error.text)")
        case EMFILE, ENFILE:
            return ProbeResult(
                .unknown, reason: DescriptorShortage.reason,
                message: "\(path) could not be tried: \(DescriptorShortage.sentence(error.code))")
        case ENOMEM:
            return ProbeResult(
                .unknown, reason: "inconclusive.resources",
                message: "\(path) could not be tried: \(error.text)")
        case EFBIG:
            // RLIMIT_FSIZE; no file system is too small for one block.
            return ProbeResult(
                .unknown, reason: "inconclusive.resources",
                message:
                    "\(path) could not be tried: vitald may not write a file of \(WriteTrial.size) bytes "
                    + "(LimitFSIZE= of its unit)")
        default:
            return ProbeResult(
                .fail, reason: "io.error",
                message: "a small file at \(path) could not be written: \(error.text)")
        }
    }

    private func space(_ size: FilesystemSize) -> ProbeResult? {
        // A file system image is always full.
        guard let free = size.freePercent, !place.own.isImage else { return nil }
        let rest = "\(Self.text(size.available)) of \(Self.text(size.total))"
        if free < kind.failFreePercent {
            return ProbeResult(
                .fail, reason: "disk.full",
                message:
                    "only \(PercentText.render(free, against: kind.failFreePercent)) free (\(rest)), less than "
                    + "\(PercentText.render(kind.failFreePercent)): make room at \(kind.path)")
        }
        guard free < kind.warnFreePercent else { return nil }
        return ProbeResult(
            .warn, reason: "disk.low",
            message:
                "only \(PercentText.render(free, against: kind.warnFreePercent)) free (\(rest)), less than "
                + "\(PercentText.render(kind.warnFreePercent)): make room at \(kind.path)")
    }

    private func inodes(_ size: FilesystemSize) -> ProbeResult? {
        guard let free = size.freeInodesPercent, !place.own.isImage else { return nil }
        if let limit = kind.failFreeInodesPercent, free < limit {
            return ProbeResult(.fail, reason: "inodes.full", message: inodeMessage(free, limit, size))
        }
        if let limit = kind.warnFreeInodesPercent, free < limit {
            return ProbeResult(.warn, reason: "inodes.low", message: inodeMessage(free, limit, size))
        }
        return nil
    }

    private func inodeMessage(_ free: Double, _ limit: Double, _ size: FilesystemSize) -> String {
        "only \(PercentText.render(free, against: limit)) of the inodes free (\(size.freeInodes) of "
            + "\(size.inodes)), less than \(PercentText.render(limit)): remove small files at \(kind.path)"
    }

    private func facts(_ size: FilesystemSize, _ writing: FilesystemFinding.Writing) -> [Fact] {
        var facts = [
            Fact("mount_point", .text((place.host ?? place.own).point)),
            Fact("filesystem_type", .text(place.own.type)),
            Fact("readonly", .boolean(place.access != .writable)),
        ]
        if let free = size.freePercent {
            facts += [
                Fact("total_bytes", .integer(Int64(clamping: size.total))),
                Fact("available_bytes", .integer(Int64(clamping: size.available))),
                Fact("free_percent", .number(PercentText.tenths(free))),
            ]
        }
        if let free = size.freeInodesPercent {
            facts += [
                Fact("inodes", .integer(Int64(clamping: size.inodes))),
                Fact("free_inodes", .integer(Int64(clamping: size.freeInodes))),
                Fact("free_inodes_percent", .number(PercentText.tenths(free))),
            ]
        }
        if case .worked = writing { facts.append(Fact("writable", .boolean(true))) }
        return facts
    }

    private static func text(_ bytes: UInt64) -> String { ByteCount(Int64(clamping: bytes)).text }
}
