// SPDX-License-Identifier: Apache-2.0

/// Finding keys that stand twice.
extension JSONParser {
    /// Refuses, or collects, the keys of the object that was just closed which stand twice.
    mutating func refuseDuplicateKeys(of top: Int) throws(JSONFault) {
        let count = Int(nodes[top].count)
        // Small objects are compared pairwise, without memory; large ones, and escaped keys, are sorted, so
        // that nobody can make this quadratic.
        if count <= 24, let second = pairwiseDuplicate(of: top, count: count) {
            if second.isCertain {
                return try note(second.node)
            }
        } else if count <= 24 {
            return
        }
        for node in sortedDuplicates(of: top, count: count) { try note(node) }
    }

    /// The first key that stands twice; or, where a key holds escapes, that this must be looked at in full.
    private func pairwiseDuplicate(of top: Int, count: Int) -> (node: Int, isCertain: Bool)? {
        var a = top + 1
        for n in 0..<count {
            if nodes[a].isComplex { return (a, false) }
            var b = top + 1
            for _ in 0..<n {
                if same(a, b) { return (a, policy == .refuse) }
                b = Int(nodes[b + 1].next)
            }
            a = Int(nodes[a + 1].next)
        }
        return nil
    }

    private func sortedDuplicates(of top: Int, count: Int) -> [Int] {
        var keys: [(bytes: [UInt8], node: Int)] = []
        keys.reserveCapacity(count)
        var i = top + 1
        for _ in 0..<count {
            keys.append((keyBytes(i), i))
            i = Int(nodes[i + 1].next)
        }
        keys.sort { a, b in
            a.bytes == b.bytes ? a.node < b.node : a.bytes.lexicographicallyPrecedes(b.bytes)
        }
        var second: [Int] = []
        for n in 1..<max(1, keys.count) where keys[n].bytes == keys[n - 1].bytes {
            second.append(keys[n].node)
        }
        return second.sorted()
    }

    private mutating func note(_ node: Int) throws(JSONFault) {
        let key = keyBytes(node)
        let text = String(decoding: key, as: UTF8.self)
        let fault = fault(
            Quotation.mayQuote(key: text) ? "the key \"\(text)\" is listed twice" : "a key is listed twice",
            "Keep one of the two.", at: Int(nodes[node].start) - 1)
        guard policy == .collect else { throw fault }
        if key != [UInt8(ascii: "/"), UInt8(ascii: "/")], duplicates.count < JSONParser.maximumDuplicates {
            duplicates.append(fault)
        }
    }

    /// The key as its text's bytes: two spellings of the same text are the same key, while texts that only look
    /// alike (é composed or not) are different ones.
    private func keyBytes(_ node: Int) -> [UInt8] {
        let contents = Array(bytes[Int(nodes[node].start)..<Int(nodes[node].end)])
        return nodes[node].isComplex ? JSONEscape.decode(contents[...]) : contents
    }

    private func same(_ a: Int, _ b: Int) -> Bool {
        let length = Int(nodes[a].end - nodes[a].start)
        guard length == Int(nodes[b].end - nodes[b].start) else { return false }
        let p = Int(nodes[a].start)
        let q = Int(nodes[b].start)
        for i in 0..<length where bytes[p + i] != bytes[q + i] { return false }
        return true
    }
}
