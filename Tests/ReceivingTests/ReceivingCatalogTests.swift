// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Receiving

/// What every passive kind promises.
@Suite("passive kinds")
struct ReceivingCatalogTests {
    private func checks(_ type: any PassiveKind.Type, _ names: [String]) throws -> [ConfiguredCheck] {
        let root = try JSONDocument(parsing: Array("{}".utf8)).root
        return names.map { name in
            let reading = ConfigurationReading(surroundings: .none)
            var object = ConfigurationObject(root, path: "checks[0]", reading: reading)
            return ConfiguredCheck(
                definition: CheckDefinition(name: name, type: type.type), kind: type.init(reading: &object))
        }
    }

    private func item(_ kind: PushItem.Kind, _ name: String) -> PushItem {
        switch kind {
        case .heartbeat: .heartbeat(name: name)
        case .check: .check(CheckPush(name: name, outcome: .pass))
        }
    }

    @Test("each is fed by items that can be pushed, is judged by pushes, and keeps only its own checks")
    func contract() throws {
        let all = try ReceivingCatalog.all.flatMap { try checks($0, ["own-" + $0.type]) }
        let source = HeartbeatStoreTests.source()
        for type in ReceivingCatalog.all {
            let feed = type.makeFeed {}
            feed.replace(all, at: HeartbeatStoreTests.at(0))

            #expect(PushForm.all.contains { $0.kind == type.item }, "\(type.type) can be fed")
            #expect(type.evidence == .pushes && feed.item == type.item)
            #expect(throws: Never.self) {
                try feed.take(
                    item(type.item, "own-" + type.type), from: source, at: HeartbeatStoreTests.at(1))
            }
            for other in ReceivingCatalog.all where other.type != type.type {
                #expect(throws: PushRefusal.unknownCheck(type: type.type, name: "own-" + other.type)) {
                    try feed.take(
                        item(type.item, "own-" + other.type), from: source, at: HeartbeatStoreTests.at(1))
                }
            }
            let results = feed.results(at: HeartbeatStoreTests.at(1))
            #expect(results.map(\.check) == ["own-" + type.type] && results.first?.result.outcome == .pass)
        }
    }

    @Test("each kind of item that can be pushed is taken by a kind of check, and its method says its name")
    func items() {
        #expect(PushForm.all.map(\.kind) == PushItem.Kind.allCases)
        for form in PushForm.all {
            #expect(form.method.name == "push." + form.kind.rawValue && form.method.role == .push)
            #expect(ReceivingCatalog.all.contains { $0.item == form.kind })
        }
    }

    @Test("a sink hands each item to the feed of its kind, and tells all feeds of a connection that is gone")
    func sink() throws {
        let all = try ReceivingCatalog.all.flatMap { try checks($0, ["a"]) }
        let feeds = ReceivingCatalog.all.map { $0.makeFeed(wake: {}) }
        for feed in feeds { feed.replace(all, at: HeartbeatStoreTests.at(0)) }
        let sink = FeedSink(feeds)
        let source = HeartbeatStoreTests.source(7)

        try sink.take(
            .check(CheckPush(name: "a", outcome: .warn)), from: source, at: HeartbeatStoreTests.at(1))

        let words = feeds.map { HeartbeatStoreTests.words($0.results(at: HeartbeatStoreTests.at(1))) }
        #expect(words == [[], ["a pushed.warn"]])
        #expect(throws: PushRefusal.unknownCheck(type: "heartbeat", name: "b")) {
            try sink.take(.heartbeat(name: "b"), from: source, at: HeartbeatStoreTests.at(1))
        }
    }
}
