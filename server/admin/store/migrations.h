/* The numbered migrations of db/sql, embedded. */
#ifndef TP_ADMIN_STORE_MIGRATIONS_H
#define TP_ADMIN_STORE_MIGRATIONS_H

#include <stddef.h>

/* Migration n (from 0) brings a database of version n to n + 1. NUL-terminated. */
extern const char *const tp_store_migrations[];
extern const size_t tp_store_migration_count;

#endif
