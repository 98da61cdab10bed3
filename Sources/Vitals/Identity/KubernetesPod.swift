// SPDX-License-Identifier: Apache-2.0

/// The cgroups that the kubelet makes for pods.
enum KubernetesPod {
    /// The pod's uid behind a component, or nil when it is no pod's.
    ///
    /// `kubepods-burstable-pod<uid with _>.slice` with the systemd driver, a guaranteed pod without the middle
    /// part, any prefix before it where a kubelet runs nested (kind: `kubelet-kubepods-…`);
    /// `pod<uid>` with the cgroupfs driver. A static pod's uid is 32 hex digits without dashes.
    static func uid(_ component: [UInt8]) -> String? {
        if let inner = component.between("", ".slice") {
            guard let mark = inner.lastRange(of: "-pod"), inner[..<mark.lowerBound].contains("kubepods")
            else {
                return nil
            }
            return uid(written: inner[mark.upperBound...].map { $0 == UInt8(ascii: "_") ? 0x2d : $0 })
        }
        guard let rest = component.between("pod", "") else { return nil }
        return uid(written: rest)
    }

    private static func uid(written bytes: [UInt8]) -> String? {
        if bytes.count == 32, bytes.allSatisfy(\.isLowerHex) { return bytes.string }
        let parts = bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [8, 4, 4, 4, 12], parts.allSatisfy({ $0.allSatisfy(\.isLowerHex) }) else {
            return nil
        }
        return bytes.string
    }
}

extension Array<UInt8> {
    /// Where a word stands last.
    fileprivate func lastRange(of word: String) -> Range<Int>? {
        let letters = Array(word.utf8)
        guard count >= letters.count else { return nil }
        for start in stride(from: count - letters.count, through: 0, by: -1)
        where self[start..<start + letters.count].elementsEqual(letters) {
            return start..<start + letters.count
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    /// Whether a word stands in it, at its start or behind a `-`, and ends there too.
    fileprivate func contains(_ word: String) -> Bool {
        split(separator: UInt8(ascii: "-")).contains { $0.elementsEqual(word.utf8) }
    }
}
