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
        ("postgresql://u:pw@h/d", "postgresql://***:***@h/d"),
        ("postgresql://u:p@w@h/d", "postgresql://***:***@h/d"),
        ("postgresql://u:p/w@h/d", "postgresql://***:***@h/d"),
        ("postgresql://u@h/d", "postgresql://***@h/d"),
        ("postgresql+psycopg://u@h:1,[::1]:2/d", "postgresql+psycopg://***@h:1,[::1]:2/d"),
        ("postgresql://u@%2Frun%2Fpg:5432/d", "postgresql://***@%2Frun%2Fpg:5432/d"),
        ("postgresql://u:1/w@h/d", "postgresql://***:***@h/d"),
        ("postgresql://u:pw/d", "postgresql://***/d"),
        ("postgresql://h/d/e", "postgresql://h/***"),
        ("redis://:pw@h:6379/0", "redis://:***@h:6379/0"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("unix://:pw@/run/redis.sock?db=1", "unix://:***@/run/redis.sock?db=1"),
        ("unix:///run/redis.sock?db=1&x=pw", "unix:///run/redis.sock?***"),
        ("postgresql://u:${PGPASSWORD}@h/d", "postgresql://***:${PGPASSWORD}@h/d"),
        ("postgresql://${U}:${P}@${H}:${PORT}/${D}?${Q}", "postgresql://${U}:${P}@${H}:${PORT}/${D}?***"),
        ("postgresql://u:x${A}@h/d", "postgresql://***:***@h/d"),
        ("postgresql://u:${s3cret!}@h/d", "postgresql://***:***@h/d"),
        ("postgresql://h/d?user=u&password=pw&x=1", "postgresql://h/d?***"),
        ("postgresql://h/d?options=-c%20a=pw", "postgresql://h/d?***"),
        ("host=h password=pw user=u", "host=h password=*** user=u"),
        ("host=h;Password=p;w", "host=h;Password=***"),
        ("password = 'p \\' w' host=h", "password = *** host=h"),
        ("host=h password=pw", "host=h password=***"),
        ("host=h sslpassword=pw password=", "host=h sslpassword=*** password="),
        ("https://h", "https://h"), ("https://h/", "https://h/"), ("https://[::1]:8/", "https://[::1]:8/"),
        // Behind an `@` in path, query or fragment the host may stand, and a part of the password before it.
        ("https://h:8443/users/@me", "https://***/***"),
        ("https://u:pw@h:8443/a?b=c@d", "https://***:***@***/***?***"),
        ("https://admin:8080/abc@h/x", "https://***/***"), ("https://u:12345#x@h", "https://***#***"),
        ("https://u:12?x@h:1/", "https://***?***"), ("redis://:1234?5@h", "redis://***?***"),
        ("redis://:1234/5?6@h", "redis://***/***?***"),
        ("postgresql://s3cret?x@db/agno", "postgresql://***?***"),
        ("postgresql://u:1/pw?x@db/agno", "postgresql://***/***?***"),
        ("postgresql://u:p@w?x@db/agno", "postgresql://***:***@***?***"),
        ("unix:///s3cret?x@/run/redis.sock", "unix://***?***"),
        ("https://hooks.example.com/services/T0/B0/x", "https://hooks.example.com/***"),
        ("https://h/?pwd=x", "https://h/?***"), ("https://h?code=x", "https://h?***"),
        ("https://h/a?t%6Fken=x#y", "https://h/***?***#***"), ("https://h#y", "https://h#***"),
        ("https://h/${PATH}", "https://h/${PATH}"), ("https://h/${PATH}x", "https://h/***"),
        ("https://u:p w@h/", "https://***:***@h/"),
        ("unix:/run/a.sock:/p?token=pw", "unix:/run/a.sock:/***?***"),
        ("unix:/run/a.sock", "unix:/run/a.sock"),
        ("jdbc:postgresql://h/d?password=pw", "jdbc:postgresql://h/d?***"),
        ("jdbc:sqlserver://h:1;password=p w", "jdbc:sqlserver://***"),
        ("${SCHEME}://u:pw@h/x", "${SCHEME}://***:***@h/***"), ("${URL}", "${URL}"),
        ("see https://u:pw@h/x, or \"amqp://v:pw@i\"", "see https://***:***@h/*** or \"amqp://***:***@i\""),
        ("what?token=x", "what?token=x"),
        ("passwordless=yes", "passwordless=yes"),
        ("SELECT 1", "SELECT 1"), ("", ""), ("://", "***"), ("a://:@", "a://:@"),
        ("postgresql://***:***@h/d", "postgresql://***:***@h/d"),
    ]

    @Test(
        "of a URL only its place is shown, references are, and what is shown is shown so again",
        arguments: masks)
    func hides(_ example: (text: String, shown: String)) {
        #expect(SecretMask.mask(example.text) == example.shown)
        #expect(SecretMask.mask(example.shown) == example.shown)
    }

    @Test("what is a credential by its form is known, under every name")
    func credentials() {
        for text in [
            "https://u@h/", "postgresql://u:pw@h/d", "see redis://:pw@h", "password=x", "host=h passwd=x",
            "https://h/?pwd=x", "https://h/?pass=x", "https://h/?jwt=x", "https://h/?code=x",
            "https://h/?accessToken=x", "https://h/?a=1&X-Amz-Signature=x", "https://h/?t%6Fken=x",
            "https://h/?api_key=x", "https://h/?client-secret=x", "https://h/#access_token=x",
            "https://h/?a=1#b?token=x", "https://u:pa/ss@h/x", "https://u:pa#ss@h/", "https://u:p w@h/",
        ] {
            #expect(SecretMask.holdsCredential(text), "\(text)")
        }
        for text in [
            "", "https://wiki.example.com/page?pageId=7&author=me", "https://h/@scope", "a word",
            "https://h:8443/@scope", "https://[::1]:8443/@scope", "https://h/page#part",
            "https://${WHO}:${PW}@h/", "postgresql://***:***@h/d", "password=${PW}", "passwordless=yes",
        ] {
            #expect(!SecretMask.holdsCredential(text), "\(text)")
        }
    }

    @Test("a target is made of parts, and shows none that it cannot be made of")
    func targets() {
        let examples: [(ShownTarget, String)] = [
            (ShownTarget(place: "h:1", database: "d"), "h:1/d"),
            (ShownTarget(scheme: "https", place: "h:8443"), "https://h:8443"),
            (ShownTarget(scheme: "unix", place: "/run/a.sock"), "unix:/run/a.sock"),
            (ShownTarget(place: "/run/pg:5432", database: "d"), "/run/pg:5432/d"),
            (ShownTarget(place: "u:pw@h:1"), "***"), (ShownTarget(place: "https://h/x"), "***"),
            (ShownTarget(place: "h:1", database: "d?password=x"), "h:1/***"),
            (ShownTarget(names: ["agno@1.service", "/system.slice/a"]), "agno@1.service /system.slice/a"),
            (ShownTarget(names: ["redis://:pw@h", "password=x", "u:pw@h", "a b"]), "*** *** *** ***"),
            (ShownTarget(path: "/mnt/my disk"), "/mnt/my disk"), (ShownTarget(path: "pw"), "***"),
            (ShownTarget(path: "/x://y"), "***"),
        ]
        for (target, text) in examples { #expect(target.description == text) }
    }

    @Test("headers that carry credentials are masked whole")
    func headers() {
        for name in [
            "Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "api_key", "X-JWT",
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

    @Test("a value is quoted where it is short and of one piece, and only then")
    func quotes() {
        #expect(Quotation.quote("a\"b\u{7}é") == #""a\"b\u{7}é""#)
        #expect(Quotation.quote("") == "\"\"")
        #expect(Quotation.quote(String(repeating: "a", count: 64)).utf8.count == 66)
        for text in [
            String(repeating: "a", count: 65), "a b", "a\tb", "a\nb", "a\u{A0}b", "a@b", "a=b", "://",
            "https://h", "unix:/run/a:/x", "${CAN!}", "Authorization: x", "-----BEGIN PRIVATE KEY-----",
        ] {
            #expect(Quotation.quote(text) == "the value", "\(text)")
            #expect(Quotation.quote(text, else: "it") == "it")
        }
    }

    @Test("a path is quoted where it or its directory exists")
    func quotesPaths() {
        let exists: (String) -> Bool = { ["/", "/etc", "/etc/my file"].contains($0) }

        #expect(Quotation.quote(path: "/etc/none", exists: exists) == #""/etc/none""#)
        #expect(Quotation.quote(path: "/etc/my file", exists: exists) == #""/etc/my file""#)
        for path in ["s3cret", "/s3cret", "/no/such", "", "etc/none", "/etc/none/below", "-----BEGIN"] {
            #expect(Quotation.quote(path: path, exists: exists) == "the file", "\(path)")
            #expect(Quotation.bare(path: path, else: "it", exists: exists) == "it", "\(path)")
        }
    }

    @Test("a path at the head of a sentence has no quotes, unless it needs them; a relative one has to exist")
    func barePaths() {
        let exists: (String) -> Bool = { ["conf", "conf/a.json", "/etc", "/etc/a\nb"].contains($0) }

        #expect(Quotation.bare(path: "/etc/a.json", else: "it", exists: exists) == "/etc/a.json")
        #expect(Quotation.bare(path: "/etc/a\nb", else: "it", exists: exists) == #""/etc/a\nb""#)
        #expect(Quotation.bare(path: "conf/a.json", else: "it", exists: exists) == "conf/a.json")
        #expect(Quotation.bare(path: "conf/b.json", else: "it", exists: exists) == "it")
        #expect(Quotation.quote(path: "conf/a.json", exists: exists) == #""conf/a.json""#)
    }

    @Test("blanks at the ends go, those between stay")
    func trims() {
        #expect(Quotation.trimmed(" a b\n") == "a b")
        #expect(Quotation.trimmed("\u{A0}") == "")
        #expect(Quotation.trimmed("a") == "a")
    }
}
