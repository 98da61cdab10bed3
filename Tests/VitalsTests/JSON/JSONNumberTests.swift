// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("JSON: numbers and strings")
struct JSONNumberTests {
    private func value(_ text: String) throws -> JSONValue {
        try JSONDocument(parsing: Array(text.utf8)).root
    }

    @Test("whole numbers are exact up to both ends of Int64, and none beyond")
    func integers() throws {
        #expect(try value("9223372036854775807").integer == .max)
        #expect(try value("-9223372036854775808").integer == .min)
        #expect(try value("9223372036854775808").integer == nil)
        #expect(try value("-9223372036854775809").integer == nil)
        #expect(try value("18446744073709551616").integer == nil)
        #expect(try value("9007199254740993").integer == 9_007_199_254_740_993)
        #expect(try value("0").integer == 0)
        #expect(try value("1.0").integer == nil)
        #expect(try value("1e2").integer == nil)
        #expect(try value("\"1\"").integer == nil)
    }

    @Test("numbers beyond Double have no value, numbers below it are zero, and -0 keeps its sign")
    func edges() throws {
        #expect(try value("1e400").double == nil)
        #expect(try value("-1e400").double == nil)
        #expect(try value("1e-400").double == 0)
        #expect(try value("-0").double?.sign == .minus)
        #expect(try value("-0").integer == 0)
        #expect(try value("-0.0").double?.sign == .minus)
        #expect(try value("1.7976931348623157e308").double == .greatestFiniteMagnitude)
        #expect(try value("4.9e-324").double == .leastNonzeroMagnitude)
        #expect(try value("9223372036854775808").double == 9_223_372_036_854_775_808)
        #expect(try value("0.1").double == 0.1)
        #expect(try value("true").double == nil)
    }

    @Test("escapes become their characters, pairs of surrogates one")
    func escapes() throws {
        #expect(try value(#""\"\\\/\b\f\n\r\t""#).string == "\"\\/\u{8}\u{C}\n\r\t")
        #expect(try value(#""\ud83d\ude00\u00e9\u0000\uFFFF""#).string == "\u{1F600}\u{E9}\u{0}\u{FFFF}")
        #expect(try value(#""a\uDBFF\uDFFFb""#).string == "a\u{10FFFF}b")
    }

    @Test("a key is found however it is spelled, and only byte for byte")
    func keys() throws {
        let root = try value(#"{"m\u0065thod":1,"é":2,"list":[3,{"x":4},[]],"last":null}"#)

        #expect(root["method"]?.integer == 1)
        #expect(root["list"]?.elements.count == 3)
        #expect(root["list"]?.elements[1]["x"]?.integer == 4)
        #expect(root["last"]?.isNull == true)
        #expect(root["lost"] == nil)
        #expect(root["Method"] == nil)
        #expect(try value("\"\u{212A}\"").isString("K") == false)  // the Kelvin sign only looks like one
        #expect(root["list"]?["x"] == nil)
    }

    @Test("every node knows its line and column")
    func places() throws {
        let root = try value("{\n  \"a\": [1,\n    \"x\"]\n}")
        let x = try #require(root["a"]?.elements.last)

        #expect(x.place == (3, 5))
        #expect(root.place == (1, 1))
        #expect(root.members.first?.key.place ?? (0, 0) == (2, 3))
        #expect(String(decoding: x.source, as: UTF8.self) == "\"x\"")
    }
}
