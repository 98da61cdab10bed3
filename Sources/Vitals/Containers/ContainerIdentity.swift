// SPDX-License-Identifier: Apache-2.0

/// Who a cgroup is, as far as its path and the host's files tell.
package struct ContainerIdentity: Sendable, Hashable {
    /// The full cgroup path from the cgroup2 root: leading `/`, no trailing one. `/` is the root itself.
    package var id: String
    /// The container's name, or what stands for it; empty for a systemd unit.
    package var name = ""
    /// The image; empty when unknown.
    package var image = ""
    /// `docker`, `podman`, `containerd`, `cri-o`, `nerdctl`, `lxc`, `nspawn`, `systemd` …; empty when unknown.
    package var runtime = ""
    /// The systemd unit that it is or belongs to, unescaped; empty when none.
    package var unit = ""
    /// The Kubernetes pod's uid; empty when none.
    package var pod = ""
    /// The pod's name; empty when none, or unknown.
    package var podName = ""
    /// The pod's namespace; empty when none, or unknown.
    package var namespace = ""
    /// The container's name in its pod; empty when none, unknown, or the pod's sandbox.
    package var container = ""
    /// The user that owns a rootless container; empty for the system's own.
    package var uid = ""

    /// Makes the identity of a path about which nothing else is known yet.
    package init(id: String) { self.id = id }
}
