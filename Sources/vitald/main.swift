// SPDX-License-Identifier: Apache-2.0

import Glibc
import Sampling

// First of all: whatever is opened before would take their numbers.
StandardDescriptors.open()
let arguments = Array(CommandLine.arguments.dropFirst())
// A helper for calls that can hang for ever is this program again: it must not become a daemon.
if arguments.first == StatvfsHelper.argument { exit(StatvfsHelper.main()) }
// Before any thread exists, so that all of them inherit it.
Keeper.blockSignals()
// Likewise: the environment may only be changed while there is one thread.
exit(Start.run(arguments, environment: ProcessEnvironment.take(PostgresLibrary.variables)))
