// SPDX-License-Identifier: Apache-2.0

/// What one component of a cgroup path means.
enum CgroupMeaning: Hashable {
    /// A container: its runtime, its full id where it has one, and the name the path tells, if any.
    case container(runtime: String, hex: String, name: String)
    /// A monitor, a sandbox or a mount: neither it nor what lives in it is a container.
    case nothing
    /// A systemd unit (service or scope), by its unescaped name.
    case unit(String)
    /// Says nothing by itself: a slice, a payload child, a plain directory.
    case plain
}

/// The rules by which runtimes name cgroups. A new runtime is one rule here.
///
/// Ids are exactly 64 lower-case hex digits, bounded on both sides: a looser pattern takes mounts and image
/// layers for containers.
enum ContainerRuntime {
    /// One rule: what the component at `index` of a path means, or nil when the rule does not know it.
    typealias Rule = @Sendable (_ name: [UInt8], _ above: ArraySlice<[UInt8]>) -> CgroupMeaning?

    /// Every rule, the first that knows a component wins.
    static let all: [Rule] = [
        mount, monitor, scope, podman, criO, kubernetes, docker, buildkit, lxc, nspawn, libvirt, ecs, garden,
        bareID, unit,
    ]

    /// What the last component of `components` means.
    static func meaning(_ components: ArraySlice<[UInt8]>) -> CgroupMeaning {
        guard let name = components.last else { return .plain }
        for rule in all {
            if let meaning = rule(name, components.dropLast()) { return meaning }
        }
        return .plain
    }

    /// `var-lib-docker-…<64 hex>-merged.mount` holds an id too, and is a mount.
    private static let mount: Rule = { name, _ in name.hasSuffix(".mount") ? .nothing : nil }

    /// `libpod-conmon-<id>.scope`, `crio-conmon-<id>.scope`: the monitor beside the container.
    private static let monitor: Rule = { name, _ in
        name.hasPrefix("libpod-conmon-") || name.hasPrefix("crio-conmon-") || name.hasPrefix("lxc.monitor")
            || name == Array("lxc.pivot".utf8) ? .nothing : nil
    }

    /// `docker-<id>.scope`, `cri-containerd-<id>.scope`, `nerdctl-<id>.scope`, `libpod-<id>.scope`,
    /// `crio-<id>.scope`: the systemd cgroup driver of each runtime.
    private static let scope: Rule = { name, _ in
        for (prefix, runtime) in [
            ("docker-", "docker"), ("cri-containerd-", "containerd"), ("nerdctl-", "nerdctl"),
            ("libpod-", "podman"), ("crio-", "cri-o"),
        ] {
            if let id = name.between(prefix, ".scope"), id.isID {
                return .container(runtime: runtime, hex: id.string, name: "")
            }
        }
        return nil
    }

    /// `libpod-payload-<id>` under a service (quadlet, `--cgroups=split`); `/libpod_parent/libpod-<id>`.
    private static let podman: Rule = { name, _ in
        for prefix in ["libpod-payload-", "libpod-"] {
            if let id = name.between(prefix, ""), id.isID {
                return .container(runtime: "podman", hex: id.string, name: "")
            }
        }
        return nil
    }

    /// `crio-<id>` without `.scope` is the sandbox.
    private static let criO: Rule = { name, _ in
        if let id = name.between("crio-", ""), id.isID { .nothing } else { nil }
    }

    /// `/kubepods/[burstable/|besteffort/]pod<uid>/<id>`: the cgroupfs driver; the runtime cannot be told.
    private static let kubernetes: Rule = { name, above in
        guard name.isID, let parent = above.last, KubernetesPod.uid(parent) != nil else { return nil }
        return .container(runtime: "", hex: name.string, name: "")
    }

    /// `/docker/<id>`, also below another parent.
    private static let docker: Rule = { name, above in
        guard name.isID, above.last == Array("docker".utf8) else { return nil }
        return .container(runtime: "docker", hex: name.string, name: "")
    }

    /// `/docker/buildkit/<id>`: a build step.
    private static let buildkit: Rule = { name, above in
        guard above.last == Array("buildkit".utf8), above.dropLast().last == Array("docker".utf8),
            name.allSatisfy({ $0.isLowerAlphanumeric })
        else { return nil }
        return .container(runtime: "docker", hex: "", name: name.string)
    }

