// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// One set of rules for every Swift target of the house. `--explicit-target-dependency-import-check error`
// (see the Makefile) turns the arrows below into law: a target imports what it names here and nothing else.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "vitald",
    products: [
        .executable(name: "vitald", targets: ["vitald"]),
        .executable(name: "vitalctl", targets: ["vitalctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CSystemd"),

        .target(name: "Vitals", swiftSettings: strict),
        .target(name: "Threads", dependencies: ["Vitals", nio], swiftSettings: strict),
        .target(
            name: "Outbound",
            dependencies: ["Vitals", "Threads", "CZlib", nio, nioPosix, nioHTTP1, nioTLS, nioSSL],
            swiftSettings: strict
        ),
        .target(
            name: "Sampling",
            dependencies: [
                "Vitals", "Threads", "Outbound", "CLibPQ", "CHiredis", "CLinux", "CSystemd", nio, nioSSL,
            ],
            swiftSettings: strict
        ),
        .target(name: "Receiving", dependencies: ["Vitals"], swiftSettings: strict),
        .target(name: "Judging", dependencies: ["Vitals"], swiftSettings: strict),
        .target(
            name: "Publishing",
            dependencies: ["Vitals", "CZlib", "CCrypt", "CLinux", nio, nioPosix, nioHTTP1, nioTLS, nioSSL],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "vitald",
            dependencies: [
                "Vitals", "Threads", "Sampling", "Receiving", "Judging", "Publishing", nio, nioPosix,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "vitalctl", dependencies: ["Vitals", argumentParser], swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Vitals", nio, nioPosix], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(name: "VitalsTests", dependencies: ["Vitals"], swiftSettings: strict),
        .testTarget(
            name: "ThreadsTests", dependencies: ["Threads", "Vitals", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "OutboundTests",
            dependencies: ["Outbound", "Threads", "Vitals", "TestSupport", nio, nioPosix, nioHTTP1, nioSSL],
            swiftSettings: strict
        ),
        .testTarget(name: "JudgingTests", dependencies: ["Judging", "Vitals"], swiftSettings: strict),
        .testTarget(
            name: "SamplingTests",
            dependencies: [
                "Sampling", "Outbound", "Threads", "Vitals", "TestSupport", "CLibPQ", "CSystemd", "CZlib",
                nio, nioPosix, nioSSL,
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "ReceivingTests", dependencies: ["Receiving", "Vitals"], swiftSettings: strict),
        .testTarget(
            name: "PublishingTests",
            dependencies: [
                "Publishing", "Vitals", "TestSupport", nio, nioPosix, nioHTTP1, nioTLS, nioSSL, nioEmbedded,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "vitald", "vitalctl", "Vitals", "Threads", "Sampling", "Judging", "Publishing", "Receiving",
                "TestSupport", nio, nioPosix,
            ],
            swiftSettings: strict
        ),
    ]
)
