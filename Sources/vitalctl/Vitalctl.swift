// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Vitals

/// The command line of vitald: a thin client of its socket.
@main
struct Vitalctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vitalctl",
        abstract: "Asks vitald how things are.",
        discussion: """
            vitald measures this host and its containers, checks what they depend on, and judges. vitalctl shows \
            what it found, over vitald's Unix socket.

              vitalctl                      how things are, check by check
              vitalctl watch                one line for every change, as it happens
              vitalctl checks database      everything about one check
              vitalctl containers 'web*'    CPU, memory and network of some containers
              vitalctl wait --ready         block a script until traffic may be sent
              vitalctl check                one line and an exit code, for Nagios

            The socket is sought at --socket, that of -i NAME (/run/vitald/NAME/vitald.sock), $VITALD_SOCKET, that of
            the service which the caller belongs to, /run/vitald/vitald.sock, $XDG_RUNTIME_DIR/vitald/vitald.sock.
            With --json every command prints vitald's own answer.
            Exit codes: 0 done, 1 refused or not reached, 64 wrong usage; check: 0 1 2 3.
            """,
        version: Version.text,
        subcommands: [
            StatusCommand.self, ChecksCommand.self, ContainersCommand.self, MetricsCommand.self,
            WatchCommand.self, TopCommand.self, RunCommand.self, CheckCommand.self, WaitCommand.self,
            HistoryCommand.self, LogsCommand.self, DoctorCommand.self, PushCommand.self, ReloadCommand.self,
            DescribeCommand.self, VersionCommand.self, TailWord.self, QueueWord.self,
            MaintenanceWord.self,
        ],
        defaultSubcommand: StatusCommand.self)

    static func main() {
        StandardDescriptors.open()
        // A reader that goes away ends what goes on for ever, also where SIGPIPE is ignored, as in services of systemd.
        signal(SIGPIPE, SIG_DFL)
        main(GlobalOptions.settled(Array(CommandLine.arguments.dropFirst())))
    }
}
