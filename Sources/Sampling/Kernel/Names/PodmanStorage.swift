// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The containers of one storage of podman, `…/overlay-containers/containers.json`:
/// ```
/// [{"id":"44fb…","names":["web"],"metadata":"{\"image-name\":\"nginx:1\"}"}]
/// ```
struct PodmanStorage {
    private var known: [String: (name: String, image: String)] = [:]
    private var mark: LocalFiles.Mark?

    /// Name and image of a container; the file is read again when it has changed.
    mutating func container(_ hex: String, _ path: LocalPath, _ disk: LocalFiles) -> (
        name: String, image: String
    )? {
        guard let now = disk.mark(path) else { return nil }
        if now != mark, let bytes = disk.bytes(path) {
            // What does not parse is not parsed again until it changes.
            mark = now
            known.removeAll()
            for entry in (try? JSONDocument(parsing: bytes).root)?.elements ?? [] {
                guard let id = entry["id"]?.string, let name = entry["names"]?.elements.first?.string else {
                    continue
                }
                var image = ""
                if let text = entry["metadata"]?.string,
                    let metadata = try? JSONDocument(parsing: Array(text.utf8)).root
                {
                    image = metadata["image-name"]?.string ?? ""
                }
                known[id] = (name, image)
            }
        }
        return known[hex]
    }
}
