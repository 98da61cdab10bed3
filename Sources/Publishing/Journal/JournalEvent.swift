// SPDX-License-Identifier: Apache-2.0

/// The kinds of lines that vitald writes, each with its own MESSAGE_ID (systemd.journal-fields(7)).
///
/// An id never changes its meaning: alerts and catalogs are keyed by it. A new kind is one line here.
package enum JournalEvent: String, CaseIterable, Sendable {
    /// The daemon serves.
    case started = "0d5637b418324a44910e93e5fcf51b55"
    /// The daemon is shutting down.
    case stopping = "7dff1c8348a441e688a55db1cdb543ba"
    /// The daemon could not start.
    case startFailed = "4b24fda3b6994343ae946c78080bb4d4"
    /// The process crashed, or its event loop cannot work any more.
    case crashed = "3c1f5de0a2b74f0c8e0d96a6b27c41f5"
    /// The overall status changed.
    case statusChanged = "089736c27b7e4759954bfa470f21a41a"
    /// A check changed its level, went stale or came back.
    case checkChanged = "d492888b0e784718a8e3aa7796af6375"
    /// A check began or ceased to change its mind too often.
    case checkFlapping = "7fb311a4e9834bb78c90e0425e25b782"
    /// A target of a check refuses something that the check can do without.
    case checkRemark = "a0e0f7c8c33b4f0d9b6ab0c5ad4f5e27"
    /// A new configuration is in force.
    case reloaded = "477a987d4a4a49bca521582b27e5b784"
    /// A new configuration was refused; the old one stays.
    case reloadFailed = "15d36b9d5f8748559ccdcdf607659c8d"
    /// Something in the configuration works but should not be so.
    case configurationWarning = "b535db9b41bb4d7a9567c226053b2a06"
    /// The kernel does not offer something here, once per reason.
    case kernelGap = "aabeca5e4c1244c19dfcbc926ee60ac9"
    /// The journal cannot be read, or can be again.
    case journalUnreadable = "f8c2d5a0c6b34ab0a8d3f4a3bd2f6f1e"
    /// A pattern of the journal takes too long to search for.
    case patternSlow = "d464ce3db1ef4c4881aaa11e1a0566a2"
    /// Somebody asked for an administrative action over the socket.
    case administration = "71d8cbd00df34f278bb93229685ed4b8"
    /// The parts that stalled make progress again.
    case watchdogMiss = "e841dacc1fc847f381937e8a74c7c4e7"
    /// The watchdog gives up on this process.
    case watchdogStalled = "67e47b4984c64784934130cad1fe4d7e"
    /// A clock jumped or the machine slept.
    case timeJumped = "e35e7ef641ec4ace9a1a431b8f05858f"
    /// Lines could not be written and were dropped; the count is in the line.
    case linesDropped = "489ceffc10e746cfa3206722384823c2"
    /// Files behind TLS or logins were changed: the new ones are in force, or cannot be used.
    case accessRenewed = "90269b2ebdc94270aad7759614fb9be1"
    /// A client could not shake hands over TLS; once a minute at most.
    case handshakeFailed = "35aa3d66d85c4d8c9ea1fe34ac73818a"
    /// A listening socket cannot accept connections, or can again; once a minute at most.
    case acceptFailed = "8b0e3f6f1d0a4a0f9d5b7f4c2a6e91d3"
    /// A listener could not be opened or needed a remark.
    case listener = "1a0354f51f1f40ab985c443b16e08800"

    /// The 128-bit id in hexadecimal, without dashes.
    package var messageID: String { rawValue }
}
