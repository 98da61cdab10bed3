// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The units of this vitald, as they are written in a shell: what remedies name.
struct UnitNames: Sendable {
    /// The service.
    let service: String
    /// The socket unit for asking and pushing.
    let rpc: String
    /// The socket unit of the pages.
    let http: String

    /// Those of an instance, or of the machine's vitald where there is none.
    init(_ instance: InstanceName?) {
        func name(_ word: String) -> String { instance.map { "\(word)@\($0.quoted)" } ?? word }
        service = name("vitald")
        rpc = name("vitald") + ".socket"
        http = name("vitald-http") + ".socket"
    }
}
