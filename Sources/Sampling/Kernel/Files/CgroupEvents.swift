// SPDX-License-Identifier: Apache-2.0

/// `cgroup.events`: whether any process lives in the cgroup or below it.
/// ```
/// populated 1
/// frozen 0
/// ```
enum CgroupEvents {
    static let keys = FlatKeys([("populated", .populated)])
}
