// SPDX-License-Identifier: Apache-2.0

/// What `vitald --help` prints.
enum HelpText {
    /// The whole text with its final line end.
    static let text = """
        vitald watches the containers, the machine and the neighbours of an agent, and says how they are.

        usage: vitald [--config FILE] [flags]

          --config FILE         read the configuration from FILE (JSON)
          --check-config        say whether the configuration is right, and stop
          --print-config        print the effective configuration, secrets masked, and stop
          --http ADDR:PORT      serve the pages there; may be repeated; port 0 lets the kernel choose
          --socket PATH         the Unix socket for asking and pushing
          --instance NAME       live beside the agent NAME.service alone: its cgroup and nothing else,
                                /etc/vitald/NAME.json, /run/vitald/NAME/vitald.sock, no port unless told
          --proc-root DIR       where procfs is (/proc)
          --sys-root DIR        where sysfs is (/sys)
          --cgroup-root DIR     where cgroup2 is (found in mountinfo below the proc root)
          --log-level LEVEL     trace, debug, info, notice, warning, error or critical (info)
          --log-format FORMAT   auto, journal, json or text (auto)
          --version             print the version, and stop
          --help, -h            print this, and stop

        Flags beat the environment, the environment beats the file, the file beats the defaults.

        Configuration: --config, $VITALD_CONFIG, /etc/vitald/config.json, else the built-in default:
        the machine, all containers, a check of the filesystem / and one of the machine's memory.
        Socket: --socket, $VITALD_SOCKET, the file, /run/vitald/vitald.sock, else
        $XDG_RUNTIME_DIR/vitald/vitald.sock.
        Pages: http://127.0.0.1:9847/ and http://[::1]:9847/ with /metrics, /health, /livez, /readyz.

        Exit codes: 0 stopped, 71 the system refused what the event loop needs, 75 another vitald is
        running, 78 the configuration or a flag is wrong.

        First steps:
          vitald                                     start with the defaults
          curl -s localhost:9847/metrics | head      see the figures
          vitalctl status                            see how everything is
          vitald --check-config --config FILE        try a configuration before using it
          kill -HUP PID (or: vitalctl reload)        take over a changed file

        """
}
