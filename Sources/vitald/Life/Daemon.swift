// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Publishing
import Receiving
import Sampling
import Threads
import Vitals

/// The whole daemon, joined together: what samples, receives, judges and publishes, and how it begins, reloads
/// and ends. Lives on the event loop, which is the main thread.
final class Daemon {
    /// How long clients get to finish when the daemon ends.
    static let drainTime = Duration.seconds(10)
    /// While draining, the manager is asked for patience this often.
    static let patienceRound = Duration.seconds(2)
    /// How long the sampler's lane gets to finish when the daemon ends.
    static let laneTime = Duration.seconds(2)
    /// The background reading of CPU, against which percentages are computed.
    static let samplingRound = Duration.seconds(10)
    /// The longest time between two ticks of the judge.
    static let tickPeriod = Duration.seconds(1)

    let loop: any EventLoop
    let options: DaemonOptions
    let environment: @Sendable (String) -> String?
    let service: ServiceEnvironment
    private let handed: HandedSockets
    let time: any TimeSource
    private let tallies: TallyBook
    let notifier: Notifier
    let log: EventLog

    let board: Board
    let kernel: KernelLane
    let journal: JournalReader
    private let lanes = Lanes()
    private let generation = TickGeneration()
    private let pulse = Pulse()
    let conductor: Conductor
    let http: HTTPServer
    let passwordLane = Lanes(limit: 1)
    let book: ListenerBook
    private let rpc: SocketServer
    private let control: DaemonControl
    private let places: SocketPlaces

    var configuration: Configuration
    /// What of the configuration of the start is served until the end.
    let served: ServedConfiguration
    private(set) var listeners: Listeners
    var statusLine = StatusLine()
    private var statusPlanned = false
    private var gapsSaid: Set<String> = []
    var journalTrouble: String?
    var slowPatterns: Set<String> = []
    private var isStopping = false
    private(set) lazy var reloads = makeReloadDesk()
    private(set) lazy var accessWatch = makeAccessWatch()
    private var ended: @Sendable (Int32) -> Void = { _ in }
    let reloadSuccessful: TallyBook.Tally
    let reloadTimestamp: TallyBook.Tally

    /// Joins the parts; nothing is opened yet.
    init(
        _ configuration: Configuration, _ options: DaemonOptions,
        environment: @escaping @Sendable (String) -> String?, service: ServiceEnvironment,
        handed: HandedSockets,
        loop: any EventLoop, time: any TimeSource, tallies: TallyBook, notifier: Notifier, log: EventLog
    ) {
        self.configuration = configuration
        served = ServedConfiguration(configuration)
        self.options = options
        self.environment = environment
        self.service = service
        self.handed = handed
        listeners = Listeners(instance: options.instance)
        self.loop = loop
        self.time = time
        self.tallies = tallies
        self.notifier = notifier
        self.log = log
        reloadSuccessful = tallies.tally(OwnFamilies.reloadSuccessful, startingAt: 1)
        reloadTimestamp = tallies.tally(
            OwnFamilies.reloadTimestamp, startingAt: time.wall.nanoseconds / 1_000_000_000)

        let roots = KernelRoots(proc: options.procRoot, sys: options.sysRoot, cgroup: options.cgroupRoot)
        let kernel = KernelLane(
            roots: roots, options: configuration.kernelOptions, time: time, tallies: tallies)
        self.kernel = kernel
        let journal = JournalReader(configuration.journal, time: time, tallies: tallies)
        self.journal = journal
        var random = SystemRandomNumberGenerator()
        let board = Board(epoch: String(random.next(), radix: 16))
        self.board = board
        let control = DaemonControl(loop)
        self.control = control
        let places = SocketPlaces()
        self.places = places
        let feeds = ReceivingCatalog.all.map { $0.makeFeed(wake: { [control] in control.wake() }) }
        let pushes = FeedSink(feeds)
        // A watched window shorter than usual wants ticks that fit between two looks.
        let window = service.watchdog ?? Keeper.defaultWindow
        let period = min(Self.tickPeriod, .nanoseconds(max(window.nanoseconds / 12, 1_000_000)))
        conductor = Conductor(
            configuration.checks,
            Conductor.Equipment(
                loop: loop,
                context: ProbeContext(
                    time: time, lanes: lanes, eventLoop: loop, kernel: kernel, procRoot: options.procRoot,
                    helperProgram: "/proc/self/exe", journal: journal),
                board: board, feeds: feeds, log: log, pulse: pulse, generation: generation,
                period: period, seed: random.next()))
        let identity = ServiceIdentity(
            name: configuration.name, labels: configuration.labels.map { ($0.name, $0.value) },
            version: Version.text)
        let book = ListenerBook(tallies: tallies, time: time, remark: { log.write($0.line) })
        self.book = book
        http = HTTPServer(
            loop: loop, board: board, kernel: kernel, tallies: tallies, time: time, identity: identity,
            generation: generation, sink: pushes, pages: [{ journal.fill(&$0) }], listeners: book,
            users: .standard(ownUser: geteuid()),
            inspection: PeerInspection(resolver: PeerResolver(roots: roots)), remark: { log.write($0.line) })
        rpc = SocketServer(
            loop: loop,
            equipment: SocketServer.Equipment(
                board: board, clock: time, tallies: tallies, access: .standard(ownUser: geteuid()),
                inspection: PeerInspection(resolver: PeerResolver(roots: roots)),
                name: "vitald/\(Version.text)", listeners: book,
                unmeasured: { kernel.unmeasured },
                audit: { audit in
                    log.write(
                        JournalEntry(
                            .administration, .notice, audit.description,
                            fields: [
                                ("VITALD_METHOD", audit.method),
                                ("VITALD_PEER_UID", String(audit.caller.credentials.uid)),
                            ]))
                },
                gone: { pushes.closed($0, at: $1) }),
            handlers: HandlerCatalog.all(
                HandlerCatalog.Sources(
                    board: board, kernel: kernel,
                    sheets: {
                        var sheet = Sheet()
                        BoardSheet.fill(&sheet, from: board.report, version: Version.text)
                        var book = Sheet()
                        tallies.fill(&book)
                        var journalled = Sheet()
                        journal.fill(&journalled)
                        return [sheet, book, journalled]
                    },
                    examiner: HouseExaminer(
                        Examiner(
                            Surroundings(
                                roots: roots, missing: { kernel.missing }, time: time,
                                house: .daemon(options, environment, kernel: kernel, log: log, places: places)
                            ),
                            eventLoop: loop),
                        control), journal: journal, pushes: pushes, control: control)))
    }

