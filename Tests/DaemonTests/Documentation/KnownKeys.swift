// SPDX-License-Identifier: Apache-2.0

import Vitals

@testable import vitald

/// The keys that the reader of the configuration knows, as it tells them to whoever writes a wrong one.
enum KnownKeys {
    static let kinds = DaemonCatalog.kinds.map { $0.type }

    private static let wrong = "qqqqqqqqqqqqqqqq"

    /// The keys of a kind of check, with those of the objects in it as `tls.verify`, and those of every kind.
    static func of(_ kind: String) -> (own: [String], common: [String]) {
        let found = told(
            #"{"checks":[{"name":"x","type":"\#(kind)","\#(wrong)":0,"expect":{"\#(wrong)":0},"#
                + #""tls":{"\#(wrong)":0}}]}"#)
        let all = keys(found, at: "checks[0].")
        let others = kinds.filter { $0 != kind }.map { other in
            Set(keys(told(#"{"checks":[{"name":"x","type":"\#(other)","\#(wrong)":0}]}"#), at: "checks[0]."))
        }
        let common = all.filter { key in others.allSatisfy { $0.contains(key) } }
        var own = all.filter { !common.contains($0) }
        // A tcp check's tls is that of http checks, and explained there.
        for object in ["expect"] + (kind == "http" ? ["tls"] : []) where own.contains(object) {
            own += keys(found, at: "checks[0].\(object).").map { "\(object).\($0)" }
        }
        return (own, common)
    }

    /// The keys of the top level.
    static var top: [String] { keys(told(#"{"\#(wrong)":0}"#), at: "") }

    /// The keys of an object of the top level.
    static func of(object: String) -> [String] {
        keys(told(#"{"\#(object)":{"\#(wrong)":0}}"#), at: object + ".")
    }

    /// The keys of an object within an object of the top level.
    static func of(object: String, within outer: String) -> [String] {
        keys(told(#"{"\#(outer)":{"\#(object)":{"\#(wrong)":0}}}"#), at: "\(outer).\(object).")
    }

    private static func told(_ text: String) -> [String] { Museum.sentences(text) }

    private static func keys(_ sentences: [String], at place: String) -> [String] {
        let prefix = "line 1: \(place)\(wrong): unknown key. The keys here are: "
        let sentence = sentences.first { $0.hasPrefix(prefix) }
        return sentence.map {
            $0.dropFirst(prefix.count).dropLast().split { $0 == "," || $0 == " " }.map(String.init)
        } ?? []
    }
}

/// `config.example.json`: its keys and those that only a remark names.
struct Example {
    private let checks: [JSONValue]

    init() throws {
        let document = try JSONDocument(parsing: Array(try Repository.text("config.example.json").utf8))
        checks = document.root["checks"]?.elements ?? []
    }

    /// The keys that are shown or told with a kind of check.
    func keys(of kind: String) -> Set<String> {
        let check = checks.first { $0["type"]?.string == kind }
        return check.map { Self.names(in: $0, below: "") } ?? []
    }

    /// Those of every check.
    var commonKeys: Set<String> { checks.reduce(into: []) { $0.formUnion(Self.names(in: $1, below: "")) } }

    /// `warnLatency`, `tls.verify`; a remark may name several at once, with commas.
    private static func names(in value: JSONValue, below path: String) -> Set<String> {
        var names: Set<String> = []
        for (key, value) in value.members {
            guard let key = key.string else { continue }
            if key == "//" {
                for remark in [value] + value.elements {
                    for member in remark.members {
                        let told = member.key.string ?? ""
                        names.formUnion(told.split { $0 == "," || $0 == " " }.map { path + $0 })
                    }
                }
                continue
            }
            names.insert(path + key)
            if value.kind == .object { names.formUnion(self.names(in: value, below: path + key + ".")) }
        }
        return names
    }
}
