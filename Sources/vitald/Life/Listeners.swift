// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Publishing
import Vitals

/// Gathers what the daemon listens on: the sockets that the service manager handed over, and those that it opens
/// itself because nobody did, the Unix sockets under their lock.
struct Listeners {
    /// What ends the start.
    struct Failure: Error {
        /// Place, fact, remedy.
        let sentence: String
        /// The exit code that fits.
        let code: Int32

        /// The system gives no thread for what every daemon needs.
        static let threadless = Failure(
            sentence: "no thread can be started. Raise TasksMax=.", code: ExitCode.failed)
    }

    /// A listening IP socket that was handed over.
    struct Handed: Sendable, Equatable {
        /// The listening descriptor.
        let descriptor: CInt
        /// Where it listens.
        let address: ListenAddress
    }

    /// The Unix sockets for asking and pushing, at least one once they are open.
    private(set) var rpc: [ListeningSocket] = []
    /// The Unix sockets for the pages, likewise.
    private(set) var http: [ListeningSocket] = []
    /// The IP sockets for the pages that were handed over.
    private(set) var handed: [Handed] = []
    /// The IP addresses that were opened besides, as the kernel has them.
    var opened: [String] = []
    /// What needed a remark, as sentences.
    private(set) var remarks: [String] = []

    /// What remedies name.
    private let units: UnitNames
    private var hasWarned = false

    /// Nothing yet; the units are those of this instance, or of the machine's vitald.
    init(instance: InstanceName?) { units = UnitNames(instance) }

    /// All Unix sockets; whoever holds those of our own making holds their locks.
    var sockets: [ListeningSocket] { rpc + http }

    /// Takes what was handed over; an address that may not be served ends the start.
    mutating func take(
        _ given: HandedSockets, under protection: ListenPolicy.Protection
    ) throws(Failure) {
        for socket in given.sockets {
            switch socket.address {
            case .path(let path) where socket.purpose == .rpc:
                rpc.append(ListeningSocket(handed: socket.descriptor, path: path))
            case .path(let path): http.append(ListeningSocket(handed: socket.descriptor, path: path))
            case .ip(let host, let port): try take(host, port, socket.descriptor, protection)
            }
        }
    }

    private mutating func take(
        _ host: String, _ port: Int, _ descriptor: CInt, _ protection: ListenPolicy.Protection
    ) throws(Failure) {
        let text = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        do throws(ListenAddress.Problem) {
            let address = try ListenAddress(parsing: text)
            if let problem = ListenPolicy.problem(with: address, under: protection) { throw problem }
            if let warning = ListenPolicy.warning(of: address, under: protection) { remarks.append(warning) }
            handed.append(Handed(descriptor: descriptor, address: address))
        } catch {
            throw Failure(
                sentence: "\(text), handed over by the service manager: \(error.fact). \(error.remedy)",
                code: ExitCode.configuration)
        }
    }

    /// Makes the Unix sockets that were not handed over: the one for asking and pushing, and the one beside it for
    /// the pages.
    mutating func openSockets(_ configuration: Configuration.Socket) throws(Failure) {
        if let given = rpc.first {
            if configuration.isChosen, !rpc.contains(where: { $0.path == configuration.path }) {
                let path = Quotation.bare(path: configuration.path, else: "the path") {
                    access($0, F_OK) == 0
                }
                remarks.append(
                    "socket.path: \(path) is not served: the service manager handed over \(given.path). "
                        + "Set ListenStream= to it with systemctl edit \(units.rpc).")
            }
        } else {
            rpc.append(try open(configuration.path, configuration))
        }
        guard http.isEmpty, let path = rpc.first?.path else { return }
        let directory = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
        http.append(try open("\(directory)/\(SocketPlace.httpName)", configuration))
    }

    private mutating func open(_ path: String, _ configuration: Configuration.Socket) throws(Failure)
        -> ListeningSocket
    {
        do throws(SocketPathFault) {
            let socket = try SocketPath(
                path, mode: UInt32(configuration.mode), group: configuration.group
            ).listen()
            // Both sockets lack the same group: said once.
            if !hasWarned { remarks += socket.warnings }
            hasWarned = hasWarned || !socket.warnings.isEmpty
            return socket
        } catch {
            for socket in sockets { socket.release() }
            if case .alreadyRunning = error {
                throw Failure(sentence: "\(error)", code: ExitCode.alreadyRunning)
            }
            throw Failure(sentence: "\(error)", code: 1)
        }
    }

    /// The addresses of the configuration that are still to be opened: those that nobody handed over; none of the
    /// usual ones where any was.
    func missing(_ configured: Configuration.HTTP) -> [ListenAddress] {
        if configured.isDefault, !handed.isEmpty { return [] }
        return configured.listen.filter { address in !handed.contains { address.names($0.address) } }
    }

    /// Remarks on what is served though an explicit `http.listen` does not name it: the manager's socket is open in any
    /// case, and whoever came to one that nobody serves would wait for ever.
    mutating func remarkOnAddresses(_ configured: Configuration.HTTP) {
        guard !configured.isDefault else { return }
        for socket in handed where !configured.listen.contains(where: { $0.names(socket.address) }) {
            remarks.append(
                "http.listen does not name \(socket.address), which the service manager handed over: it is served all "
                    + "the same. To end that, run systemctl edit \(units.http).")
        }
    }

    /// Serves the IP addresses that nobody handed over. A usual one that this machine does not have (no IPv6) is left
    /// out.
    func open(
        _ configured: Configuration.HTTP, on server: HTTPServer, loop: any EventLoop
    ) -> EventLoopFuture<[String]> {
        let opened = missing(configured).map { address -> EventLoopFuture<String?> in
            do {
                let socketAddress = try SocketAddress(ipAddress: address.host, port: address.port)
                return server.listen(on: socketAddress).map {
                    // The kernel may have chosen the port.
                    address.with(port: $0.port ?? address.port).description
                }
                .flatMapErrorThrowing { error in
                    if configured.isDefault, let error = error as? IOError,
                        [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode)
                    {
                        return nil
                    }
                    throw failure(address, error)
                }
            } catch {
                return loop.makeFailedFuture(failure(address, error))
            }
        }
        return EventLoopFuture.whenAllSucceed(opened, on: loop).map { $0.compactMap { $0 } }
    }

    private func failure(_ address: ListenAddress, _ error: any Error) -> Failure {
        if let error = error as? IOError, error.errnoCode == EADDRINUSE,
            let socket = handed.first(where: { $0.address.collides(with: address) })?.address
        {
            // Another start would find the same.
            let kept = http.filter(\.isHanded).map(\.path)
            let lines = [""] + kept + [address.description]
            return Failure(
                sentence:
                    "\(address): the service manager holds \(socket). Run systemctl edit "
                    + "\(units.http) and write \(lines.map { "ListenStream=\($0)" }.joined(separator: ", ")), a line each; "
                    + "or choose another port.", code: ExitCode.configuration)
        }
        return Failure(sentence: Self.sentence(address, error), code: ExitCode.failed)
    }

    private static func sentence(_ address: ListenAddress, _ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(address): cannot be served: \(error)" }
        switch error.errnoCode {
        case EADDRINUSE:
            return "\(address): another program serves there. Stop it, or choose another port with --http."
        case EACCES:
            return "\(address): this user may not serve there. Choose a port from 1024 on with --http."
        default:
            return
                "\(address): \(String(cString: strerror(error.errnoCode))). Choose another address with --http."
        }
    }
}
