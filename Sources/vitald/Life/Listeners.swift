// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Publishing
import Vitals

/// Opens the daemon's sockets: the two Unix sockets under their lock, then the TCP addresses.
struct Listeners {
    /// What ends the start.
    struct Failure: Error {
        /// Place, fact, remedy.
        let sentence: String
        /// The exit code that fits.
        let code: Int32
    }

    /// The Unix sockets that were made; whoever holds them holds their locks.
    private(set) var sockets: [ListeningSocket] = []
    /// What needed a remark, as sentences.
    private(set) var remarks: [String] = []

    /// Makes the socket for asking and pushing, and the one beside it for HTTP.
    mutating func openSockets(_ configuration: Configuration.Socket) throws(Failure) -> (
        rpc: ListeningSocket, http: ListeningSocket
    ) {
        let directory = configuration.path.utf8.lastIndex(of: UInt8(ascii: "/")).map {
            String(configuration.path[..<$0])
        }
        let rpc = try open(configuration.path, configuration)
        let http = try open("\(directory ?? ".")/\(SocketPlace.httpName)", configuration)
        return (rpc, http)
    }

    private mutating func open(_ path: String, _ configuration: Configuration.Socket) throws(Failure)
        -> ListeningSocket
    {
        do throws(SocketPathFault) {
            let socket = try SocketPath(
                path, mode: UInt32(configuration.mode), group: configuration.group
            ).listen()
            // Both sockets lack the same group: said once.
            if remarks.isEmpty { remarks = socket.warnings }
            sockets.append(socket)
            return socket
        } catch {
            for socket in sockets { socket.release() }
            if case .alreadyRunning = error {
                throw Failure(sentence: "\(error)", code: ExitCode.alreadyRunning)
            }
            throw Failure(sentence: "\(error)", code: 1)
        }
    }

    /// Serves the TCP addresses. A default address that this machine does not have (no IPv6) is left out.
    static func open(
        _ http: Configuration.HTTP, on server: HTTPServer, loop: any EventLoop
    ) -> EventLoopFuture<[String]> {
        let opened = http.listen.map { address -> EventLoopFuture<String?> in
            do {
                let socketAddress = try SocketAddress(ipAddress: address.host, port: address.port)
                return server.listen(on: socketAddress).map {
                    "\($0.ipAddress ?? address.host):\($0.port ?? 0)"
                }
                .flatMapErrorThrowing { error in
                    if http.isDefault, let error = error as? IOError,
                        [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode)
                    {
                        return nil
                    }
                    throw Failure(sentence: sentence(address, error), code: 1)
                }
            } catch {
                return loop.makeFailedFuture(Failure(sentence: sentence(address, error), code: 1))
            }
        }
        return EventLoopFuture.whenAllSucceed(opened, on: loop).map { $0.compactMap { $0 } }
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
