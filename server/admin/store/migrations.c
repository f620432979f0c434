/* The embedded migrations: read-only data, put in by the assembler. */
#include "admin/store/migrations.h"

#define SQL(symbol, file)                                                                          \
	__asm__(".pushsection .rodata, \"a\", @progbits\n"                                         \
		".global tp_sql_" #symbol "\n"                                                     \
		"tp_sql_" #symbol ":\n"                                                            \
		".incbin \"" TP_SQL_DIR "/" file ".sql\"\n"                                        \
		".byte 0\n"                                                                        \
		".popsection\n");                                                                  \
	extern const char tp_sql_##symbol[];

SQL(0001, "0001-first")
SQL(0002, "0002-identity-request")
SQL(0003, "0003-tls-peer")
SQL(0004, "0004-account-rights")
SQL(0005, "0005-audit")
SQL(0006, "0006-acme")
SQL(0007, "0007-login")
SQL(0008, "0008-api-token")
SQL(0009, "0009-account-first")
SQL(0010, "0010-lockout")

const char *const tp_store_migrations[] = {tp_sql_0001, tp_sql_0002, tp_sql_0003, tp_sql_0004,
					   tp_sql_0005, tp_sql_0006, tp_sql_0007,
					   tp_sql_0008, tp_sql_0009, tp_sql_0010};
const size_t tp_store_migration_count = sizeof(tp_store_migrations) / sizeof(*tp_store_migrations);
