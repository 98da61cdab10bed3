// SPDX-License-Identifier: Apache-2.0

/// `container`: what containers and units use, from the kernel, no older than a second.
package enum ContainerQuery {
    /// The most patterns of one selection.
    package static let mostPatterns = 64

    /// The method.
    package static let method = SocketMethod(
        "container", role: .read, "CPU, memory, processes and network of containers and units.",
        parameters: [
            .init(
                "select", "string or array of strings",
                "globs on name, unit or id prefix, ! excludes, first match wins; self; host; all by default")
        ],
        result: "containers [{id, name, image, runtime, unit, status, cpu_percent, memory_percent,"
            + " memory_usage_mb, network_rx_mb, network_tx_mb, effective_memory_limit_bytes and _level,"
            + " memory_available_bytes and _level, effective_cpu_limit_cores and _level, and exact figures}];"
            + " host {…} for \"host\"; " + UnmeasuredView.description,
        example: #"{"select":"*.service"}"#)
}
