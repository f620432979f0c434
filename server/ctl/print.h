/* Answers for a person: aligned tables and lists of name and value. Runs in
 * turnpikectl. */
#ifndef TP_CTL_PRINT_H
#define TP_CTL_PRINT_H

#include <jansson.h>
#include <stdio.h>

struct tp_ctl_column {
	const char *title;
	const char *key;
};

/* Text of unknown origin: control characters, also those of UTF-8, become '?'. */
void tp_ctl_put_text(FILE *to, const char *text);
/* One line a row; `empty` when there is none. The last column's key is NULL. */
void tp_ctl_table(const json_t *rows, const struct tp_ctl_column *columns, const char *empty);
/* "name  value" lines of an object's plain members, indented. */
void tp_ctl_members(const json_t *object, const char *indent);
/* Indented JSON and a new line. */
void tp_ctl_json(const json_t *json);

#endif
