// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Outbound
package import Threads
package import Vitals

/// An active kind of check: reads its configuration and makes the probe that runs it.
package protocol ProbeKind: CheckKind {
    /// Makes the probe; opens nothing yet.
    func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe

    /// Makes the probe that takes the place of another one of the same question, with other thresholds or credentials.
    /// What the judgement remembers from one attempt to the next goes over to it; `old` is closed afterwards.
    func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext, following old: any Probe)
        -> any Probe
}

extension ProbeKind {
    /// Most kinds remember nothing.
    package func makeProbe(
        _ definition: CheckDefinition, _ context: ProbeContext, following old: any Probe
    ) -> any Probe {
        makeProbe(definition, context)
    }
}

/// What a probe may use of the daemon.
package struct ProbeContext: Sendable {
    /// The clocks.
    package let time: any TimeSource
    /// Threads for calls that block.
    package let lanes: Lanes
    /// The event loop, for the probes that speak through NIO, and for deadlines; nothing else may use it.
    package let eventLoop: any EventLoop
    /// The kernel's figures.
    package let kernel: any KernelReading
    /// Where procfs is mounted, `/proc` but for tests.
    package let procRoot: String
    /// The program that is run again as a helper for calls that can hang for ever (statvfs).
    package let helperProgram: String
    /// The prepared TLS contexts, shared by all probes of this context.
    package let tls = TLSContexts()
    /// What calls to other machines are made with.
    var outbound: OutboundContext {
        OutboundContext(time: time, lanes: lanes, eventLoop: eventLoop, tls: tls)
    }
    /// What is mounted, for the filesystem checks.
    let mounts: MountTables
    /// The journal; nil where nothing reads it.
    let journal: JournalReader?
    /// The helper processes of that program, shared by all checks that were given a copy of this context.
    package let helpers: FilesystemHelpers

    /// Makes a context.
    package init(
        time: any TimeSource, lanes: Lanes, eventLoop: any EventLoop, kernel: any KernelReading,
        procRoot: String, helperProgram: String, journal: JournalReader? = nil
    ) {
        self.time = time
        self.lanes = lanes
        self.eventLoop = eventLoop
        self.kernel = kernel
        self.procRoot = procRoot
        self.helperProgram = helperProgram
        self.journal = journal
        mounts = MountTables(time: time)
        helpers = FilesystemHelpers(program: helperProgram, lanes: lanes, time: time, timers: eventLoop)
    }
}
