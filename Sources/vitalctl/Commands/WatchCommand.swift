// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl watch`
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "One line for every confirmed change, as it happens.",
        discussion: """
            Begins with how things stand. When vitald restarts, it is waited for, and nothing that it remembers \
            is missed. Ends with Ctrl-C.

              vitalctl watch
              vitalctl watch --json | jq -r 'select(.topic == "status") | .to'
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: ArgumentHelp("End after this many changes.", valueName: "n"))
    var count: Int?

    func run() throws {
        let console = Console.standard
        var feed = ChangeFeed(remaining: count)
        var connected = false
        while true {
            do throws(Failure) {
                let link = try Link.open(shared.places)
                connected = true
                if try follow(link, console, &feed) { return }
            } catch {
                // A first failure is an answer; a later one is a restart to sit out.
                var sitOut = connected
                if case .refused = error { sitOut = false }
                guard sitOut else {
                    console.complain(error.description)
                    throw ExitCode(1)
                }
                if feed.noteInterruption() { console.complain("\(error.description); waiting for vitald") }
                Clock.pause(.milliseconds(250))
            }
        }
    }

    /// Shows changes until the connection ends (throws) or enough were shown (true).
    private func follow(_ link: Link, _ console: Console, _ feed: inout ChangeFeed) throws(Failure) -> Bool {
        let known = feed
        let answer = try link.call(Subscribe.method) { known.parameters(into: &$0) }
        guard let reply = Subscribe.Reply(reading: answer) else { throw .puzzling(method: "subscribe") }
        let opening = feed.open(reply)
        if shared.json, opening.isFirst { console.show(answer.source) }
        if !shared.json {
            if let status = reply.status {
                console.show(StatusText.headline(status, now: Clock.wall, paint: console.paint))
            }
            if opening.lost { console.complain("vitald was restarted; changes in between are not known") }
        }
        for change in opening.changes { show(change, console) }
        // What was lost before the subscription has been said; it comes once more as an event.
        var isSaid = reply.lost
        while !feed.isDone {
            // An hour at a time: the deadline only keeps the wait finite.
            guard let event = try link.nextEvent(by: Clock.now + .seconds(3600)) else { continue }
            if Subscribe.isLoss(event) {
                let count = event["count"]?.integer
                if let count, !isSaid { console.complain("\(count) changes came too fast and are lost") }
                isSaid = false
                continue
            }
            guard let change = ChangeView(reading: event) else { continue }
            feed.note(change)
            if shared.json { console.show(event.source) } else { show(change, console) }
        }
        return true
    }

    private func show(_ change: ChangeView, _ console: Console) {
        if shared.json {
            var writer = JSONWriter()
            writer.object { change.writeMembers(into: &$0) }
            return console.show(writer.bytes)
        }
        console.show(ChangeText.line(change, now: Clock.wall, paint: console.paint))
    }
}

/// What a watcher knows: up to where it has heard, and how much more it wants. A plain value.
struct ChangeFeed: Equatable {
    /// What to do when a subscription opens.
    struct Opening: Equatable {
        var isFirst: Bool
        /// Whether changes since the last time are unknown.
        var lost: Bool
        /// Changes since the last time, in order.
        var changes: [ChangeView]
    }

    /// What a watcher hears of.
    private static let topics: [Subscribe.Topic] = [.status, .check]

    private var epoch: String?
    private var sequence: UInt64 = 0
    private var remaining: Int?
    private var interrupted = false

    /// Wants this many changes, or all.
    init(remaining: Int?) { self.remaining = remaining }

    var isDone: Bool { remaining.map { $0 <= 0 } ?? false }

    /// The parameters of the next `subscribe`.
    func parameters(into params: inout JSONWriter) {
        params.member("topics", array: { list in for topic in Self.topics { list.string(topic.rawValue) } })
        guard let epoch else { return }
        params.member("since_seq", Int64(clamping: sequence))
        params.member("epoch", epoch)
    }

    /// Takes in the answer to `subscribe`.
    mutating func open(_ reply: Subscribe.Reply) -> Opening {
        let opening = Opening(
            isFirst: epoch == nil, lost: epoch != nil && reply.lost, changes: reply.replay ?? [])
        interrupted = false
        epoch = reply.epoch
        sequence = reply.sequence
        if let remaining { self.remaining = remaining - opening.changes.count }
        return opening
    }

    /// Takes in one change.
    mutating func note(_ change: ChangeView) {
        sequence = max(sequence, change.sequence)
        if let remaining { self.remaining = remaining - 1 }
    }

    /// Whether this interruption is news, or goes on.
    mutating func noteInterruption() -> Bool {
        defer { interrupted = true }
        return !interrupted
    }
}
