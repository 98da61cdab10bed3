// SPDX-License-Identifier: Apache-2.0

/// `/proc/PID/net/dev`: the interfaces of that process's network namespace.
/// ```
/// Inter-|   Receive                                                |  Transmit
///  face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
///   eth0:    1866      23    0    0    0     0          0         0      866      11    0    0    0     0       0          0
/// ```
/// Old kernels put the first number right behind the colon; an alias (`eth0:1`) is part of no kernel's output.
struct NetDev: Hashable {
    /// One interface.
    struct Interface: Hashable {
        var name: [UInt8]
        var receivedBytes: Int64
        var receivedPackets: Int64
        var receivedErrors: Int64
        var receivedDropped: Int64
        var transmittedBytes: Int64
        var transmittedPackets: Int64
        var transmittedErrors: Int64
        var transmittedDropped: Int64
    }

    /// At most this many interfaces of one namespace: a host of containers has one veth for each.
    static let interfaceLimit = 4096

    /// Appends the interfaces that `wanted` lets pass; returns how many lines were not understood.
    static func parse(
        _ bytes: KernelBytes, into interfaces: inout [Interface], wanted: (KernelBytes, Range<Int>) -> Bool
    ) -> Int {
        var bytes = bytes
        var bad = 0
        while let (line, isWhole) = bytes.nextLine() {
            if line.contains(where: { bytes[$0] == UInt8(ascii: "|") }) { continue }
            guard isWhole, let colon = bytes.firstIndex(of: UInt8(ascii: ":"), in: line),
                interfaces.count < interfaceLimit
            else {
                bad += 1
                continue
            }
            var start = line.lowerBound
            while start < colon, bytes[start] == 0x20 { start += 1 }
            var numbers = (
                Int64(0), Int64(0), Int64(0), Int64(0), Int64(0), Int64(0), Int64(0), Int64(0)
            )
            guard start < colon, read(bytes, colon + 1..<line.upperBound, into: &numbers) else {
                bad += 1
                continue
            }
            guard wanted(bytes, start..<colon) else { continue }
            let name = bytes.array(start..<colon)
            guard !interfaces.contains(where: { $0.name == name }) else {
                bad += 1
                continue
            }
            interfaces.append(
                Interface(
                    name: name, receivedBytes: numbers.0, receivedPackets: numbers.1,
                    receivedErrors: numbers.2, receivedDropped: numbers.3, transmittedBytes: numbers.4,
                    transmittedPackets: numbers.5, transmittedErrors: numbers.6,
                    transmittedDropped: numbers.7))
        }
        return bad
    }

    /// Interfaces that belong to the container itself: not its loopback, which alone is called `lo`, not the ends of others'
    /// cables and not their bridges.
    ///
    /// cAdvisor skips all names that begin with `lo`, `veth`, `docker` or `nerdctl`, and means `veth3`, `docker0` and their
    /// like; `longhorn0`, `lo1` and `lowpan0` are interfaces that somebody wants to see. Docker and CNI call a cable by
    /// `veth` and a random number in hex.
    static func belongsToContainer(_ bytes: KernelBytes, _ name: Range<Int>) -> Bool {
        if bytes.equals(name, "lo") { return false }
        for prefix: StaticString in ["docker", "nerdctl"] where bytes.starts(name, with: prefix) {
            let rest = name.lowerBound + prefix.utf8CodeUnitCount
            if rest == name.upperBound || bytes[rest].isDigit { return false }
        }
        guard bytes.starts(name, with: "veth") else { return true }
        let rest = name.lowerBound + 4..<name.upperBound
        return !(rest.allSatisfy { bytes[$0].isHex } || bytes[rest.lowerBound].isDigit)
    }

    private static func read(
        _ bytes: KernelBytes, _ range: Range<Int>,
        into n: inout (Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64)
    ) -> Bool {
        var fields = bytes.fields(range)
        for index in 0..<12 {
            guard let field = fields.next(), let value = bytes.number(field) else { return false }
            switch index {
            case 0: n.0 = value
            case 1: n.1 = value
            case 2: n.2 = value
            case 3: n.3 = value
            case 8: n.4 = value
            case 9: n.5 = value
            case 10: n.6 = value
            case 11: n.7 = value
            default: break
            }
        }
        return true
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    fileprivate var isHex: Bool {
        isDigit || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "f"))
    }
}
