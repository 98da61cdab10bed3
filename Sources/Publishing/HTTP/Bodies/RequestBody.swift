// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A body that is being read: inflated as it comes, and never more than its bound. Lives on the event loop.
final class RequestBody {
    private let plan: BodyPlan
    private let budget: BodyBudget
    private let inflation: GunzipStream?
    /// What was taken from the budget, and is given back at the end.
    private var taken = 0
    /// Bytes that came, before inflation.
    private var received = 0
    /// What is there of it, after inflation.
    private(set) var bytes = ByteBuffer()

    /// Makes room for a body; nil where all bodies together hold too much.
    init?(_ plan: BodyPlan, _ budget: BodyBudget) {
        self.plan = plan
        self.budget = budget
        let cost = plan.isCompressed ? GunzipStream.cost : 0
        inflation = plan.isCompressed ? GunzipStream() : nil
        guard budget.take(cost) else { return nil }
        taken = cost
    }

    deinit { budget.giveBack(taken) }

    /// Takes what comes next.
    func take(_ piece: ByteBuffer) throws(BodyPlan.Refusal) {
        received += piece.readableBytes
        guard received <= plan.wireLimit else { throw BodyPlan.tooLong(plan.limit) }
        let before = bytes.readableBytes
        if let inflation {
            do throws(GunzipStream.Fault) {
                try inflation.unpack(piece, into: &bytes, limit: plan.limit)
            } catch {
                throw error == .tooLong ? BodyPlan.tooLong(plan.limit) : BodyPlan.notGzip
            }
        } else {
            bytes.writeImmutableBuffer(piece)
        }
        let grown = bytes.readableBytes - before
        guard budget.take(grown) else { throw BodyPlan.tooMany }
        taken += grown
    }

    /// Notes that it is whole.
    func end() throws(BodyPlan.Refusal) {
        if let inflation, !inflation.isComplete, received > 0 { throw BodyPlan.notGzip }
    }
}
