/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of quipu-dr, one file each. */
#ifndef DR_DR_H
#define DR_DR_H

#include "base/cmd.h"

extern const struct cmd cmd_verify;

#endif
