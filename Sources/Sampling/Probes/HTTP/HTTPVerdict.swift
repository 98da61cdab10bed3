// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// Judges an answer by what the configuration expects.
enum HTTPVerdict {
    /// Everything that is not as it should be, in the order in which it is looked at.
    static func findings(
        _ answer: HTTPAnswer, _ plan: HTTPPlan, patternFound: Bool?, took duration: Duration
    ) -> [Finding] {
        var findings: [Finding] = []
        let expect = plan.expect
        if !expect.status.contains(answer.status) {
            let isWarning = expect.warnStatus.contains(answer.status)
            findings.append(
                Finding(
                    isWarning ? .warn : .fail, "http.status",
                    "answered \(answer.status), wanted \(expect.status.text)"))
        }
        if expect.needsBody { findings += body(answer, plan, patternFound) }
        if let limit = plan.failLatency, duration >= limit {
            findings.append(latency(.fail, duration, limit))
        } else if let limit = plan.warnLatency, duration >= limit {
            findings.append(latency(.warn, duration, limit))
        }
        // What is certainly wrong comes first: an outcome that is not known would hide it.
        return findings.contains { $0.outcome == .fail }
            ? findings.filter { $0.outcome != .unknown } : findings
    }

    private static func latency(_ outcome: Outcome, _ duration: Duration, _ limit: Duration) -> Finding {
        Finding(
            outcome, "slow",
            "took \(milliseconds(duration)), the limit is \(DurationText.render(limit))")
    }

    private static func body(_ answer: HTTPAnswer, _ plan: HTTPPlan, _ patternFound: Bool?) -> [Finding] {
        let body = answer.body
        if body.coding == .foreign {
            return [
                Finding(
                    .fail, "http.encoding",
                    "the body is packed in a way that vitald does not read, though it asked for none")
            ]
        }
        if body.isBroken {
            return [Finding(.fail, "http.encoding", "the body is not packed as its Content-Encoding says")]
        }
        var findings: [Finding] = []
        let seen = body.isTruncated ? "the first 64 KiB of the body" : "the body"
        if let needle = plan.expect.bodyContains, !ByteSearch.holds(needle, in: body.bytes) {
            findings.append(Finding(.fail, "http.body", "\(seen) does not contain the expected text"))
        }
        switch patternFound {
        case false?:
            findings.append(Finding(.fail, "http.body", "\(seen) does not match the expected pattern"))
        case nil where plan.expect.bodyMatches != nil:
            findings.append(
                Finding(
                    .unknown, "inconclusive.resources",
                    "there is no memory to look for the expected pattern in \(seen)"))
        case true?, nil: break
        }
        if !plan.expect.json.isEmpty { findings += json(body, plan) }
        return findings
    }

    private static func json(_ body: BodyReader, _ plan: HTTPPlan) -> [Finding] {
        if body.isTruncated {
            return [Finding(.fail, "http.json", "the body is longer than the 64 KiB in which JSON is read")]
        }
        let document: JSONDocument
        do throws(JSONFault) { document = try JSONDocument(parsing: body.bytes) } catch {
            return [
                Finding(
                    .fail, "http.json",
                    body.bytes.isEmpty
                        ? "the body is empty, wanted JSON"
                        : "the body is not JSON (line \(error.line), column \(error.column))")
            ]
        }
        return plan.expect.json.compactMap { wanted in
            let place = wanted.pointer.text.isEmpty ? "the body" : wanted.pointer.text
            let want = shown(wanted.value, plan) ?? "another value"
            guard let found = wanted.pointer.value(in: document.root) else {
                return Finding(.fail, "http.json", "the body has no \(place), wanted \(want)")
            }
            if found.means(wanted.value) { return nil }
            let have = shown(found, plan) ?? found.kind.phrase
            return Finding(.fail, "http.json", "\(place) is \(have), wanted \(want)")
        }
    }

    /// A short value as it stands; nil for long ones and for those that hold a secret of the request, which some
    /// servers echo.
    private static func shown(_ value: JSONValue, _ plan: HTTPPlan) -> String? {
        let text = String(decoding: value.source, as: UTF8.self)
        return text.utf8.count <= 64 && !plan.request.discloses(text) ? text : nil
    }

    /// `12 ms`, for sentences.
    static func milliseconds(_ duration: Duration) -> String {
        let tenths = Int64((duration.milliseconds * 10).rounded())
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) ms" : "\((tenths + 5) / 10) ms"
    }
}
