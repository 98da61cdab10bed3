// SPDX-License-Identifier: Apache-2.0

/// The five characters by which Postgres says what is wrong, in every language (its manual, appendix A).
struct SQLState: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    let code: String

    init(stringLiteral code: String) { self.code = code }

    /// Takes exactly five digits and capital letters; nil for anything else.
    init?(_ bytes: some Collection<UInt8>) {
        let isCode = bytes.allSatisfy {
            $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
                || $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z")
        }
        guard bytes.count == 5, isCode else { return nil }
        code = String(decoding: bytes, as: UTF8.self)
    }

    /// The last code of libpq's text of a failed connection, of which one line stands for each try:
    ///
    /// ```
    /// connection to server at "127.0.0.1", port 5432 failed: FATAL:  53300
    /// ```
    /// With PQERRORS_SQLSTATE a server's line ends in the code and nothing else; the words before it are in the
    /// server's language and not read. A line of libpq's own ends in a word or a stop.
    init?(endOfLineIn text: [UInt8]) {
        for line in text.split(separator: UInt8(ascii: "\n")).reversed() {
            guard let blank = line.lastIndex(of: UInt8(ascii: " ")), blank > line.startIndex,
                line[blank - 1] == UInt8(ascii: " "), let state = SQLState(line[(blank + 1)...])
            else { continue }
            self = state
            return
        }
        return nil
    }

    /// The class: `28` for everything about who may come in.
    var kind: String { String(code.prefix(2)) }

    var description: String { code }
}
