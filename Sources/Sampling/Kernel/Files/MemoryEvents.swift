// SPDX-License-Identifier: Apache-2.0

/// `memory.events`: how often each thing happened since the cgroup was made; hierarchical.
/// ```
/// low 0
/// high 0
/// max 2006
/// oom 3
/// oom_kill 1
/// oom_group_kill 0
/// ```
/// `oom` counts that the limit could not be met, `oom_kill` the processes killed; `oom_group_kill` since 5.17.
enum MemoryEvents {
    static let keys = FlatKeys([
        ("low", .eventsLow), ("high", .eventsHigh), ("max", .eventsMax), ("oom", .eventsOOM),
        ("oom_kill", .eventsOOMKill), ("oom_group_kill", .eventsOOMGroupKill),
    ])
}