    /// Opens everything and begins; `ended` is called once, on the loop, with the exit code.
    func start(_ ended: @escaping @Sendable (Int32) -> Void) {
        self.ended = ended
        control.attach(self)
        guard kernel.isRunning else { return fail(.threadless) }
        takeAccess(configuration.http)
        do throws(Listeners.Failure) {
            try listeners.take(handed, under: configuration.http.protection)
            listeners.remarkOnAddresses(configuration.http)
            try listeners.openSockets(configuration.socket)
            serve()
        } catch {
            fail(error)
        }
    }

    private func serve() {
        let home = NIOLoopBound(self, eventLoop: loop)
        let opened = EventLoopFuture.andAllSucceed(
            listeners.rpc.map { rpc.listen(descriptor: $0.descriptor) }
                + listeners.http.map {
                    http.listen(descriptor: $0.descriptor, isUnixSocket: true).map { _ in }
                }
                + listeners.handed.map {
                    http.listen(descriptor: $0.descriptor, isUnixSocket: false).map { _ in }
                }, on: loop
        ).flatMap { [http, loop, configuration, listeners] _ in
            listeners.open(configuration.http, on: http, loop: loop)
                .map { listeners.handed.map(\.address.description) + $0 }
        }
        opened.whenComplete { result in
            switch result {
            case .success(let addresses): home.value.begin(addresses)
            case .failure(let error as Listeners.Failure): home.value.fail(error)
            case .failure(let error):
                home.value.fail(Listeners.Failure(sentence: "cannot serve: \(error)", code: 1))
            }
        }
    }

    private func begin(_ addresses: [String]) {
        // The configuration's own addresses were looked at when it was read; these may be handed in by systemd.
        if http.servesOthers, let problem = configuration.http.protection.problemForOthers {
            return fail(Listeners.Failure(sentence: problem, code: ExitCode.configuration))
        }
        handed.letGo()
        listeners.opened = Array(addresses.dropFirst(listeners.handed.count))
        for remark in listeners.remarks { log.write(JournalEntry(.listener, .warning, remark)) }
        for warning in configuration.warnings {
            log.write(JournalEntry(.configurationWarning, .warning, warning))
        }
        guard startKeeper() else {
            return fail(.threadless)
        }
        let startPages = StartPages()
        let home = NIOLoopBound(self, eventLoop: loop)
        // Every result publishes a report; what the sentence counts changes by a change alone.
        board.listen { _, changes in if !changes.isEmpty { home.value.planStatus() } }
        journal.start()
        conductor.start()
        sample()
        notifier.send(
            "READY=1\n" + Notifier.status(statusLine.next(board.report) ?? StatusLine.running(board.report)))
        let pause = TimeAmount.nanoseconds(StartPages.after.nanoseconds)
        loop.assumeIsolated().scheduleTask(in: pause) { [lanes, startPages] in
            lanes.run { startPages.giveBack() }
        }
        let sockets = listeners.sockets.map(\.path)
        places.name(sockets)
        let served = addresses + sockets
        log.write(
            JournalEntry(
                .started, .info, "vitald \(Version.text) serves \(served.joined(separator: ", "))",
                fields: [("VITALD_VERSION", Version.text)]))
    }

