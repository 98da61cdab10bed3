// SPDX-License-Identifier: Apache-2.0

import Sampling
import Vitals

/// Reads a configuration: the bytes of a file (or none), what flags and environment say, the kinds of checks.
///
/// Pure but for what `surroundings` does (environment, secrets' files). Finds all faults at once.
struct ConfigurationReader {
    /// What flags and environment say; it beats the file.
    struct Overrides: Sendable, Equatable {
        /// `--http`, where given.
        var http: [ListenAddress] = []
        /// `--socket` or `$VITALD_SOCKET`, where given.
        var socketPath: String?
        /// Where the socket is when nobody says so.
        var usualSocketPath = SocketPlace.system
        /// `--instance`, where given: the agent beside which this vitald lives alone.
        var instance: InstanceName?
    }

    /// Every kind of check there is, in the order of the manual.
    let kinds: [any CheckKind.Type]
    /// Environment and secrets' files.
    let surroundings: ConfigurationSurroundings
    /// What beats the file.
    var overrides = Overrides()
    /// What this machine calls itself.
    var hostNames: [String] = []

    /// What is watched where nobody says what: the machine's root filesystem and its memory.
    private static let builtInChecks = #"""
        {"checks":[
          {"name":"file_system","type":"filesystem","path":"/"},
          {"name":"capacity","type":"memory","of":"host"}
        ]}
        """#

    /// The configuration of these bytes; none or only blanks are the built-in default.
    func read(_ bytes: [UInt8]?) throws(ConfigurationRefusal) -> Configuration {
        let reading = ConfigurationReading(surroundings: surroundings)
        let root = try document(bytes ?? [], reading)?.root
        var top = ConfigurationObject(root, path: "", reading: reading)
        let configuration = configuration(&top)
        guard reading.faults.isEmpty else {
            throw ConfigurationRefusal(reading.faults, unlisted: reading.unlisted)
        }
        return configuration
    }

    private func document(_ bytes: [UInt8], _ reading: ConfigurationReading)
        throws(ConfigurationRefusal) -> JSONDocument?
    {
        guard bytes.contains(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else { return nil }
        var duplicates: [JSONFault] = []
        let document: JSONDocument
        do throws(JSONFault) {
            document = try JSONDocument(parsing: bytes, collecting: &duplicates)
        } catch {
            throw ConfigurationRefusal([ConfigurationFault(error)])
        }
        for fault in duplicates { reading.add(ConfigurationFault(fault)) }
        return document
    }

    private func configuration(_ top: inout ConfigurationObject) -> Configuration {
        top.refuseReserved(ReservedNames.top)
        let agent = agent(&top)
        let name = name(&top)
        let labels = labels(&top)
        // One port is for one of them: beside an agent only the socket is served unless somebody chooses a port.
        let http = HTTPReader(
            overrides: overrides.http, usual: agent == nil ? HTTPReader.usual : [], hostNames: hostNames
        ).read(&top)
        let socket = socket(&top)
        let host = top.object("host") {
            Configuration.Host(enabled: $0.boolean("enabled", default: agent == nil))
        }
        let containers = containers(&top, agent)
        let defaults = defaults(&top)
        let checks = checks(&top, defaults, agent)
        let journal = JournalSection(agentUnit: agent?.unit, checks: checks).read(&top)
        let section = top.effective.last.flatMap { try? JSONDocument(parsing: $0.json) }
        top.finish()
        return Configuration(
            name: name, agent: agent, labels: labels, http: http, socket: socket, host: host,
            containers: containers, defaults: defaults,
            checks: checks.map { check in section.map { check.completed(by: $0.root) } ?? check },
            journal: journal,
            warnings: top.reading.warnings,
            effectiveJSON: top.effectiveJSON)
    }

    /// The longest name and the most and longest labels, as pushed series have them too.
    private static let maximumName = 128
    private static let maximumLabels = 16
    private static let maximumLabelValue = 256

    private func name(_ top: inout ConfigurationObject) -> String {
        let name = top.string("name", default: overrides.instance?.description ?? "vitald")
        let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        // A reference that stands for nothing has been named already.
        if name.isEmpty, top.raw("name")?.string?.isEmpty == false { return name }
        if name.isEmpty || !isPlain || name.utf8.count > ConfigurationReader.maximumName {
            top.fault(
                "name", "\(top.quote(name)) is not a valid name",
                remedy: "Write 1 to \(ConfigurationReader.maximumName) bytes without control characters.")
        } else if SecretMask.mask(name) != name || SecretMask.holdsCredential(name) {
            top.fault(
                "name", "holds a URL or a password, and a name is shown to everybody",
                remedy: "Write a word for what is watched, for example \"agno-data-api\".")
        }
        return name
    }

    private func labels(_ top: inout ConfigurationObject) -> [Configuration.Label] {
        let names = (top.raw("labels")?.members ?? []).compactMap(\.key.string).filter { $0 != "//" }
        let labels = top.namedStrings("labels")
        for name in names where !LabelName.isAcceptable(name) {
            top.fault(
                "labels",
                "\(Quotation.mayQuote(key: name) ? top.quote(name) : "a name") is not a valid label name",
                remedy: "Use letters, digits and \"_\", no digit first, not \"__\" first, at most 128.")
        }
        if labels.count > ConfigurationReader.maximumLabels {
            top.fault(
                "labels", "\(labels.count) labels are too many",
                remedy: "Keep \(ConfigurationReader.maximumLabels) of them.")
        }
        for label in labels where label.value.utf8.count > ConfigurationReader.maximumLabelValue {
            top.fault(
                "labels", "the value of \(top.quote(label.name, else: "a label")) is too long",
                remedy: "Shorten it to \(ConfigurationReader.maximumLabelValue) bytes.")
        }
        for label in labels where SecretMask.holdsCredential(label.value) {
            top.fault(
                "labels",
                "the value of \(top.quote(label.name, else: "a label")) holds a password, and labels are shown to "
                    + "everybody", remedy: "Remove the password.")
        }
        return labels.map { Configuration.Label(name: $0.name, value: $0.value) }
    }

    private func socket(_ top: inout ConfigurationObject) -> Configuration.Socket {
        top.object("socket") { object in
            object.refuseReserved(ReservedNames.socket)
            let usual = overrides.socketPath ?? overrides.usualSocketPath
            var path = object.string("path", default: usual)
            let isChosen = object.has("path") || overrides.socketPath != nil
            if object.has("path"), let problem = SocketPlace.problem(with: path) {
                object.fault("path", "\(object.quote(path)) \(problem.fact)", remedy: problem.remedy)
            }
            if let override = overrides.socketPath {
                path = override
                object.replace("path") { $0.string(override) }
                if let problem = SocketPlace.problem(with: path) {
                    object.reading.add(
                        ConfigurationFault(
                            path: "--socket", line: nil, fact: "\(Quotation.quote(path)) \(problem.fact)",
                            remedy: problem.remedy))
                }
            }
            let mode = socketMode(&object)
            let group = object.string("group", default: "vitald")
            let isWord = group.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }
            if group.isEmpty || !isWord || group.utf8.count > 32 {
                object.fault(
                    "group", "\(object.quote(group)) is not a valid group name",
                    remedy: "Write a group of this machine, for example \"vitald\".")
            }
            return Configuration.Socket(path: path, mode: mode, group: group, isChosen: isChosen)
        }
    }

    private func socketMode(_ object: inout ConfigurationObject) -> UInt16 {
        let text = object.string("mode", default: "0660")
        guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x37 }),
            let mode = UInt16(text, radix: 8), mode <= 0o777, mode & 0o600 == 0o600
        else {
            object.fault(
                "mode", "\(object.quote(text)) is not a valid mode for a socket",
                remedy: "Write octal digits that let the owner read and write, for example \"0660\".")
            return 0o660
        }
        if mode & 0o002 != 0 {
            object.reading.warn("socket.mode: everybody on this machine may ask and push (mode \(text)).")
        }
        return mode
    }

    private func containers(_ top: inout ConfigurationObject, _ agent: Configuration.Agent?)
        -> Configuration.Containers
    {
        top.object("containers") { object in
            let include = patterns(&object, "include", default: agent?.patterns ?? ["*"])
            let exclude = patterns(&object, "exclude", default: [])
            let units = patterns(&object, "systemdUnits", default: ["*.service"])
            // Each container keeps some ten descriptors open; 10,000 is what a large machine can give.
            let limit = object.integer("limit", default: 1000, in: 1...10_000)
            // A full container with two disks has some ninety; 1,000,000 are a page of 200 MB.
            let seriesLimit = object.integer("seriesLimit", default: 100_000, in: 1...1_000_000)
            return Configuration.Containers(
                include: include, exclude: exclude, systemdUnits: units, limit: limit,
                seriesLimit: seriesLimit,
                fileDescriptors: object.boolean("fileDescriptors", default: false),
                sockets: object.boolean("sockets", default: false),
                filesystem: object.boolean("filesystem", default: false))
        }
    }

    private func patterns(
        _ object: inout ConfigurationObject, _ key: StaticString, default fallback: [String]
    ) -> [String] {
        let patterns = object.strings(key, default: fallback)
        for pattern in patterns where pattern.isEmpty || pattern == "!" {
            object.fault(
                "\(key)", "holds an empty pattern", remedy: "Remove it, or write \"*\" for everything.")
        }
        _ = object.refuseOddPatterns(patterns, "\(key)")
        return patterns
    }

    private func defaults(_ top: inout ConfigurationObject) -> CheckDefaults {
        top.object("defaults") { object in
            var defaults = CheckDefaults()
            defaults.interval = object.duration(
                "interval", default: defaults.interval, in: CheckRanges.interval)
            let fallback = defaults.timeout(within: defaults.interval)
            defaults.timeout = object.duration("timeout", default: fallback, in: CheckRanges.timeout)
            CheckRanges.refuseLongTimeout(defaults.timeout, within: defaults.interval, in: &object)
            defaults.fall = object.integer("fall", default: defaults.fall, in: CheckRanges.count)
            let warnAfter = object.integer("warnAfter", default: defaults.fall, in: CheckRanges.count)
            if object.has("warnAfter") { defaults.warnAfter = warnAfter }
            defaults.rise = object.integer("rise", default: defaults.rise, in: CheckRanges.count)
            return defaults
        }
    }

    /// More checks than this are not one daemon's work.
    private static let maximumChecks = 1000

    private func checks(
        _ top: inout ConfigurationObject, _ defaults: CheckDefaults, _ agent: Configuration.Agent?
    ) -> [ConfiguredCheck] {
        let reader = CheckReader(kinds: kinds, defaults: defaults)
        if top.has("checks") {
            let checks = reader.read(&top)
            if checks.count > ConfigurationReader.maximumChecks {
                top.fault(
                    "checks", "\(checks.count) checks are too many",
                    remedy: "Keep \(ConfigurationReader.maximumChecks), or run another vitald for the rest.")
            }
            return checks
        }
        let text = agent?.builtInChecks ?? Array(Self.builtInChecks.utf8)
        guard let builtIn = try? JSONDocument(parsing: text) else { return [] }
        var object = ConfigurationObject(builtIn.root, path: "", reading: top.reading)
        let checks = reader.read(&object)
        _ = top.raw("checks")
        if let shown = object.effective.last { top.show("checks") { $0.raw(shown.json) } }
        return checks
    }
}

extension ConfigurationFault {
    /// A fault of the text itself.
    init(_ fault: JSONFault) {
        self.init(path: "", line: fault.line, column: fault.column, fact: fault.what, remedy: fault.remedy)
    }
}
