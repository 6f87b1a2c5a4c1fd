/* banned: functions that have no safe use here, turned into compile errors. Included by the build into every file. */
#ifndef STORE_BANNED_H
#define STORE_BANNED_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#pragma GCC poison strcat strncat strncpy sprintf vsprintf gets strtok atoi atol atof asctime ctime gmtime localtime tmpnam mktemp
#endif
