/* The YANG modules of db/yang, embedded so that no process reads them from disk. */
#ifndef TP_MODEL_YANG_H
#define TP_MODEL_YANG_H

#include <stddef.h>

struct tp_yang_module {
	const char *name;
	const char *text; /* NUL-terminated */
};

/* In an order in which each stands behind those that it imports. */
extern const struct tp_yang_module tp_yang_modules[];
extern const size_t tp_yang_module_count;

#endif
