/* The system calls of a profile as libseccomp rules. Only for sandbox.c. */
#ifndef TP_OS_SANDBOX_CALLS_H
#define TP_OS_SANDBOX_CALLS_H

#include <seccomp.h>

#include "os/sandbox.h"

/* 0, or a negative errno as libseccomp's. */
int tp_sandbox_add_calls(scmp_filter_ctx ctx, const struct tp_sandbox_profile *profile);

#endif
