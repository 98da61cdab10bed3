// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Glibc
import Vitals

/// One connection of libpq, used without ever blocking beyond a countdown.
///
/// Ending it never asks the server to cancel: PQcancel of libpq 15 blocks and opens a second connection in clear
/// text. The server ends what is left by the statement_timeout it was given.
final class PostgresConnection {
    /// Rows a query may answer with: a check asks for one; more would only fill memory.
    static let rowLimit = 1000

    private let handle: OpaquePointer

    private init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { PQfinish(handle) }

    /// Connects and authenticates.
    static func open(
        _ parameters: [(keyword: String, value: String)], _ countdown: Countdown, _ log: PhaseLog
    ) throws(PostgresFailure) -> PostgresConnection {
        log.enter(.connect)
        guard let handle = start(parameters) else { throw .lost(.connect) }
        let connection = PostgresConnection(handle)
        // At once, so that even a refused connection says its SQLSTATE instead of a localised sentence.
        PQsetErrorVerbosity(handle, PQERRORS_SQLSTATE)
        // The default writes notices to stderr.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        var phase = ProbePhase.connect
        guard PQstatus(handle) != CONNECTION_BAD else { throw .lost(phase) }
        var wanted = PGRES_POLLING_WRITING
        while true {
            let descriptor = PQsocket(handle)
            guard descriptor >= 0 else { throw .lost(phase) }
            let events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT
            switch countdown.wait(for: Int16(events), on: descriptor) {
            case .late: throw .timeout(phase)
            case .failed: throw .lost(phase)
            case .ready: wanted = PQconnectPoll(handle)
            }
            if wanted == PGRES_POLLING_OK { return connection }
            if wanted == PGRES_POLLING_FAILED { throw connection.refusal(phase) }
            switch PQstatus(handle) {
            case CONNECTION_STARTED, CONNECTION_MADE: phase = .connect
            case CONNECTION_SSL_STARTUP, CONNECTION_GSS_STARTUP: phase = .tls
            default: phase = .authenticate
            }
            log.enter(phase)
        }
    }

    private static func start(_ parameters: [(keyword: String, value: String)]) -> OpaquePointer? {
        let keywords = parameters.map { strdup($0.keyword) } + [nil]
        let values = parameters.map { strdup($0.value) } + [nil]
        defer {
            keywords.forEach { free($0) }
            for value in values {
                // One of them is the password.
                if let value { explicit_bzero(value, strlen(value)) }
                free(value)
            }
        }
        let constantKeywords = keywords.map { UnsafePointer($0) }
        let constantValues = values.map { UnsafePointer($0) }
        return PQconnectStartParams(constantKeywords, constantValues, 0)
    }

    private func refusal(_ phase: ProbePhase) -> PostgresFailure {
        if PQconnectionNeedsPassword(handle) != 0 { return .passwordMissing }
        let text = PQerrorMessage(handle).map {
            [UInt8](UnsafeBufferPointer(start: $0, count: strlen($0)).map(UInt8.init(bitPattern:)))
        }
        if let state = SQLState(endOfLineIn: text ?? []) { return .server(state, phase) }
        return .lost(phase)
    }

    /// The rows of a query, each value as text; a query that answers with nothing gives none.
    func rows(of query: String, _ countdown: Countdown) throws(PostgresFailure) -> [[String?]] {
        guard PQsetnonblocking(handle, 1) == 0, PQsendQuery(handle, query) == 1 else {
            throw PQstatus(handle) == CONNECTION_BAD ? .lost(.processing) : .server("08P01", .processing)
        }
        // Row by row: a careless query must not bring a table into memory.
        PQsetSingleRowMode(handle)
        try flush(countdown)
        var rows: [[String?]] = []
        var refusal: PostgresFailure?
        while true {
            while PQisBusy(handle) != 0 { try read(countdown) }
            guard let result = PQgetResult(handle) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_SINGLE_TUPLE:
                guard rows.count < Self.rowLimit else { throw .tooManyRows }
                rows.append(Self.row(result))
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                // Would wait for data that nobody sends.
                throw .server("0A000", .processing)
            default:
                let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).flatMap {
                    SQLState(UnsafeBufferPointer(start: $0, count: strlen($0)).map(UInt8.init(bitPattern:)))
                }
                // The first says why (57P01), the next only that the connection is gone.
                refusal = refusal ?? state.map { .server($0, .processing) } ?? .lost(.processing)
            }
        }
        if let refusal { throw refusal }
        return rows
    }

    /// The server's version: 150020 for 15.20; 0 when unknown.
    var version: Int32 { PQserverVersion(handle) }

    private func flush(_ countdown: Countdown) throws(PostgresFailure) {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                try wait(POLLIN | POLLOUT, countdown)
                // A server that cannot write its answer does not read the rest of the question.
                PQconsumeInput(handle)
            // The server may have said why before it closed: reading on finds it.
            default: return
            }
        }
    }

    private func read(_ countdown: Countdown) throws(PostgresFailure) {
        try wait(POLLIN, countdown)
        // After a failure here PQisBusy is false and PQgetResult brings the reason.
        PQconsumeInput(handle)
    }

    private func wait(_ events: Int32, _ countdown: Countdown) throws(PostgresFailure) {
        let descriptor = PQsocket(handle)
        guard descriptor >= 0 else { throw .lost(.processing) }
        switch countdown.wait(for: Int16(events), on: descriptor) {
        case .ready: return
        case .late: throw .timeout(.processing)
        case .failed: throw .lost(.processing)
        }
    }

    private static func row(_ result: OpaquePointer) -> [String?] {
        (0..<PQnfields(result)).map { column in
            guard PQgetisnull(result, 0, column) == 0, let value = PQgetvalue(result, 0, column) else {
                return nil
            }
            return String(cString: value)
        }
    }
}
