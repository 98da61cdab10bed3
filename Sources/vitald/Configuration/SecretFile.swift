// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The file of a secret: only vitald and root may have written it, and nobody else may read it.
enum SecretFile {
    /// Far more than any password or token needs.
    static let maximumLength = 65_536

    /// The secret without the line end that editors leave behind it; or what is wrong with the file.
    ///
    /// `uid` is vitald's own. The group may read (0640 root:vitald is how packages hand out secrets), not write.
    static func read(_ path: String, uid: UInt32) -> Result<String, ConfigurationSurroundings.SecretFault> {
        let name = SmallFile.quote(path)
        let file: SmallFile
        do throws(SmallFile.Failure) {
            file = try SmallFile(reading: path, limit: maximumLength)
        } catch {
            return .failure(fault(for: error, name: name))
        }
        if let stranger = file.stranger(at: path, uid: uid) { return .failure(stranger) }
        guard file.mode & 0o007 == 0 else {
            return fail(
                "\(name) is open to everybody (mode 0\(String(file.mode, radix: 8)))",
                "chmod 0600 \(Quotation.shell(path))")
        }
        guard file.mode & 0o020 == 0 else {
            return fail(
                "\(name) can be changed by its group (mode 0\(String(file.mode, radix: 8)))",
                "chmod 0600 \(Quotation.shell(path))")
        }
        var bytes = file.bytes[...]
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty else { return fail("\(name) is empty", "Write the secret into it.") }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return fail("\(name) is not text in UTF-8 without NUL", "Write the secret as text.")
        }
        return .success(text)
    }

    private static func fault(for failure: SmallFile.Failure, name: String)
        -> ConfigurationSurroundings.SecretFault
    {
        switch failure {
        case .missing: .init(fact: "\(name) does not exist", remedy: "Create it with mode 0600.")
        case .notRegular(let word): .init(fact: "\(name) is \(word)", remedy: "Name a regular file.")
        case .tooLarge:
            .init(
                fact: "\(name) is larger than \(ByteCount(Int64(maximumLength)).text)",
                remedy: "Name the file that holds the secret and nothing else.")
        case .refused(let code):
            .init(
                fact: "\(name) \(SmallFile.phrase(for: code))",
                remedy: "Let the user of vitald read it, for example chown vitald and chmod 0600.",
                isPassing: failure.isPassing)
        }
    }

    private static func fail(_ fact: String, _ remedy: String) -> Result<
        String, ConfigurationSurroundings.SecretFault
    > {
        // Remedies are sentences; one that is a command stays copyable without its full stop.
        .failure(.init(fact: fact, remedy: remedy))
    }
}
