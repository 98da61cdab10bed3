// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `describe`.
struct DescribeHandler: SocketHandler {
    let method = Describe.method
    let methods: [SocketMethod]

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        guard let name = try call.text("method") else {
            Describe.write(methods, into: &result)
            return .written
        }
        guard let method = methods.first(where: { $0.name == name }) else {
            throw .notFound("method", name: name)
        }
        Describe.write([method], into: &result)
        return .written
    }
}
