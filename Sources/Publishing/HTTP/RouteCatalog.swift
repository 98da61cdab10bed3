// SPDX-License-Identifier: Apache-2.0

/// Every route of the HTTP server, in the order of the page for people.
package enum RouteCatalog {
    /// One line a route.
    package static let all: [any Route.Type] = [
        IndexRoute.self,
        MetricsRoute.self,
        HealthRoute.self,
        DataDetailedRoute.self,
        HealthzRoute.self,
        ReadyzRoute.self,
        StartupzRoute.self,
        LivezRoute.self,
        EventsRoute.self,
        HeartbeatRoute.self,
    ]
}
