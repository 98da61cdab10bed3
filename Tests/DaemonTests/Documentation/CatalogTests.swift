// SPDX-License-Identifier: Apache-2.0

import Publishing
import Testing

/// `journalctl -x` explains every kind of line.
@Suite("journal catalog")
struct CatalogTests {
    @Test("packaging/vitald.catalog has one entry for every kind of line, and none besides")
    func isComplete() throws {
        let ids = try MessageCatalog().ids

        #expect(ids.sorted() == JournalEvent.allCases.map(\.messageID).sorted())
    }

    @Test(
        "an entry has a subject, says what happened and what is to be done", arguments: JournalEvent.allCases)
    func explains(_ event: JournalEvent) throws {
        let entry = try #require(try MessageCatalog().entries[event.messageID])

        #expect(entry.headers["Subject"]?.isEmpty == false)
        #expect(entry.headers["Defined-By"] == "vitald")
        #expect(entry.headers["Documentation"]?.hasPrefix("man:vitald") == true)
        #expect(entry.paragraphs.filter { !$0.isEmpty }.count >= 2)
    }

    @Test("the fields that an entry names are in every line of its kind", arguments: JournalEvent.allCases)
    func namesFields(_ event: JournalEvent) throws {
        let fields = try #require(try MessageCatalog().entries[event.messageID]).fields
        let places = try WrittenLines().making(String(describing: event))

        for field in fields {
            try #require(!places.isEmpty, "no place of the sources writes \(event)")
            #expect(places.allSatisfy { $0.contains("\"\(field)\"") }, "\(event) is written without \(field)")
        }
    }

    @Test("fields are found in the catalog and in the sources")
    func findsFields() throws {
        let fields = try MessageCatalog().entries[JournalEvent.checkChanged.messageID]?.fields

        #expect(fields == ["VITALD_CHECK", "VITALD_STATUS", "VITALD_PREVIOUS"])
        #expect(try WrittenLines().making("startFailed").count > 1)
        #expect(try WrittenLines().making("startFailed").contains { !$0.contains("VITALD_CONFIG") })
    }
}
