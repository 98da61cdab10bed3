// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Synchronization
import Vitals

/// Takes orders for the metrics page, has it printed on the sampler's lane, and hands copies out on the loop.
///
/// Orders of one kind that wait together share one page; an order that comes while a page is already being
/// printed gets the next one, so that no page is older than its order. A lane that hangs holds nobody: when an
/// order's time is up, it gets a page without the kernel's samples that says so.
package final class ScrapeDesk: Sendable {
    /// One page in the making.
    private final class Job: Sendable {
        let begun = Atomic<Bool>(false)
        /// Orders that still wait; nobody prints a page for nobody.
        let waiting = Atomic<Int>(0)
    }

    private struct Order {
        var job: Job
        let wish: PageNegotiation
        let promise: EventLoopPromise<Product>
        let alarm: Scheduled<Void>
    }

    /// A page as it goes out.
    package struct Product: Sendable {
        /// The bytes.
        package let page: ByteBuffer
        /// Whether they are gzip.
        package let isCompressed: Bool
    }

    private struct State {
        var next: UInt64 = 0
        var orders: [UInt64: Order] = [:]
        /// The newest job of each kind.
        var jobs: [PageNegotiation: Job] = [:]
        var inFlight = 0
    }

    private static let scrapes = MetricFamily(
        "vitald_scrapes_without_kernel_total", .counter,
        "Pages sent without the kernel's samples because these did not come in time.")
    private static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What vitald turned away or threw away, and why.")

    private let loop: any EventLoop
    private let kernel: any KernelReading
    let limits: HTTPLimits
    private let sources: PageSources
    /// On the lane; and for the pages that the loop must print itself.
    private let press = PagePress()
    private let sparePress = PagePress()
    private let state: NIOLoopBoundBox<State>
    private let late: TallyBook.Tally
    private let refused: TallyBook.Tally

    init(
        loop: any EventLoop, kernel: any KernelReading, limits: HTTPLimits, tallies: TallyBook,
        sources: PageSources
    ) {
        self.loop = loop
        self.kernel = kernel
        self.limits = limits
        self.sources = sources
        state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
        late = tallies.tally(Self.scrapes)
        refused = tallies.tally(Self.dropped, [("what", "scrape"), ("reason", "limit")])
    }

    /// Orders a page that must be there by `deadline`; nil when too many scrapes are in flight. Whoever got an
    /// order calls `leave` once, when the page is out. On the loop.
    package func order(_ wish: PageNegotiation, by deadline: NIODeadline) -> EventLoopFuture<Product>? {
        guard state.value.inFlight < limits.scrapes else {
            refused.add()
            return nil
        }
        state.value.inFlight += 1
        let number = state.value.next
        state.value.next &+= 1
        let promise = loop.makePromise(of: Product.self)
        let (job, isNew) = job(for: wish)
        job.waiting.wrappingAdd(1, ordering: .relaxed)
        let alarm = loop.scheduleTask(deadline: deadline) { [self] in giveUp(number) }
        state.value.orders[number] = Order(job: job, wish: wish, promise: promise, alarm: alarm)
        if isNew { start(job, wish) }
        return promise.futureResult
    }

    /// A scrape is over, whether its page went out or its client went away. On the loop.
    package func leave() { state.value.inFlight -= 1 }

    private func job(for wish: PageNegotiation) -> (Job, isNew: Bool) {
        if let job = state.value.jobs[wish], !job.begun.load(ordering: .acquiring) { return (job, false) }
        let job = Job()
        state.value.jobs[wish] = job
        return (job, true)
    }

    private func start(_ job: Job, _ wish: PageNegotiation) {
        kernel.withSheet { [self] sheet in
            job.begun.store(true, ordering: .releasing)
            let isWanted = job.waiting.load(ordering: .relaxed) > 0
            var product: Product?
            if isWanted {
                let (page, isCompressed) = press.page(of: sources.sheets() + [copy sheet], wish)
                product = Product(page: page, isCompressed: isCompressed)
            }
            loop.execute { [self, product] in finish(job, wish, product) }
        }
    }

    private func finish(_ job: Job, _ wish: PageNegotiation, _ product: Product?) {
        if state.value.jobs[wish] === job { state.value.jobs[wish] = nil }
        let mine = state.value.orders.filter { $0.value.job === job }.sorted { $0.key < $1.key }
        guard let product else {
            // Nobody waited when the lane came to it; whoever slipped in since then gets a page of their own.
            if mine.isEmpty { return }
            let next = Job()
            next.waiting.store(mine.count, ordering: .relaxed)
            for (number, _) in mine { state.value.orders[number]?.job = next }
            state.value.jobs[wish] = next
            return start(next, wish)
        }
        for (number, order) in mine {
            state.value.orders[number] = nil
            order.alarm.cancel()
            order.promise.succeed(product)
        }
    }

    private func giveUp(_ number: UInt64) {
        guard let order = state.value.orders.removeValue(forKey: number) else { return }
        order.job.waiting.wrappingSubtract(1, ordering: .relaxed)
        late.add()
        order.promise.succeed(spare(order.wish))
    }

    private func spare(_ wish: PageNegotiation) -> Product {
        let (page, isCompressed) = sparePress.page(of: sources.sheets() + [PageSources.kernelMissing], wish)
        return Product(page: page, isCompressed: isCompressed)
    }
}
