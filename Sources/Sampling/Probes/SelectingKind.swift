// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// A kind of check that names containers or units: these are measured before everything else, and outside of every limit.
package protocol SelectingKind: CheckKind {
    /// What it names; nil where that is vitald's own cgroup or the machine.
    var picked: Selection? { get }
}
