// SPDX-License-Identifier: Apache-2.0

import Outbound
package import Vitals

/// The kind `http`: one request, and what its answer has to be.
///
/// ```json
/// { "name": "external_api", "type": "http", "url": "https://api.example.com/health",
///   "expect": { "status": ["200-299"], "warnStatus": ["300-499"], "bodyContains": "ok" },
///   "warnLatency": "1s", "tls": { "warnExpiry": "14d", "failExpiry": "3d" } }
/// ```
package struct HTTPCheck: ProbeKind {
    /// The word in the configuration.
    package static let type = "http"

    /// Redirects followed at most, within one origin.
    static let redirectLimit = 3
    private static let latencyRange = Duration.milliseconds(1)...Duration.seconds(3600)

    /// What the URL says; nil only after a fault.
    let place: HTTPTarget?
    let method: HTTPRequestMethod
    let headers: HTTPHeaderList
    let body: [UInt8]
    let expect: HTTPExpectations
    let followRedirects: Int
    let warnLatency: Duration?
    let failLatency: Duration?
    /// nil where the URL has no TLS.
    let tls: TLSKeys?

    /// The server that is asked.
    package let target: ShownTarget

    /// Reads the keys of this kind.
    package init(reading object: inout ConfigurationObject) {
        place = Self.readURL(&object)
        target = place?.target ?? ShownTarget(words: "")
        method = object.choice("method", default: HTTPRequestMethod.get)
        headers = HTTPHeaderList(reading: &object)
        let text = object.maskedString("body") { $0.isEmpty ? "" : ShownURL.stars }
        body = Array((text ?? "").utf8)
        expect = object.object("expect") { HTTPExpectations(reading: &$0) }
        followRedirects = object.integer("followRedirects", default: 0, in: 0...Self.redirectLimit)
        warnLatency = object.optionalDuration("warnLatency", in: Self.latencyRange)
        failLatency = object.optionalDuration("failLatency", in: Self.latencyRange)
        tls =
            place?.usesTLS == true || object.has("tls")
            ? object.object("tls") { TLSKeys(reading: &$0) } : nil
        refuseContradictions(&object)
    }

    private static func readURL(_ object: inout ConfigurationObject) -> HTTPTarget? {
        guard object.has("url") else {
            return
                (try? HTTPTarget(
                    parsing: object.requiredString("url", example: "http://localhost:8080/health")))
        }
        guard let (written, url) = object.concealedString("url", inserting: ReferenceInsertion.web) else {
            return nil
        }
        object.show("url") { $0.string(ShownURL.text(written)) }
        object.remember(hidden: url, of: "url")
        do throws(HTTPTarget.Fault) {
            let place = try HTTPTarget(parsing: url)
            object.identify("url", by: HTTPTarget.identity(of: url))
            if HTTPTarget.holdsPassword(written) {
                object.reading.warn(
                    object.path(of: "url")
                        + ": a password inside a URL works, but everybody who can read the file can read it. "
                        + "Write \"${NAME}\" and set NAME for vitald, or put the header Authorization into "
                        + "`headerFiles`.")
            }
            return place
        } catch {
            object.fault("url", error.fact, remedy: error.remedy)
            return nil
        }
    }

    private func refuseContradictions(_ object: inout ConfigurationObject) {
        if object.has("tls"), let place, !place.usesTLS {
            object.fault(
                "tls", "is set, but the URL is without TLS",
                remedy: "Write https:// in `url`, or remove `tls`.")
        }
        if !body.isEmpty, !method.takesBody {
            object.fault(
                "body", "a \(method.rawValue) request has no body",
                remedy: "Write for example \"method\": \"POST\", or remove `body`.")
        }
        if body.count > BodyReader.bound {
            object.fault("body", "is longer than 64 KiB", remedy: "Shorten it.")
        }
        if method == .head, expect.needsBody {
            object.fault(
                "expect", "the answer to HEAD has no body to look at", remedy: "Write \"method\": \"GET\".")
        }
        if place?.basicCredentials != nil, headers.has("authorization") {
            object.fault(
                "url", "holds a user beside a header Authorization", remedy: "Keep one of the two.")
        }
        if let warnLatency, let failLatency, failLatency <= warnLatency {
            object.fault(
                "failLatency", "is not longer than `warnLatency`",
                remedy: "Raise it, or remove one of the two.")
        }
    }

    /// What the answer has to be, and nothing of what is asked.
    package static var judgementKeys: Set<String> { ["expect"] }

    /// Makes the probe; opens nothing yet.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        guard let place else { return UnusableProbe() }
        return HTTPProbe(HTTPPlan(self, place), context, interval: definition.interval)
    }
}
