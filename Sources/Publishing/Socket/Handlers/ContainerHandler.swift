// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `container`, from the sampler's lane.
struct ContainerHandler: SocketHandler {
    let method = ContainerQuery.method
    let kernel: any KernelReading

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let patterns = try call.texts("select") ?? ["*"]
        guard !patterns.isEmpty else {
            throw .invalidParameter("select", "is an empty list; leave it out for all")
        }
        guard patterns.count <= ContainerQuery.mostPatterns else {
            throw .invalidParameter(
                "select", "has \(patterns.count) patterns; the most is \(ContainerQuery.mostPatterns)")
        }
        let kernel = kernel
        return .later { completion in
            switch patterns {
            case ["self"]:
                kernel.own { completion(.success(Self.text($0))) }
            case ["host"]:
                kernel.host { host in
                    var writer = JSONWriter()
                    writer.object { reply in
                        reply.member("containers", array: { _ in })
                        reply.key("host")
                        ContainerView.write(host: host, into: &reply)
                    }
                    completion(.success(writer.bytes))
                }
            default:
                kernel.containers(Selection(patterns)) { completion(.success(Self.text($0))) }
            }
        }
    }

    private static func text(_ answer: ContainerAnswer) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + answer.containers.count * 1280)
        writer.object { reply in
            reply.member(
                "containers",
                array: { list in
                    for figures in answer.containers { ContainerView(figures).write(into: &list) }
                })
            UnmeasuredView.write(answer.unmeasured, into: &reply)
        }
        return writer.bytes
    }
}
