/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of quipu-backup, one file each. */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "base/cmd.h"

extern const struct cmd cmd_init;
extern const struct cmd cmd_run;
extern const struct cmd cmd_list;
extern const struct cmd cmd_show;
extern const struct cmd cmd_find;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_stats;
extern const struct cmd cmd_check;
extern const struct cmd cmd_key_list;
extern const struct cmd cmd_key_add;
extern const struct cmd cmd_key_remove;
extern const struct cmd cmd_key_rotate;
extern const struct cmd cmd_key_passwd;

#endif
