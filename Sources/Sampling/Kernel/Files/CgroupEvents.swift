// SPDX-License-Identifier: Apache-2.0

/// `cgroup.events`: whether any process lives in the cgroup or below it, and whether all that do are stopped by the
/// freezer, be it by this cgroup's `cgroup.freeze` or by one above (`frozen` since 5.2).
/// ```
/// populated 1
/// frozen 0
/// ```
enum CgroupEvents {
    static let keys = FlatKeys([("populated", .populated), ("frozen", .frozen)])
}