    /// `lxc.payload.NAME`, old `/lxc/NAME`. After a clash LXC appends `-1`…`-999`, which cannot be told from a
    /// name that ends so; it stays.
    private static let lxc: Rule = { name, above in
        if let rest = name.between("lxc.payload.", ""), !rest.isEmpty {
            return .container(runtime: "lxc", hex: "", name: ReadableBytes.text(rest))
        }
        if above.count == 1, above.last == Array("lxc".utf8) {
            return .container(runtime: "lxc", hex: "", name: ReadableBytes.text(name))
        }
        return nil
    }

    /// `systemd-nspawn@NAME.service`, `machine-NAME.scope`, in machine.slice; the children payload, supervisor
    /// and .control belong to it.
    private static let nspawn: Rule = { name, above in
        guard above.last == Array("machine.slice".utf8) else { return nil }
        if let rest = name.between("systemd-nspawn@", ".service") {
            return .container(runtime: "nspawn", hex: "", name: SystemdName.unescape(rest))
        }
        guard let rest = name.between("machine-", ".scope"), !rest.hasPrefix("qemu\\x2d"),
            !rest.hasPrefix("lxc\\x2d")
        else { return nil }
        return .container(runtime: "nspawn", hex: "", name: SystemdName.unescape(rest))
    }

    /// `machine-qemu\x2d1\x2dNAME.scope`, `machine-lxc\x2d…`: only the first number is libvirt's own.
    private static let libvirt: Rule = { name, _ in
        guard let escaped = name.between("machine-", ".scope") else { return nil }
        let rest = SystemdName.unescaped(Array(escaped))
        for driver in ["qemu-", "lxc-"] where rest.hasPrefix(driver) {
            guard escaped.hasPrefix(String(driver.dropLast()) + "\\x2d") else { continue }
            var guest = rest.dropFirst(driver.utf8.count)
            let digits = guest.prefix { $0.isDigit }
            if !digits.isEmpty, guest.dropFirst(digits.count).first == UInt8(ascii: "-") {
                guest = guest.dropFirst(digits.count + 1)
            }
            return .container(runtime: "libvirt", hex: "", name: ReadableBytes.text(guest))
        }
        return nil
    }

    /// `/ecs/<task>/<32 hex>-<digits>`.
    private static let ecs: Rule = { name, above in
        guard above.contains(Array("ecs".utf8)), name.count > 33, name[32] == UInt8(ascii: "-"),
            name[..<32].allSatisfy({ $0.isLowerHex }), name[33...].allSatisfy({ $0.isDigit })
        else { return nil }
        return .container(runtime: "ecs", hex: "", name: name.string)
    }

    /// Cloud Foundry's Garden: `8hex-4hex-4hex-4hex-4hex`.
    private static let garden: Rule = { name, _ in
        let parts = name.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [8, 4, 4, 4, 4], parts.allSatisfy({ $0.allSatisfy(\.isLowerHex) }) else {
            return nil
        }
        return .container(runtime: "garden", hex: "", name: name.string)
    }

    /// `/<namespace>/<id>`: containerd's default with cgroupfs; deeper it is some runtime's `--cgroup-parent`.
    private static let bareID: Rule = { name, above in
        guard name.isID else { return nil }
        return .container(runtime: above.count == 1 ? "containerd" : "", hex: name.string, name: "")
    }

    /// Everything else that systemd made.
    private static let unit: Rule = { name, _ in
        name.hasSuffix(".service") || name.hasSuffix(".scope") ? .unit(SystemdName.unescape(name)) : nil
    }
}

extension UInt8 {
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    var isLowerHex: Bool { isDigit || (self >= UInt8(ascii: "a") && self <= UInt8(ascii: "f")) }
    var isLowerAlphanumeric: Bool { isDigit || (self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z")) }
}

extension Collection<UInt8> {
    /// Whether it is a container id: exactly 64 lower-case hex digits.
    var isID: Bool { count == 64 && allSatisfy(\.isLowerHex) }

    /// Its text, where it is known to be ASCII.
    var string: String { String(decoding: self, as: UTF8.self) }

    func hasPrefix(_ text: String) -> Bool { starts(with: text.utf8) }
}

extension BidirectionalCollection<UInt8> {
    func hasSuffix(_ text: String) -> Bool { reversed().starts(with: text.utf8.reversed()) }

    /// What stands between a beginning and an end; nil where it has not both.
    func between(_ prefix: String, _ suffix: String) -> [UInt8]? {
        guard count >= prefix.utf8.count + suffix.utf8.count, hasPrefix(prefix), hasSuffix(suffix) else {
            return nil
        }
        return Array(dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count))
    }
}
