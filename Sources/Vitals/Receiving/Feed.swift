// SPDX-License-Identifier: Apache-2.0

/// What feeds the checks of one passive kind: takes what is pushed to them, and says what it means when asked. May be
/// called on any thread; never waits.
package protocol Feed: Sendable {
    /// The kind of item that it takes.
    var item: PushItem.Kind { get }

    /// Takes an item for one of its checks; the instant is that of receipt.
    func take(_ item: PushItem, from source: PushSource, at received: Instant) throws(PushRefusal)

    /// Tells that a connection is gone.
    func closed(_ connection: ConnectionID, at instant: Instant)

    /// Keeps those of these checks that are of its kind, from now on. One that stays keeps what it was told.
    func replace(_ checks: [ConfiguredCheck], at now: Instant)

    /// What there is to record at this instant, in the order of the configuration.
    func results(at now: Instant) -> [(check: String, result: ProbeResult)]

    /// When `results` next has something to say, if nothing arrives until then; nil where nothing is expected.
    func nextDeadline(after now: Instant) -> Instant?

    /// The daemon stood still for a while, or the machine was suspended: silence is not judged before what arrived
    /// meanwhile could be read.
    func timeJumped(at now: Instant)
}

/// A kind of check that is fed by pushes instead of asking anybody.
package protocol PassiveKind: CheckKind {
    /// The kind of item that feeds it.
    static var item: PushItem.Kind { get }

    /// Makes the feed of all checks of this kind. `wake` is to be called, on any thread, whenever `results` has
    /// something to say earlier than `nextDeadline` told.
    static func makeFeed(wake: @escaping @Sendable () -> Void) -> any Feed
}

extension PassiveKind {
    /// Each push is a verdict, and silence is one.
    package static var evidence: Evidence { .pushes }
}
