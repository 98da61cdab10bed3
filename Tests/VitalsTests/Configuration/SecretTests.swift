// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("What must not be seen")
struct SecretTests {
    private struct Holder { let secret: Secret }

    @Test("a secret prints itself nowhere")
    func neverPrints() {
        let secret = Secret("CANARY-17")
        let holder = Holder(secret: secret)
        var dumped = ""
        dump(holder, to: &dumped)
        dump(secret, to: &dumped)

        let texts = [
            secret.description, secret.debugDescription, "\(secret)", "\(holder)", "\([secret])",
            "\(Optional(secret) as Any)", String(reflecting: holder), String(describing: secret), dumped,
            "\(Mirror(reflecting: secret).children.map { "\($0)" })",
            "\(Result<Secret, Never>.success(secret))",
            "\(Mirror(reflecting: holder).children.map { "\($0.value)" })",
        ]

        for text in texts { #expect(text.firstRange(of: "CANARY") == nil, "\(text)") }
        #expect("\(secret)" == "***")
        #expect(secret.reveal { $0 } == "CANARY-17")
        #expect(secret == Secret("CANARY-17") && secret != Secret("other"))
    }

    private static let masks: [(text: String, shown: String)] = [
        ("postgresql://u:pw@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p@w@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p/w@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("redis://:pw@h:6379/0", "redis://:***@h:6379/0"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("postgresql://u:${PGPASSWORD}@h/d", "postgresql://u:${PGPASSWORD}@h/d"),
        ("postgresql://u:x${A}@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:${A}${B}@h/d", "postgresql://u:***@h/d"),
        ("postgresql://h/d?user=u&password=pw&x=1", "postgresql://h/d?user=u&password=***&x=1"),
        ("host=h password=pw user=u", "host=h password=*** user=u"),
        ("password = 'p \\' w' host=h", "password = *** host=h"),
        ("host=h password=pw", "host=h password=***"),
        ("host=h sslpassword=pw password=", "host=h sslpassword=*** password="),
        ("https://h:8443/users/@me", "https://h:8443/users/@me"),
        ("https://u:pw@h:8443/a?b=c@d", "https://u:***@h:8443/a?b=c@d"),
        ("https://h/a?access_token=pw&n=1&api-key=k#x", "https://h/a?access_token=***&n=1&api-key=***#x"),
        ("unix:/run/a.sock:/p?token=pw", "unix:/run/a.sock:/p?token=***"),
        ("https://h/a?token=${TOKEN}&author=me", "https://h/a?token=${TOKEN}&author=me"),
        ("what?token=x", "what?token=x"),
        ("passwordless=yes", "passwordless=yes"),
        ("SELECT 1", "SELECT 1"), ("", ""), ("://", "://"), ("a://:@", "a://:@"),
        ("postgresql://u:***@h/d", "postgresql://u:***@h/d"),
    ]

    @Test(
        "passwords in texts are masked, references are not, and masking twice changes nothing",
        arguments: masks)
    func hides(_ example: (text: String, shown: String)) {
        #expect(SecretMask.mask(example.text) == example.shown)
        #expect(SecretMask.mask(example.shown) == example.shown)
        #expect(SecretMask.hidesSomething(in: example.text) == (example.text != example.shown))
    }

    @Test("headers that carry credentials are masked whole")
    func headers() {
        for name in [
            "Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "api_key",
        ] {
            #expect(SecretMask.mask(header: name, "CANARY") == "***")
        }
        #expect(SecretMask.mask(header: "Authorization", "Bearer ${TOKEN}") == "Bearer ${TOKEN}")
        for text in ["Bearer CAN$ARY", "${SCHEME} CANARY", "CANARY${TOKEN}", "Bearer CANARY ${TOKEN}"] {
            #expect(SecretMask.mask(header: "Authorization", text) == "***", "\(text)")
        }
        #expect(SecretMask.mask(header: "Accept", "text/plain") == "text/plain")
        #expect(SecretMask.mask(header: "Keyboard", "qwerty") == "qwerty")
    }

    @Test("a quoted text is one short line")
    func quotes() {
        #expect(Quotation.quote("a\"b\n\u{202E}\u{7}") == #""a\"b\n\u{202e}\u{7}""#)
        #expect(Quotation.quote(String(repeating: "é", count: 500)).unicodeScalars.count == 83)
        #expect(Quotation.quote("") == "\"\"")
    }
}
