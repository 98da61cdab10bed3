// SPDX-License-Identifier: Apache-2.0

import Vitals

/// A file that is no secret but decides who is believed: certificates of authorities, our own certificate. Everybody
/// may read it; only vitald and root may have written it.
enum TrustedFile {
    /// More than all authorities of a system, which take 250 KiB.
    static let maximumLength = 1 << 20

    /// The bytes; or what is wrong with the file. `uid` is vitald's own.
    static func read(_ path: String, uid: UInt32) -> Result<[UInt8], ConfigurationSurroundings.SecretFault> {
        let name = SmallFile.quote(path)
        let file: SmallFile
        do throws(SmallFile.Failure) {
            file = try SmallFile(reading: path, limit: maximumLength)
        } catch {
            return .failure(fault(for: error, name: name))
        }
        if let stranger = file.stranger(at: path, uid: uid) { return .failure(stranger) }
        guard file.mode & 0o022 == 0 else {
            return .failure(
                .init(
                    fact: "\(name) can be changed by others (mode 0\(String(file.mode, radix: 8)))",
                    remedy: "chmod 0644 \(Quotation.shell(path))"))
        }
        return .success(file.bytes)
    }

    private static func fault(for failure: SmallFile.Failure, name: String)
        -> ConfigurationSurroundings.SecretFault
    {
        switch failure {
        case .missing: .init(fact: "\(name) does not exist", remedy: "Create it, or name another one.")
        case .notRegular(let word): .init(fact: "\(name) is \(word)", remedy: "Name a regular file.")
        case .tooLarge:
            .init(
                fact: "\(name) is larger than \(ByteCount(Int64(maximumLength)).text)",
                remedy: "Name the file that holds the certificates and nothing else.")
        case .refused(let code):
            .init(
                fact: "\(name) \(SmallFile.phrase(for: code))",
                remedy: "Let the user of vitald read it, for example chmod 0644.",
                isPassing: failure.isPassing)
        }
    }
}
