// SPDX-License-Identifier: Apache-2.0
// The few constants and calls that Glibc does not export to Swift: macros, variadics, ancillary data.
#ifndef CLINUX_H
#define CLINUX_H

#include "datagram.h"
#include "expression.h"
#include "filesystem.h"
#include "crashline.h"
#include "listening.h"
#include "loopcalls.h"
#include "peer.h"

#endif
