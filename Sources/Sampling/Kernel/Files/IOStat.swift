// SPDX-License-Identifier: Apache-2.0

/// `io.stat`, one line per device; bytes and operations since the cgroup was made, `cost.*` in µs.
/// ```
/// 254:0 rbytes=199753728 wbytes=148815872 rios=8476 wios=15936 dbytes=0 dios=0
/// 7:7 7:6 7:5 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6
/// 7:4
/// ```
/// Kernels before 6.2 write bare and merged lines for devices without figures: the last MAJ:MIN before the first
/// `key=value` is the one that the figures belong to, the others have none.
struct IOStat: Hashable {
    /// One device.
    struct Device: Hashable {
        var major: Int64
        var minor: Int64
        var readBytes: Int64?
        var writtenBytes: Int64?
        var discardedBytes: Int64?
        var reads: Int64?
        var writes: Int64?
        var costUsage: Int64?
        var costWait: Int64?
        var costIndebt: Int64?
        var costIndelay: Int64?
    }

    /// At most this many devices of a container: beyond it stands a hostile file, not a machine.
    static let deviceLimit = 256

    /// Appends the devices that have figures; returns how many lines were not understood.
    static func parse(_ bytes: KernelBytes, into devices: inout [Device]) -> Int {
        var bytes = bytes
        var bad = 0
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole else {
                bad += 1
                continue
            }
            switch device(bytes, line) {
            case .some(.some(let device)):
                // A device twice would be a series twice, and the page refused: the first stays.
                if devices.count < deviceLimit,
                    !devices.contains(where: { $0.major == device.major && $0.minor == device.minor })
                {
                    devices.append(device)
                } else {
                    bad += 1
                }
            case .some(.none): continue
            case .none: bad += 1
            }
        }
        return bad
    }

    /// Nil for a line that is not understood, `.some(nil)` for one without figures.
    private static func device(_ bytes: KernelBytes, _ line: Range<Int>) -> Device?? {
        var fields = bytes.fields(line)
        var device: Device?
        var hasFigures = false
        while let field = fields.next() {
            if let equals = bytes.firstIndex(of: UInt8(ascii: "="), in: field) {
                guard device != nil else { return nil }
                let key = field.lowerBound..<equals
                guard let keyPath = keyPath(bytes, key) else { continue }
                guard let number = bytes.number(equals + 1..<field.upperBound) else { return nil }
                device?[keyPath: keyPath] = number
                hasFigures = true
            } else {
                guard !hasFigures, let colon = bytes.firstIndex(of: UInt8(ascii: ":"), in: field),
                    let major = bytes.number(field.lowerBound..<colon),
                    let minor = bytes.number(colon + 1..<field.upperBound)
                else {
                    // "(unknown)" stands where a device has gone; what follows belongs to nobody.
                    return nil
                }
                device = Device(major: major, minor: minor)
            }
        }
        return hasFigures ? .some(device) : .some(nil)
    }

    private static func keyPath(_ bytes: KernelBytes, _ key: Range<Int>) -> WritableKeyPath<Device, Int64?>? {
        if bytes.equals(key, "rbytes") { return \.readBytes }
        if bytes.equals(key, "wbytes") { return \.writtenBytes }
        if bytes.equals(key, "rios") { return \.reads }
        if bytes.equals(key, "wios") { return \.writes }
        if bytes.equals(key, "dbytes") { return \.discardedBytes }
        if bytes.equals(key, "cost.usage") { return \.costUsage }
        if bytes.equals(key, "cost.wait") { return \.costWait }
        if bytes.equals(key, "cost.indebt") { return \.costIndebt }
        if bytes.equals(key, "cost.indelay") { return \.costIndelay }
        return nil
    }
}
