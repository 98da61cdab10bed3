// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The requests of one connection: a line is read the short way where it is plain, else as any JSON-RPC 2.0.
extension SocketSession {
    /// One line, without its line feed.
    func line(_ line: UnsafeRawBufferPointer, _ received: Instant, _ writer: inout JSONWriter) {
        if let plain = PlainRequest(line) {
            let id = plain.id.isEmpty ? nil : UnsafeRawBufferPointer(rebasing: line[plain.id])
            let name = UnsafeRawBufferPointer(rebasing: line[plain.method])
            guard let entry = hall.catalog.entry(named: name) else {
                return reject(.unknownMethod(String(decoding: name, as: UTF8.self)), id, &writer)
            }
            return perform(entry, id, SocketCall(caller: caller, received: received), &writer)
        }
        // An empty line is nothing at all; NDJSON writers and people leave them.
        guard line.contains(where: { $0 != 0x0D && $0 != 0x20 && $0 != 0x09 }) else { return }
        document(line, received, &writer)
    }

    /// The strict way: any JSON-RPC 2.0 request, and every kind of bad line.
    private func document(_ line: UnsafeRawBufferPointer, _ received: Instant, _ writer: inout JSONWriter) {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: Array(line))
        } catch {
            return refuse(.parse(error), id: nil, &writer)
        }
        let root = document.root
        guard root.kind == .object else {
            return refuse(
                .invalidRequest(
                    root.kind == .array
                        ? "batches are not taken; send one object per line"
                        : "a request is an object, this is \(root.kind.phrase)"),
                id: nil, &writer)
        }
        let given = root["id"]
        if let given, given.kind != .string, given.kind != .number, given.kind != .null {
            return refuse(
                .invalidRequest("\"id\" is \(given.kind.phrase); a string or a number is needed"), id: nil,
                &writer)
        }
        Array(given?.source ?? []).withUnsafeBytes { bytes in
            let id = given == nil ? nil : bytes
            // Only a request can be a notification: what is none is answered, by null where it has no id.
            guard root["jsonrpc"]?.isString("2.0") == true else {
                return refuse(.invalidRequest("\"jsonrpc\" must be \"2.0\""), id: id, &writer)
            }
            guard let method = root["method"] else {
                return refuse(.invalidRequest("\"method\" is missing"), id: id, &writer)
            }
            guard let name = method.string else {
                return refuse(
                    .invalidRequest("\"method\" is \(method.kind.phrase); a string is needed"), id: id,
                    &writer)
            }
            let parameters = root["params"]
            if let parameters, ![.object, .array, .null].contains(parameters.kind) {
                return refuse(
                    .invalidRequest("\"params\" is \(parameters.kind.phrase); an object is needed"), id: id,
                    &writer)
            }
            guard let entry = hall.catalog.entry(named: name) else {
                return reject(.unknownMethod(name), id, &writer)
            }
            if let parameters, parameters.kind == .array {
                return reject(
                    .invalidParameters("is \(parameters.kind.phrase); parameters go by name, in an object"),
                    id, entry: entry, &writer)
            }
            let call = SocketCall(
                caller: caller, parameters: parameters?.isNull == true ? nil : parameters, received: received)
            perform(entry, id, call, &writer)
        }
    }
}
