// SPDX-License-Identifier: Apache-2.0

import Receiving
import Sampling
import Vitals

/// The kinds of checks of all modules together, in the order of the manual.
enum DaemonCatalog {
    /// Every kind; no two share a type.
    static let kinds: [any CheckKind.Type] =
        ProbeCatalog.all.map { $0 as any CheckKind.Type }
        + ReceivingCatalog.all.map { $0 as any CheckKind.Type }
}
