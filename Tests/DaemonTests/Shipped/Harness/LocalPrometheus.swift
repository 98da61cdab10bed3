// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

/// A real Prometheus on a port that the kernel chose.
struct LocalPrometheus: Sendable {
    let program: Program
    let port: UInt16
    let directory: TestDirectory

    /// Starts it with these jobs, in YAML as below `scrape_configs`.
    init(_ jobs: String) async throws {
        let directory = try TestDirectory()
        self.directory = directory
        let file = try directory.write(
            "prometheus.yml",
            "global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n" + jobs)
        let log = directory.path + "/prometheus.log"
        program = try Program(
            [
                "prometheus", "--config.file=\(file)", "--storage.tsdb.path=\(directory.path)/data",
                "--web.listen-address=127.0.0.1:0",
            ], output: log, errors: log)
        // It tells its port in its log, and nowhere else.
        port = try await Wait.value("Prometheus to listen; \(directory.read("prometheus.log"))") {
            let text = directory.read("prometheus.log")
            return text.firstMatch(of: /msg="Listening on" address=127\.0\.0\.1:(\d+)/).flatMap {
                UInt16($0.1)
            }
        }
    }

    /// What it answers to a query; nil where it does not.
    func results(of query: String) async throws -> [JSONValue]? {
        guard
            let page = try? await Wait.apart({ [port] in
                try Wire.getSimply(.port(port), "/api/v1/query?query=\(query)")
            }), page.status == 200
        else { return nil }
        return try page.json()["data"]?["result"]?.elements ?? []
    }

    /// Why it could not scrape, by job.
    func lastErrors() async throws -> [String: String] {
        let page = try await Wait.apart { [port] in try Wire.getSimply(.port(port), "/api/v1/targets") }
        let targets = try page.json()["data"]?["activeTargets"]?.elements ?? []
        return Dictionary(
            targets.map { ($0["scrapePool"]?.string ?? "", $0["lastError"]?.string ?? "") },
            uniquingKeysWith: { a, _ in a })
    }

    /// Ends it.
    func stop() async throws { try await program.stop() }
}
