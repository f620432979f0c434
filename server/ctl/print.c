/* Answers for a person. Runs in turnpikectl. */
#include "ctl/print.h"

#include <stdbool.h>
#include <string.h>

enum { CELL_MAX = 512 };

/* C1 controls are C2 80 .. C2 9F in UTF-8. */
static bool is_c1(const char *p)
{
	return (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0;
}

void tp_ctl_put_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f) {
			fputc('?', to);
		} else if (is_c1(text)) {
			fputc('?', to);
			text++;
		} else {
			fputc(*text, to);
		}
	}
}

static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static const char *cell(const json_t *value, char text[CELL_MAX])
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		snprintf(text, CELL_MAX, "%s", json_string_value(value));
		break;
	case JSON_INTEGER:
		snprintf(text, CELL_MAX, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		snprintf(text, CELL_MAX, "%.3f", json_real_value(value));
		break;
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_NULL:
	case JSON_OBJECT:
	case JSON_ARRAY:
		return "-";
	}
	return text[0] ? text : "-";
}

static const char *cell_of(const json_t *row, const char *key, char text[CELL_MAX])
{
	const json_t *value = json_object_get(row, key);

	return value ? cell(value, text) : "-";
}

static void put_padded(const char *text, size_t width, bool last)
{
	tp_ctl_put_text(stdout, text);
	for (size_t n = width_of(text); !last && n < width + 2; n++)
		putchar(' ');
}

void tp_ctl_table(const json_t *rows, const struct tp_ctl_column *columns, const char *empty)
{
	size_t widths[16] = { 0 }, count = 0, i;
	char text[CELL_MAX];
	json_t *row;

	if (!json_array_size(rows)) {
		puts(empty);
		return;
	}
	while (count < sizeof(widths) / sizeof(widths[0]) && columns[count].key) {
		widths[count] = width_of(columns[count].title);
		json_array_foreach(rows, i, row) {
			size_t width = width_of(cell_of(row, columns[count].key, text));

			widths[count] = width > widths[count] ? width : widths[count];
		}
		count++;
	}
	for (size_t c = 0; c < count; c++)
		put_padded(columns[c].title, widths[c], c + 1 == count);
	putchar('\n');
	json_array_foreach(rows, i, row) {
		for (size_t c = 0; c < count; c++)
			put_padded(cell_of(row, columns[c].key, text), widths[c], c + 1 == count);
		putchar('\n');
	}
}

void tp_ctl_members(const json_t *object, const char *indent)
{
	char text[CELL_MAX];
	const char *key;
	json_t *value;
	size_t width = 0;

	json_object_foreach((json_t *)object, key, value)
		width = width_of(key) > width ? width_of(key) : width;
	json_object_foreach((json_t *)object, key, value) {
		if (json_is_object(value) || json_is_array(value))
			continue;
		fputs(indent, stdout);
		put_padded(key, width, false);
		tp_ctl_put_text(stdout, cell(value, text));
		putchar('\n');
	}
}

void tp_ctl_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}
