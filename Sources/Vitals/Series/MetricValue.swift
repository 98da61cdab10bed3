// SPDX-License-Identifier: Apache-2.0

/// A sample's value, kept in the kernel's own unit so that writing it is integer work.
package enum MetricValue: Sendable, Hashable {
    /// A whole number.
    case integer(Int64)
    /// Millionths: 1_500_000 is written 1.5. The kernel counts CPU and PSI time in µs.
    case micros(Int64)
    /// Thousand-millionths, for clocks.
    case nanos(Int64)
    /// Anything else; `NaN`, `+Inf` and `-Inf` are written as Prometheus wants them.
    case double(Double)

    /// The value as a floating-point number.
    package var number: Double {
        switch self {
        case .integer(let n): Double(n)
        case .micros(let n): Double(n) / 1e6
        case .nanos(let n): Double(n) / 1e9
        case .double(let d): d
        }
    }
}
