// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How much of the containers' figures is left out at one moment, and why.
struct Cuts: Equatable {
    /// What tells one cut from another, however large it is.
    struct Kind: Hashable {
        var subject: Unmeasured.Subject
        var cause: Unmeasured.Cause
    }

    /// Containers and units beyond the limit.
    var refused: Int
    /// Cgroups beyond the limits of the tree.
    var overflow: Int
    /// Cgroups that could not be opened or listed.
    var unreadable: Int
    /// Why the first of them could not.
    var fault: KernelFault?
    /// Files of containers that could not be read.
    var faulty: FaultyFiles
    /// Series beyond their limit, and how many containers they belong to.
    var series: Int
    var containers: Int
    /// Processes whose open files are not counted.
    var uncounted: Int

    /// All of it, for people and for the page.
    func unmeasured(_ options: KernelOptions) -> [Unmeasured] {
        var all: [Unmeasured] = []
        if refused > 0 { all.append(.containers(refused, beyond: options.containerLimit)) }
        if series > 0 {
            all.append(
                Unmeasured(
                    .containerSeries, .limit, count: series,
                    fact: "\(series) series of \(containers) containers and units are not on the page: "
                        + "containers.seriesLimit is \(options.seriesLimit)",
                    remedy: "Raise containers.seriesLimit, or narrow containers.include."))
        }
        if overflow > 0 { all.append(.cgroups(overflow)) }
        if unreadable > 0, let fault { all.append(.cgroups(unreadable, fault)) }
        if faulty.count > 0, let fault = faulty.fault {
            all.append(
                Unmeasured(
                    .containerFile, fault.cause, count: faulty.count,
                    fact: Unmeasured.counted(faulty.count, "file", "files")
                        + " of containers and units cannot be read, such as \(faulty.first): \(fault.text)",
                    remedy: fault.remedy))
        }
        if uncounted > 0 {
            all.append(
                Unmeasured(
                    .processDescriptors, .limit, count: uncounted,
                    fact:
                        "the open files of \(Unmeasured.counted(uncounted, "process", "processes")) are not "
                        + "counted: at most \(DescriptorCensus.lookLimit) processes and open files are looked at in a reading",
                    remedy: "Switch off containers.sockets, or narrow containers.include."))
        }
        return all
    }
}

extension Unmeasured {
    static func counted(_ count: Int, _ one: String, _ many: String) -> String {
        "\(count) \(count == 1 ? one : many)"
    }

    /// Containers and units beyond the limit.
    static func containers(_ count: Int, beyond limit: Int) -> Unmeasured {
        Unmeasured(
            .container, .limit, count: count,
            fact: counted(count, "container or unit is", "containers and units are")
                + " not measured: containers.limit is \(limit)",
            remedy: "Raise containers.limit, or narrow containers.include.")
    }

    /// Cgroups beyond the limits of the tree.
    static func cgroups(_ count: Int) -> Unmeasured {
        Unmeasured(
            .cgroup, .limit, count: count,
            fact: counted(count, "cgroup is", "cgroups are")
                + " not looked at, nor what is below: at most \(CgroupTree.nodeLimit) are, \(CgroupTree.depthLimit) levels deep",
            remedy: "Remove unused cgroups.")
    }

    /// Cgroups that could not be opened or listed.
    static func cgroups(_ count: Int, _ fault: KernelFault) -> Unmeasured {
        Unmeasured(
            .cgroup, fault.cause, count: count,
            fact: counted(count, "cgroup", "cgroups") + " cannot be opened: \(fault.text)",
            remedy: fault.remedy)
    }
}
