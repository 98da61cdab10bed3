// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// What comes from the files of `http.auth`.
extension AccessPlan.Auth {
    /// More people than read a sidecar's pages; each costs the comparison of a name.
    static let maximumUsers = 256
    /// A token and the one that follows it, for several scrapers.
    static let maximumTokens = 32
    private static let maximumName = 128

    /// Reads the files, and proves what stands in them.
    func logins(_ surroundings: ConfigurationSurroundings) throws(AccessPlan.Refusal) -> Logins {
        var logins = Logins(isWanted: true)
        logins.users = users
        var faults: [AccessPlan.Fault] = []
        if let usersFile {
            do throws(AccessPlan.Fault) {
                try Self.add(usersFile, surroundings, to: &logins)
            } catch {
                faults.append(error)
            }
        }
        for file in tokenFiles {
            do throws(AccessPlan.Fault) {
                logins.tokens.append(try Self.token(in: file, surroundings))
            } catch {
                faults.append(error)
            }
        }
        if faults.isEmpty, usersFile != nil, logins.users.isEmpty {
            faults = [
                AccessPlan.Fault(
                    key: .usersFile, fact: "lists no user", remedy: "Add a user, or remove it.")
            ]
        }
        guard faults.isEmpty else { throw AccessPlan.Refusal(faults: faults) }
        return logins
    }

    private static func token(
        in file: String, _ surroundings: ConfigurationSurroundings
    ) throws(AccessPlan.Fault) -> Secret {
        let key = AccessPlan.Key.bearerTokenFiles
        switch surroundings.readSecret(file) {
        case .failure(let problem):
            throw AccessPlan.Fault(key, problem)
        case .success(let token):
            // RFC 6750, section 2.1: what can stand behind "Bearer ".
            guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw AccessPlan.Fault(
                    key: key, fact: "\(SmallFile.quote(file)) holds more than one word of plain characters",
                    remedy: "Write the token alone, for example that of `openssl rand -hex 32`.")
            }
            return Secret(token)
        }
    }

    /// What is wrong with a user's name; nil where nothing is.
    static func problem(withName name: String) -> (fact: String, remedy: String)? {
        guard !name.isEmpty, name.utf8.count <= maximumName,
            !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: ":") })
        else {
            // Not quoted: a name with a colon is likely to hold the password too.
            return (
                "the name is not a valid user name",
                "Write 1 to \(maximumName) bytes without a colon and without control characters."
            )
        }
        return nil
    }

    /// What is wrong with a hash.
    static func problem(_ fault: BcryptHash.Fault) -> (fact: String, remedy: String) {
        switch fault {
        case .noBcrypt:
            ("holds no bcrypt hash", "Write what `htpasswd -nBC 10 NAME` prints after the colon.")
        case .tooCostly(let cost):
            (
                "a cost of \(cost) takes seconds for each login",
                "Hash the password again with a cost of at most \(BcryptHash.highestCost); 10 is usual."
            )
        }
    }

    /// Reads lines as `htpasswd -B` writes them; the first that is wrong is told.
    private static func add(
        _ path: String, _ surroundings: ConfigurationSurroundings, to logins: inout Logins
    ) throws(AccessPlan.Fault) {
        let text: String
        switch surroundings.readSecret(path) {
        case .success(let found): text = found
        case .failure(let problem):
            throw AccessPlan.Fault(.usersFile, problem)
        }
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            guard let first = line.first(where: { $0 != " " }), first != "#" else { continue }
            let place = "line \(number + 1) of \(SmallFile.quote(path))"
            func fault(_ problem: (fact: String, remedy: String)) -> AccessPlan.Fault {
                AccessPlan.Fault(key: .usersFile, fact: "\(place): \(problem.fact)", remedy: problem.remedy)
            }
            let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(sides[0])
            guard sides.count == 2 else { throw fault(("is not name:hash", "Write it with `htpasswd -B`.")) }
            if let problem = problem(withName: name) { throw fault(problem) }
            guard logins.users[name] == nil else {
                throw fault(("the user is listed twice", "Keep one of the two lines."))
            }
            do throws(BcryptHash.Fault) {
                logins.users[name] = try BcryptHash(String(sides[1]))
            } catch {
                throw fault(problem(error))
            }
        }
        guard logins.users.count <= maximumUsers else {
            throw AccessPlan.Fault(
                key: .usersFile, fact: "\(logins.users.count) users are too many",
                remedy: "Keep \(maximumUsers) of them.")
        }
    }
}
