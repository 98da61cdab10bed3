// SPDX-License-Identifier: Apache-2.0

import Vitals

extension ConfigurationObject {
    /// Remembers what may be shown of an address: its normal form, in which everything but the place is masked; or,
    /// where it refers to the environment, what may be shown of the text as it is written, because what a reference
    /// stands for may be a secret.
    mutating func showURL(
        _ key: StaticString, _ text: (written: String, expanded: String), normal: String, ofWritten: String
    ) {
        show(key) { $0.string(References.isAny(in: text.written.utf8) ? ofWritten : normal) }
        // Much of it is not shown, and all of it counts.
        remember(hidden: text.expanded, of: key)
    }

    /// Warns, without showing it, of a password that stands in the configuration itself; one that comes from the
    /// environment by `${NAME}` does not stand there.
    func warnOfPassword(in key: String, written: String, password: (String) -> Secret?) {
        guard let secret = password(written), !secret.reveal({ References.isAll($0.utf8) }) else { return }
        reading.warn(
            "\(path(of: key)): the password stands in the configuration, where everybody who reads the file sees it. Move it to `passwordFile` or `passwordCredential`."
        )
    }
}
