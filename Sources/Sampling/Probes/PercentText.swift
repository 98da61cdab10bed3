// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Percentages for sentences: at most one decimal, `63%`, `63.2%`.
enum PercentText {
    /// The number rounded to tenths, as facts and sentences show it.
    static func tenths(_ percent: Double) -> Double {
        let tenths = (percent * 10).rounded() / 10
        return tenths.isFinite ? tenths : percent
    }

    /// The number rounded to hundredths.
    static func hundredths(_ number: Double) -> Double {
        let hundredths = (number * 100).rounded() / 100
        return hundredths.isFinite ? hundredths : number
    }

    /// The text with its sign.
    static func render(_ percent: Double) -> String {
        var bytes: [UInt8] = []
        NumberText.append(.double(tenths(percent)), to: &bytes)
        return String(decoding: bytes, as: UTF8.self) + "%"
    }

    /// Like `render`, but never looks as if `percent` stood on the other side of `threshold`: 9.97 below 10
    /// is `9.97%`, not `10%`.
    static func render(_ percent: Double, against threshold: Double) -> String {
        guard percent != threshold, tenths(percent) == tenths(threshold) else { return render(percent) }
        var bytes: [UInt8] = []
        NumberText.append(.double((percent * 1000).rounded() / 1000), to: &bytes)
        return String(decoding: bytes, as: UTF8.self) + "%"
    }
}
