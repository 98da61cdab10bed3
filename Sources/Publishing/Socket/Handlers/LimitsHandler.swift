// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `limits`.
struct LimitsHandler: SocketHandler {
    let method = LimitsQuery.method
    let limits: SocketLimits
    let tallies: TallyBook

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        result.object { reply in
            reply.member(
                "limits",
                object: { members in
                    members.member("line", Int64(limits.line))
                    members.member("batch", Int64(limits.batch))
                    members.member("depth", Int64(JSONDocument.maximumDepth))
                    members.member("connections", Int64(limits.connections))
                    members.member("connections_per_uid", Int64(limits.connectionsPerUser))
                    members.member("connections_reserved", Int64(limits.reserved))
                    members.member("connects_per_second", Int64(limits.opensPerSecond))
                    members.member("pushes_per_second", Int64(limits.pushesPerSecond))
                    members.member("events_queued", Int64(limits.eventsQueued))
                    members.member("unread_bytes", Int64(limits.unread))
                })
            reply.member("connections", tallies.values(of: SocketFamilies.connections).first?.value)
            reply.member(
                "dropped",
                array: { list in
                    for row in tallies.values(of: SocketFamilies.dropped) {
                        list.object { entry in
                            for label in row.labels { entry.member(label.name, label.value) }
                            entry.member("count", row.value)
                        }
                    }
                })
        }
        return .written
    }
}
