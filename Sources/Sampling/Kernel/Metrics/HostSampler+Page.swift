// SPDX-License-Identifier: Apache-2.0

import Vitals

extension HostSampler {
    /// Adds every family of `HostMetric.all`.
    func fill(_ sheet: inout Sheet, options: KernelOptions, labels: inout LabelCache) {
        for metric in HostMetric.all where metric.always || options.host {
            sheet.begin(metric.family)
            switch metric.source {
            case .one(let figure):
                if let value = figure(self) { sheet.add(value) }
            case .processors:
                for cpu in processors.cpus {
                    let number = String(cpu.number)
                    for (mode, ticks) in cpu.ticks.enumerated() {
                        let name = ProcStat.modes[mode]
                        let text = labels.labels("cpu", number, name, &sheet) {
                            [("cpu", number), ("mode", name)]
                        }
                        sheet.add(.micros(ticks &* (1_000_000 / ProcessStat.ticksPerSecond)), text)
                    }
                }
            case .interface(let figure):
                for interface in interfaces {
                    let name = ReadableBytes.text(interface.name)
                    sheet.add(.integer(figure(interface)), labels.labels("device", name, &sheet))
                }
            case .filesystem(let figure):
                for system in filesystems {
                    let mount = system.mount
                    let text = labels.labels("filesystem", mount.point, mount.source, &sheet) {
                        [("device", mount.source), ("fstype", mount.type), ("mountpoint", mount.point)]
                    }
                    sheet.add(.integer(figure(system)), text)
                }
            case .machineMemory:
                guard let total = memory.total else { continue }
                let text = labels.labels("machine", "", "", &sheet) {
                    [
                        ("boot_id", identity.bootID), ("machine_id", identity.machineID),
                        ("system_uuid", identity.systemUUID),
                    ]
                }
                sheet.add(.integer(total), text)
            case .uname:
                guard identity.uname.contains(where: { !$0.value.isEmpty }) else { continue }
                sheet.add(.integer(1), labels.labels("uname", "", "", &sheet) { identity.uname })
            }
        }
    }
}
