// SPDX-License-Identifier: Apache-2.0

/// The newest of something, so many and no more.
struct RecentSet<Element: Hashable> {
    private let limit: Int
    private var members: Set<Element> = []
    private var order: [Element] = []
    private var oldest = 0

    init(limit: Int) { self.limit = limit }

    func contains(_ element: Element) -> Bool { members.contains(element) }

    mutating func insert(_ element: Element) {
        guard members.insert(element).inserted else { return }
        guard order.count == limit else { return order.append(element) }
        members.remove(order[oldest])
        order[oldest] = element
        oldest = (oldest + 1) % limit
    }
}
