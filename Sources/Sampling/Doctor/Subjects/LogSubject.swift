// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension Subject {
    /// Where vitald's own lines go, and what becomes of them while their reader is away.
    static let log = Subject("log") { surroundings in
        let standing = surroundings.house.log()
        let dropped = standing.dropped == 0 ? "" : "; \(standing.dropped) were dropped since the start"
        var isGone = false
        var (taker, manner, remedy) = (
            "standard error", "", "Let whoever reads it read on; what waits is written then."
        )
        switch standing.place {
        case .journal(let path):
            isGone = surroundings.isLocal(path) && !surroundings.isOpen(path, W_OK)
            taker = "journald at \(path)"
            remedy = "Look at systemctl status systemd-journald; what waits is written once it is back."
        case .json: manner = ", one JSON object a line"
        case .text: manner = ", as text"
        }
        guard isGone || standing.waiting > 0 else {
            return Diagnosis(
                "log", .ok,
                "vitald's own lines go to \(taker)\(manner); while nobody takes them, up to \(standing.room) wait"
                    + dropped)
        }
        return Diagnosis(
            "log", .limited,
            "\(taker) takes no lines: \(standing.waiting) of vitald's own wait, \(standing.room) may\(dropped)",
            remedy: remedy)
    }
}
