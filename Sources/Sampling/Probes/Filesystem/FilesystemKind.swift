// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// `"type": "filesystem"`: room for bytes and inodes at a path, and whether it can still be written.
package struct FilesystemKind: ProbeKind {
    /// The word in the configuration.
    package static let type = "filesystem"

    /// The absolute path; what is judged is the file system that it lies on.
    package let path: String
    /// Below this it warns, percent available.
    let warnFreePercent: Double
    /// Below this it fails, percent available.
    let failFreePercent: Double
    /// Below this it warns, percent of inodes free.
    let warnFreeInodesPercent: Double?
    /// Below this it fails, percent of inodes free.
    let failFreeInodesPercent: Double?
    /// Whether to write and fsync a small file.
    let writable: Bool

    /// Reads the keys.
    package init(reading object: inout ConfigurationObject) {
        path = object.requiredString("path", example: "/var/lib/agno")
        warnFreePercent = object.percent("warnFreePercent", default: 10)
        failFreePercent = object.percent("failFreePercent", default: 3)
        warnFreeInodesPercent = object.optionalPercent("warnFreeInodesPercent")
        failFreeInodesPercent = object.optionalPercent("failFreeInodesPercent")
        writable = object.boolean("writable", default: false)
        if !path.isEmpty, path.utf8.first != UInt8(ascii: "/") {
            object.fault(
                "path", "\(object.quote(path)) is not an absolute path",
                remedy: "Begin it with a slash, for example \"/var/lib/agno\".")
        }
        if path.utf8.contains(0) {
            object.fault("path", "holds a NUL byte", remedy: "No path can: remove it.")
        }
        object.refuse(
            unless: warnFreePercent >= failFreePercent, "warnFreePercent", warnFreePercent, "below",
            "failFreePercent", failFreePercent)
        if let warn = warnFreeInodesPercent, let fail = failFreeInodesPercent {
            object.refuse(
                unless: warn >= fail, "warnFreeInodesPercent", warn, "below", "failFreeInodesPercent", fail)
        }
    }

    /// The path.
    package var target: ShownTarget { ShownTarget(path: path) }

    /// Makes the probe.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        FilesystemProbe(self, context)
    }

    /// Makes the probe that knows since when the path hangs.
    package func makeProbe(
        _ definition: CheckDefinition, _ context: ProbeContext, following old: any Probe
    ) -> any Probe {
        FilesystemProbe(self, context, following: old as? FilesystemProbe)
    }
}
