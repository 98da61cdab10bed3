// SPDX-License-Identifier: Apache-2.0

import Vitals

extension ConfigurationObject {
    /// Remembers what may be shown of a URL: its normal form, in which the password is masked already; or, where it
    /// refers to the environment, the text as written, because what a reference stands for may be a secret.
    mutating func showURL(_ key: StaticString, written: String, normal: String) {
        let refersOut = written.utf8.contains(UInt8(ascii: "$"))
        show(key) { $0.string(refersOut ? SecretMask.mask(written) : normal) }
    }

    /// Warns, without showing it, of a password that stands in the configuration itself; one that comes from the
    /// environment by `${NAME}` does not stand there.
    func warnOfPassword(in key: String, written: String, password: (String) -> Secret?) {
        guard let secret = password(written), !secret.reveal({ $0.hasPrefix("${") && $0.hasSuffix("}") })
        else {
            return
        }
        reading.warn(
            "\(path(of: key)): the password stands in the configuration, where everybody who reads the file sees it. Move it to `passwordFile` or `passwordCredential`."
        )
    }
}
