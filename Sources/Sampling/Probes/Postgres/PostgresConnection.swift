// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Glibc
import Threads
import Vitals

/// One connection of libpq, used without ever blocking beyond a countdown.
final class PostgresConnection {
    /// Rows a query may answer with: a check asks for one; more would only fill memory.
    static let rowLimit = 1000
    /// A server that is dead is found out while its answer is waited for across attempts: the first question after
    /// this many seconds, then so many more.
    private static let keepAliveOptions: [(option: Int32, value: Int32)] = [
        (TCP_KEEPIDLE, 30), (TCP_KEEPINTVL, 10), (TCP_KEEPCNT, 3),
    ]

    /// What the server said to a text of one or more statements.
    struct Answer {
        /// The rows of all of them, each value as text.
        var rows: [[String?]] = []
        /// How many statements were done.
        var completed = 0
        /// Why the next one was not.
        var refusal: PostgresFailure?
    }

    private let handle: OpaquePointer
    private var isFinished = false
    private var wanted = PGRES_POLLING_WRITING
    /// Whether statements were sent and their end has not been read.
    private(set) var isBusy = false
    /// What has come of it, also before a timeout: an error comes a moment before the end.
    private var gathered = Answer()

    /// Begins to connect and waits for nothing; nil without memory.
    init?(_ parameters: [(keyword: String, value: String)]) {
        guard let handle = Self.start(parameters) else { return nil }
        self.handle = handle
        // At once, so that even a refused connection says its SQLSTATE instead of a localised sentence.
        PQsetErrorVerbosity(handle, PQERRORS_SQLSTATE)
        // The default writes notices to stderr.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit { if !isFinished { PQfinish(handle) } }

    // MARK: - Connecting

    /// Goes on with connecting and authenticating until that is done. After a timeout it may be called again.
    func connect(_ countdown: Countdown, _ log: PhaseLog) throws(PostgresFailure) {
        var phase = step
        log.enter(phase)
        guard PQstatus(handle) != CONNECTION_BAD else { throw .lost(phase) }
        while true {
            let descriptor = PQsocket(handle)
            guard descriptor >= 0 else { throw .lost(phase) }
            let events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT
            switch countdown.wait(for: Int16(events), on: descriptor) {
            case .late: throw .timeout(phase)
            case .failed: throw .lost(phase)
            case .ready: wanted = PQconnectPoll(handle)
            }
            if wanted == PGRES_POLLING_OK { return }
            if wanted == PGRES_POLLING_FAILED { throw refusal(phase) }
            phase = step
            log.enter(phase)
        }
    }

    private var step: ProbePhase {
        switch PQstatus(handle) {
        case CONNECTION_STARTED, CONNECTION_MADE: .connect
        case CONNECTION_SSL_STARTUP, CONNECTION_GSS_STARTUP: .tls
        case CONNECTION_BAD: .connect
        default: .authenticate
        }
    }

    /// Whether the server may have a backend for us that is not ready yet. It waits for a lock on a catalog, perhaps for
    /// hours, does not notice that its client is gone, and says nothing of the login before it is ready.
    var isAwaited: Bool {
        let status = PQstatus(handle)
        return status == CONNECTION_AWAITING_RESPONSE || status == CONNECTION_AUTH_OK
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

    // MARK: - Asking

    /// The rows of a query, each value as text; a query that answers with nothing gives none.
    func rows(of query: String, _ countdown: Countdown) throws(PostgresFailure) -> [[String?]] {
        let answer = try answer(to: query, countdown)
        if let refusal = answer.refusal { throw refusal }
        return answer.rows
    }

    /// Sends statements and waits for their end.
    func answer(to text: String, _ countdown: Countdown) throws(PostgresFailure) -> Answer {
        guard PQsetnonblocking(handle, 1) == 0, PQsendQuery(handle, text) == 1 else {
            throw PQstatus(handle) == CONNECTION_BAD ? .lost(.processing) : .server("08P01", .processing)
        }
        isBusy = true
        gathered = Answer()
        // Row by row: a careless query must not bring a table into memory.
        PQsetSingleRowMode(handle)
        try flush(countdown)
        return try finish(countdown)
    }

    /// Waits for the end of the statements that were sent; after a timeout it may be called again.
    func finish(_ countdown: Countdown) throws(PostgresFailure) -> Answer {
        while true {
            while PQisBusy(handle) != 0 { try read(countdown) }
            guard let result = PQgetResult(handle) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_SINGLE_TUPLE:
                guard gathered.rows.count < Self.rowLimit else { throw .tooManyRows }
                gathered.rows.append(Self.row(result))
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: gathered.completed += 1
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                // Would wait for data that nobody sends.
                throw .server("0A000", .processing)
            default:
                let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).flatMap {
                    SQLState(UnsafeBufferPointer(start: $0, count: strlen($0)).map(UInt8.init(bitPattern:)))
                }
                // The first says why (57P01), the next only that the connection is gone.
                gathered.refusal =
                    gathered.refusal ?? state.map { .server($0, .processing) } ?? .lost(.processing)
            }
        }
        isBusy = false
        defer { gathered = Answer() }
        return gathered
    }

    /// Whether it can be used further: a fatal error is followed by the end of the connection.
    var isOpen: Bool { PQstatus(handle) == CONNECTION_OK }

    /// The server's version: 150020 for 15.20; 0 when unknown.
    var version: Int32 { PQserverVersion(handle) }

    /// The process that serves us, as the other side introduced it; a pooler gives a number of its own.
    var backend: Int32 { PQbackendPID(handle) }

    /// Whether a query left its transaction open: it would hold its locks, and a pooler's server connection.
    var isInTransaction: Bool {
        let status = PQtransactionStatus(handle)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// What it takes to cancel the statement that runs; nil where libpq has nothing for it.
    var cancellation: OpaquePointer? { PQgetCancel(handle) }

    // MARK: - The end

    /// Makes the kernel find out when the server is dead, while nothing is sent.
    func keepAlive() {
        let descriptor = PQsocket(handle)
        for (option, value) in Self.keepAliveOptions {
            // A Unix socket knows none of them.
            withUnsafePointer(to: value) {
                _ = setsockopt(
                    descriptor, Int32(IPPROTO_TCP), option, $0, socklen_t(MemoryLayout<Int32>.size))
            }
        }
    }

    /// Ends the connection and waits until the server has let go of it, so that its slot is free.
    ///
    /// A backend gives its slot back before its socket: a descriptor of ours that outlives PQfinish tells when.
    func close(_ countdown: Countdown) {
        guard !isFinished else { return }
        let descriptor = fcntl(PQsocket(handle), F_DUPFD_CLOEXEC, 0)
        PQfinish(handle)
        isFinished = true
        guard descriptor >= 0 else { return }
        defer { Glibc.close(descriptor) }
        var rest = [UInt8](repeating: 0, count: 1024)
        while case .ready = countdown.wait(for: Int16(POLLIN), on: descriptor) {
            let count = Glibc.read(descriptor, &rest, rest.count)
            guard count > 0 || count < 0 && (errno == EAGAIN || errno == EINTR) else { return }
        }
    }

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
