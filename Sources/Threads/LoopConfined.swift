// SPDX-License-Identifier: Apache-2.0

/// A class whose mutable state is touched on one event loop only, that of the connections it works with.
///
/// Such a class is `@unchecked Sendable`, and this is the argument for all of them: callbacks of NIO and jobs on lanes
/// are `@Sendable` closures that keep a reference to it, but what comes from elsewhere goes through
/// `EventLoop.execute` or `EventLoop.perform` first, and a job on a lane touches constants only. `NIOLoopBound` would
/// check the same at run time, at the price of a box and of one more name at each use; it is for values that are
/// carried to the loop once, by a class that lives elsewhere.
package protocol LoopConfined: AnyObject, Sendable {}
