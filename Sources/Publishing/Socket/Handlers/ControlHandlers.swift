// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `checks.run`.
struct ChecksRunHandler: SocketHandler {
    let method = ChecksRun.method
    let control: any Control

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let name = try call.requiredText("name")
        let control = control
        return .later { completion in
            control.runCheck(name) { answer in
                switch answer {
                case .completed(let report):
                    var writer = JSONWriter()
                    ChecksGet.write(CheckView(report, detailed: true), into: &writer)
                    completion(.success(writer.bytes))
                case .unknownCheck: completion(.failure(.notFound("check", name: name)))
                case .notRunnable(let why): completion(.failure(.notRunnable(name, why)))
                }
            }
        }
    }
}

/// Answers `reload`.
struct ReloadHandler: SocketHandler {
    let method = Reload.method
    let control: any Control

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let control = control
        return .later { completion in
            control.reload { answer in
                switch answer {
                case .reloaded(let summary):
                    var writer = JSONWriter()
                    Reload.write(summary, into: &writer)
                    completion(.success(writer.bytes))
                case .refused(let faults): completion(.failure(.configurationRefused(faults)))
                }
            }
        }
    }
}
