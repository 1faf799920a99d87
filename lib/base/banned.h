/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that do not compile here (style rule 34), because each has a safer twin in base/.
 * System headers that declare them must come before the poison, hence the includes.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __GNUC__
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison atoi atol atoll atof gmtime localtime asctime ctime
#pragma GCC poison rand srand random srandom tmpnam mktemp tempnam system popen
#endif

#endif
