// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOSSL
import Testing

/// Certificates of all sorts, made once per test run with openssl(1) in a directory of its own.
struct WireCertificates: Sendable {
    let directory: String

    /// The certificates of this run.
    static let made = Result { try WireCertificates() }

    /// Faults of making them.
    struct Fault: Error {
        let status: Int32
    }

    private init() throws {
        var template = Array("/tmp/vitald-certificates-XXXXXX".utf8CString)
        directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        var pid: pid_t = 0
        let arguments: [UnsafeMutablePointer<CChar>?] = [
            strdup("sh"), strdup("-ec"), strdup(Self.script), strdup("sh"), strdup(directory), nil,
        ]
        defer { for argument in arguments { free(argument) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, "\(directory)/log", O_WRONLY | O_CREAT, 0o600)
        let path: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/local/bin:/usr/bin:/bin"), nil]
        defer { for entry in path { free(entry) } }
        guard posix_spawn(&pid, "/bin/sh", &actions, nil, arguments, path) == 0 else {
            throw Fault(status: -1)
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw Fault(status: status) }
    }

    /// The authority that all but `stranger` come from.
    var authority: String { "\(directory)/ca.pem" }

    /// A server's TLS with one of the certificates: `good`, `expired`, `future`, `other`, `expiredother`, `soon`,
    /// `stranger`.
    func server(_ name: String, wantingClients: Bool = false) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile("\(directory)/\(name).pem").map {
                .certificate($0)
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: "\(directory)/key.pem", format: .pem)))
        if wantingClients {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .file(authority)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private static let script = """
        cd "$1"
        cat > ca.cnf <<END
        [ca]
        default_ca = here
        [here]
        database = ./index.txt
        new_certs_dir = .
        serial = ./serial
        default_md = sha256
        policy = any
        unique_subject = no
        [any]
        commonName = supplied
        [good]
        subjectAltName = DNS:localhost, DNS:*.example.com, IP:127.0.0.1
        [other]
        subjectAltName = DNS:elsewhere.example
        END
        : > index.txt
        echo 01 > serial
        openssl ecparam -name prime256v1 -genkey -noout -out key.pem
        for who in ca strangers; do
          openssl req -x509 -new -key key.pem -subj "/CN=$who" -days 3650 -out $who.pem
        done
        openssl req -new -key key.pem -subj /CN=server -out server.csr
        issue() {
          openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile key.pem -in server.csr \
            -extensions "$2" -startdate "$3" -enddate "$4" -out "$1.pem"
        }
        issue good good 20200101000000Z 20450101000000Z
        issue expired good 20200101000000Z 20210101000000Z
        issue future good 20440101000000Z 20450101000000Z
        issue other other 20200101000000Z 20450101000000Z
        issue expiredother other 20200101000000Z 20210101000000Z
        issue soon good 20200101000000Z "$(date -u -d '+5 days' +%Y%m%d%H%M%SZ)"
        openssl ecparam -name prime256v1 -genkey -noout -out strange.key
        openssl req -x509 -new -key strange.key -subj /CN=stranger -days 3650 -out strangers.pem
        openssl x509 -req -in server.csr -CA strangers.pem -CAkey strange.key -set_serial 9 -days 3650 \
          -extfile ca.cnf -extensions good -out stranger.pem
        openssl x509 -req -in server.csr -CA strangers.pem -CAkey strange.key -set_serial 10 -days 3650 \
          -extfile ca.cnf -extensions other -out strangerother.pem
        """
}
