// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Publishing
import Sampling
import Vitals

/// From the command line to the daemon, or to the answer that was asked for instead.
enum Start {
    /// Does what the command line says; returns the exit code when it is done.
    static func run(
        _ arguments: [String], environment: @escaping @Sendable (_ name: String) -> String?
    ) -> Int32 {
        let invocation: Invocation
        do throws(CommandLineFault) {
            invocation = try Invocation(arguments, environment: environment)
        } catch {
            write("vitald: \(error)\n", to: STDERR_FILENO)
            return ExitCode.configuration
        }
        switch invocation {
        case .help:
            write(HelpText.text, to: STDOUT_FILENO)
            return ExitCode.stopped
        case .version:
            write("vitald \(Version.text)\n", to: STDOUT_FILENO)
            return ExitCode.stopped
        case .checkConfiguration(let options):
            return examine(options, environment) { configuration in
                let count = configuration.checks.count
                return "\(place(options.configuration)): fine, \(count) check\(count == 1 ? "" : "s")\n"
            }
        case .printConfiguration(let options):
            return examine(options, environment) { EffectiveConfiguration.text($0.effectiveJSON) }
        case .run(let options):
            return serve(options, environment)
        }
    }

    private static func examine(
        _ options: DaemonOptions, _ environment: @escaping @Sendable (String) -> String?,
        _ answer: (Configuration) -> String
    ) -> Int32 {
        do throws(ConfigurationRefusal) {
            let configuration = try Configuration.load(
                options, kinds: DaemonCatalog.kinds, environment: environment, within: readingPatience)
            for warning in configuration.warnings { write("warning: \(warning)\n", to: STDERR_FILENO) }
            write(answer(configuration), to: STDOUT_FILENO)
            return ExitCode.stopped
        } catch {
            for sentence in error.sentences {
                write("\(options.configuration.shown): \(sentence)\n", to: STDERR_FILENO)
            }
            return code(for: error)
        }
    }

    /// The file that was read, or what stands for it where there is none.
    private static func place(_ source: ConfigurationSource) -> String {
        if case .usual(let path) = source, access(path, F_OK) != 0 {
            return "there is no \(path), so the built-in configuration"
        }
        return source.shownOnceRead
    }

    private static func serve(
        _ options: DaemonOptions, _ environment: @escaping @Sendable (String) -> String?
    ) -> Int32 {
        let service = ServiceEnvironment(environment: environment, pid: getpid())
        let handed = HandedSockets(service.sockets)
        // No child may speak in our name (sd_notify(3)).
        for name in ServiceEnvironment.variables { unsetenv(name) }
        raiseDescriptorLimit()
        makeRoomForDescriptors()
        let time = SystemTime()
        let tallies = TallyBook()
        let notifier = Notifier(socket: service.notifySocket)
        let format = logFormat(options.logFormat, environment)
        CrashHandler.prepare(
            format, manager: service.notifySocket, keepsBacktraces: environment("SWIFT_BACKTRACE") != nil)
        let log = makeLog(format, options.logLevel.priority, time, tallies)
        for remark in handed.remarks { log.write(JournalEntry(.listener, .warning, remark)) }
        notifier.send(Notifier.status("Loading configuration"))
        let configuration: Configuration
        do throws(ConfigurationRefusal) {
            configuration = try Configuration.load(
                options, kinds: DaemonCatalog.kinds, environment: environment, within: readingPatience)
        } catch {
            for sentence in error.sentences {
                log.write(
                    JournalEntry(
                        .startFailed, .error, "configuration \(options.configuration.shown): \(sentence)",
                        fields: [("VITALD_CONFIG", options.configuration.shown)]))
            }
            switch error.cause {
            case .faults:
                notifier.send(
                    Notifier.status("Configuration invalid: \(error.summary)") + "\nERRNO=\(EINVAL)")
            case .silence, .noThread:
                notifier.send(
                    Notifier.status("Configuration not read: \(error.summary)")
                        + "\nERRNO=\(error.cause == .silence ? ETIMEDOUT : EAGAIN)")
            }
            // After every other code the manager starts vitald again, and who waits is answered then.
            if code(for: error) == ExitCode.configuration { handed.sendAway() }
            log.flush(isLast: true)
            return code(for: error)
        }
        if let problem = CrashHandler.eventLoopProblem() {
            log.write(JournalEntry(.startFailed, .error, problem.sentence))
            notifier.send(Notifier.status(problem.sentence) + "\nERRNO=\(problem.code)")
            log.flush(isLast: true)
            return ExitCode.system
        }
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            let daemon = Daemon(
                configuration, options, environment: environment, service: service, handed: handed,
                loop: loop,
                time: time,
                tallies: tallies, notifier: notifier, log: log)
            daemon.start { ending in
                log.flush(isLast: true)
                notifier.flush()
                // Closing the loop would wake Dispatch for its answer, whose first thread complains on standard
                // error where it may not set its priority; by now there is nothing left to close. And without the
                // exit handlers of the C libraries: a lane that hangs in one of them may still be using it.
                _exit(ending)
            }
        }
        return ExitCode.stopped
    }

    private static func makeLog(
        _ format: EventLog.Format, _ threshold: JournalEntry.Priority, _ time: any TimeSource,
        _ tallies: TallyBook
    ) -> EventLog {
        switch format {
        case .journal: EventLog(format, threshold: threshold, time: time, tallies: tallies)
        case .json, .text:
            EventLog(
                format, threshold: threshold, time: time, tallies: tallies,
                sink: StandardDescriptors.errorSink())
        }
    }

    /// Well below TimeoutStartSec= of the unit: the end must be ours, and told.
    private static let readingPatience = Duration.seconds(20)

    private static func code(for refusal: ConfigurationRefusal) -> Int32 {
        switch refusal.cause {
        case .faults: ExitCode.configuration
        case .silence, .noThread: ExitCode.failed
        }
    }

    /// Kernel files are kept open: the soft limit of 1024 is for programs that use select(2), which none here does.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Has the kernel make its table of our descriptors large while there is one thread. When the table of a
    /// process of several threads grows, the kernel waits until none of them looks into the old one, some 10 ms
    /// at each doubling: the first page of 20 containers was 30 ms late.
    private static func makeRoomForDescriptors() {
        let highest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, descriptorsForeseen - 1)
        if highest >= 0 { close(highest) }
    }

    /// About 190 containers; 32 KiB of the kernel's memory.
    private static let descriptorsForeseen: Int32 = 4096

    /// journald where standard error leads to it (systemd.exec(5), $JOURNAL_STREAM), text on a terminal, else JSON.
    private static func logFormat(
        _ format: LogFormat, _ environment: (String) -> String?
    ) -> EventLog.Format {
        let journal = EventLog.Format.journal(path: "/run/systemd/journal/socket")
        switch format {
        case .journal: return journal
        case .json: return .json(descriptor: STDERR_FILENO)
        case .text: return .text(descriptor: STDERR_FILENO)
        case .auto:
            var status = stat()
            if fstat(STDERR_FILENO, &status) == 0,
                environment("JOURNAL_STREAM") == "\(status.st_dev):\(status.st_ino)"
            {
                return journal
            }
            return isatty(STDERR_FILENO) == 1
                ? .text(descriptor: STDERR_FILENO) : .json(descriptor: STDERR_FILENO)
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

extension LogLevel {
    /// The least urgent entries that are still written.
    var priority: JournalEntry.Priority {
        switch self {
        case .trace, .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