    private func startKeeper() -> Bool {
        let (loop, generation, kernel, control, book) = (loop, generation, kernel, control, book)
        let asked: [(Watchdog.Source, SelfQuery.Question, ListeningSocket?)] = [
            (.socket, .ping, listeners.rpc.first), (.http, .livez, listeners.http.first),
        ]
        let questions = asked.compactMap { source, question, socket in
            socket.map {
                let record = book.record(named: $0.path)
                return Keeper.Errand(
                    source: source, question: question, path: $0.path, isOwn: !$0.isHanded,
                    accepts: { record?.progress ?? 0 })
            }
        }
        return Keeper(
            Keeper.Surroundings(
                time: time, notifier: notifier, log: log, tallies: tallies, pulse: pulse,
                samplerProgress: { (kernel.submitted, kernel.completed) },
                generation: { generation.value }, onLoop: { loop.execute($0) },
                questions: questions, listeners: { book.looks },
                watching: service.watchdog, reload: { control.hangup() }, stop: { control.stop() },
                // Not exit(3): other threads still run, and its handlers would pull things from under them.
                giveUp: { _exit($0) })
        ).start()
    }

    private func fail(_ failure: Listeners.Failure) {
        log.write(JournalEntry(.startFailed, .error, failure.sentence))
        notifier.send(Notifier.status(failure.sentence))
        if failure.code == ExitCode.configuration { handed.sendAway() }
        for socket in listeners.sockets { socket.release() }
        end(failure.code)
    }

    /// Ends the loop once the sampler's lane has done what it was given: a page that is finished later would have
    /// no loop to go to. A lane that hangs is not waited for.
    private func end(_ code: Int32) {
        conductor.close()
        journal.stop()
        let home = NIOLoopBound(self, eventLoop: loop)
        guard kernel.isRunning else { return ended(code) }
        kernel.submit { [loop] in loop.execute { home.value.ended(code) } }
        kernel.stop()
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(Self.laneTime.nanoseconds)) { self.ended(code) }
    }

    /// Every ten seconds: a baseline for percentages, and a look at what this machine does not offer.
    private func sample() {
        guard !isStopping else { return }
        kernel.tick()
        journal.revive()
        for gap in kernel.missing where gapsSaid.insert(gap.description).inserted {
            log.write(JournalEntry(.kernelGap, .notice, gap.description))
        }
        sayJournalTrouble()
        saySlowPatterns()
        let first = gapsSaid.isEmpty && board.ticks < 3
        loop.assumeIsolated().scheduleTask(
            in: .nanoseconds((first ? Self.tickPeriod : Self.samplingRound).nanoseconds)
        ) { self.sample() }
    }

    /// Says a changed status at most once a second.
    private func planStatus() {
        guard !statusPlanned, !isStopping, notifier.isManaged else { return }
        guard statusLine.hasNews(board.report) else { return }
        statusPlanned = true
        loop.assumeIsolated().scheduleTask(in: .seconds(1)) { [self] in
            statusPlanned = false
            guard !isStopping, let sentence = statusLine.next(board.report) else { return }
            notifier.send(Notifier.status(sentence))
        }
    }
}

/// Being asked, and ending.
extension Daemon {
    /// Runs a check out of turn.
    func runCheck(_ name: String, _ done: @escaping @Sendable (RunAnswer) -> Void) {
        conductor.run(name, done)
    }

    /// Records what was pushed now instead of with the next tick.
    func wake() { conductor.wake() }

    /// Ends: nothing new is taken, what is under way is finished, then everything is let go of.
    func stop() {
        guard !isStopping else { return }
        isStopping = true
        let clients = http.connections
        notifier.send(
            "STOPPING=1\n" + Notifier.status("Draining \(clients) client\(clients == 1 ? "" : "s")"))
        log.write(JournalEntry(.stopping, .info, "stopping"))
        conductor.drain()
        reloads.close()
        accessWatch.close()
        askForPatience()
        let home = NIOLoopBound(self, eventLoop: loop)
        let drained = http.drain(within: .nanoseconds(Self.drainTime.nanoseconds)).and(rpc.close())
        drained.whenComplete { _ in
            for socket in home.value.listeners.sockets { socket.release() }
            home.value.end(ExitCode.stopped)
        }
    }

    private func askForPatience() {
        notifier.send("EXTEND_TIMEOUT_USEC=5000000")
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(Self.patienceRound.nanoseconds)) {
            self.askForPatience()
        }
    }
}

extension Configuration.Containers {
    /// The figures that somebody wants beside the usual ones.
    var details: Set<KernelOptions.Detail> {
        var details: Set<KernelOptions.Detail> = []
        if fileDescriptors { details.insert(.fileDescriptors) }
        if sockets { details.insert(.sockets) }
        if filesystem { details.insert(.filesystem) }
        return details
    }
}

extension Configuration {
    /// What of it concerns the kernel.
    var kernelOptions: KernelOptions {
        KernelOptions(
            include: Selection(containers.include), exclude: Selection(containers.exclude),
            systemdUnits: containers.systemdUnits,
            checked: checks.filter(\.definition.enabled).compactMap {
                ($0.kind as? any SelectingKind)?.picked
            },
            containerLimit: containers.limit, seriesLimit: containers.seriesLimit, host: host.enabled,
            filesystems: checks.compactMap { ($0.kind as? FilesystemKind)?.path },
            details: containers.details)
    }
}
