/* A PHP-style pattern over PCRE2 and the format that goes with it. Runs in turnpike-admin. */
#include "admin/cac/pattern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "admin/http/utf8.h"
#include "core/bytes.h"

enum { GROUP_MAX = 32, LOOK_AT_CLOCK_EVERY = 32, TOO_LONG = -1000 /* no code of PCRE2 */ };

struct tp_cac_pattern {
	pcre2_code *code;
	char format[TP_CAC_FORMAT_MAX + 1]; /* checked: '#' come in pairs around known groups */
};

/* ----------------------------------------------------------------- the pattern's form */

static char closing(char opening)
{
	switch (opening) {
	case '(':
		return ')';
	case '[':
		return ']';
	case '{':
		return '}';
	case '<':
		return '>';
	default:
		return opening;
	}
}

/* The expression between the delimiters; *rest gets what follows the second one. */
static bool find_expression(const char *text, struct tp_span *expression, const char **rest)
{
	char opens = *text, closes = closing(opens);
	int depth = 1;
	const char *p = text + 1;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == closes && --depth == 0)
			break;
		else if (*p == opens && opens != closes)
			depth++;
	}
	if (!*p)
		return false;
	*expression = (struct tp_span){ text + 1, (size_t)(p - text - 1) };
	*rest = p + 1;
	return true;
}

/* False: *text stands at a flag that there is not. */
static bool read_flags(const char **text, uint32_t *options)
{
	static const struct {
		char flag;
		uint32_t option;
	} flags[] = {
		{ 'i', PCRE2_CASELESS },       { 'm', PCRE2_MULTILINE },
		{ 's', PCRE2_DOTALL },         { 'x', PCRE2_EXTENDED },
		{ 'A', PCRE2_ANCHORED },       { 'D', PCRE2_DOLLAR_ENDONLY },
		{ 'U', PCRE2_UNGREEDY },       { 'u', PCRE2_UTF | PCRE2_UCP },
		{ 'J', PCRE2_DUPNAMES },       { 'n', PCRE2_NO_AUTO_CAPTURE },
	};

	for (; **text; (*text)++) {
		size_t i = 0;

		while (i < sizeof(flags) / sizeof(flags[0]) && flags[i].flag != **text)
			i++;
		if (i == sizeof(flags) / sizeof(flags[0]))
			return false;
		*options |= flags[i].option;
	}
	return true;
}

static enum tp_err compile(struct tp_span expression, uint32_t options, pcre2_code **out,
			   struct tp_diag *diag)
{
	pcre2_compile_context *how = pcre2_compile_context_create(NULL);
	unsigned char words[160] = "";
	PCRE2_SIZE at = 0;
	int code = 0;

	if (!how)
		return TP_NOMEM;
	pcre2_set_newline(how, PCRE2_NEWLINE_LF);
	/* Callouts everywhere, so that no pattern goes on past its time. */
	*out = pcre2_compile((PCRE2_SPTR)expression.p, expression.len,
			     options | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT, &code, &at, how);
	pcre2_compile_context_free(how);
	if (*out)
		return TP_OK;
	if (pcre2_get_error_message(code, words, sizeof(words)) < 0)
		words[0] = 0;
	return tp_fail(diag, TP_FORMAT, "pattern", "The pattern is wrong at character %zu: %s.", at + 2,
		       (const char *)words);
}

static enum tp_err read_pattern(const char *text, pcre2_code **out, struct tp_diag *diag)
{
	struct tp_span expression;
	uint32_t options = 0;
	const char *rest;

	if (strlen(text) > TP_CAC_PATTERN_MAX)
		return tp_fail(diag, TP_LIMIT, "pattern", "The pattern has more than %d characters.",
			       TP_CAC_PATTERN_MAX);
	if (!ispunct((unsigned char)*text) || *text == '\\')
		return tp_fail(diag, TP_FORMAT, "pattern",
			       "A pattern stands between two delimiters, for example /Subject:.*/m.");
	if (!find_expression(text, &expression, &rest))
		return tp_fail(diag, TP_FORMAT, "pattern", "The pattern does not end with %c.",
			       closing(*text));
	if (!read_flags(&rest, &options))
		return tp_fail(diag, TP_FORMAT, "pattern",
			       "There is no flag \"%.1s\": behind the last %c may stand i m s x A D U u J n.",
			       rest, closing(*text));
	return compile(expression, options, out, diag);
}

/* ------------------------------------------------------------------------- the format */

static bool is_group_name(struct tp_span name)
{
	if (!name.len || name.len > GROUP_MAX || isdigit((unsigned char)name.p[0]))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
			return false;
	return true;
}

/* Takes the next piece off *rest: a text, or (true) a group. */
static bool next_piece(struct tp_span *rest, struct tp_span *piece)
{
	if (rest->p[0] == '#') {
		*rest = (struct tp_span){ rest->p + 1, rest->len - 1 };
		*piece = tp_span_split(rest, '#');
		return true;
	}
	piece->p = rest->p;
	piece->len = strcspn(rest->p, "#");
	*rest = (struct tp_span){ rest->p + piece->len, rest->len - piece->len };
	return false;
}

static bool has_group(const pcre2_code *code, struct tp_span group)
{
	char name[GROUP_MAX + 1];
	PCRE2_SPTR first, last; /* with J a name may stand there twice */

	tp_text_copy_span(name, sizeof(name), group);
	return pcre2_substring_nametable_scan(code, (PCRE2_SPTR)name, &first, &last) > 0;
}

static enum tp_err check_format(const char *format, const pcre2_code *code, struct tp_diag *diag)
{
	struct tp_span rest = tp_span_of(format);
	unsigned marks = 0, groups = 0;

	if (rest.len > TP_CAC_FORMAT_MAX)
		return tp_fail(diag, TP_LIMIT, "format", "The format has more than %d characters.",
			       TP_CAC_FORMAT_MAX);
	for (const char *p = format; *p; p++)
		marks += *p == '#';
	if (marks % 2)
		return tp_fail(diag, TP_FORMAT, "format", "A # in the format has no second one.");
	while (rest.len) {
		struct tp_span piece;

		if (!next_piece(&rest, &piece))
			continue;
		groups++;
		if (!is_group_name(piece))
			return tp_fail(diag, TP_FORMAT, "format",
				       "Between two # of the format stands the name of a group.");
		if (!has_group(code, piece))
			return tp_fail(diag, TP_FORMAT, "format",
				       "The pattern has no group (?<%.*s>...), which the format asks for.",
				       (int)piece.len, piece.p);
	}
	if (!groups)
		return tp_fail(diag, TP_FORMAT, "format",
			       "The format takes no group of the pattern: everybody would have the same name.");
	return TP_OK;
}

enum tp_err tp_cac_pattern_new(const char *pattern, const char *format, struct tp_cac_pattern **out,
			       struct tp_diag *diag)
{
	struct tp_cac_pattern *made = calloc(1, sizeof(*made));
	enum tp_err err = made ? read_pattern(pattern, &made->code, diag) : TP_NOMEM;

	if (err == TP_OK)
		err = check_format(format, made->code, diag);
	if (err != TP_OK) {
		tp_cac_pattern_free(&made);
		return err;
	}
	tp_text_copy(made->format, sizeof(made->format), format);
	*out = made;
	return TP_OK;
}

void tp_cac_pattern_free(struct tp_cac_pattern **pattern)
{
	if (!*pattern)
		return;
	pcre2_code_free((*pattern)->code);
	free(*pattern);
	*pattern = NULL;
}

/* -------------------------------------------------------------------------- the match */

struct watch {
	uint64_t until_us;
	unsigned calls;
};

/* Of this thread alone: a busy machine refuses nobody. */
static uint64_t own_time_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int on_item(pcre2_callout_block *block, void *arg)
{
	struct watch *w = arg;

	(void)block;
	if (++w->calls % LOOK_AT_CLOCK_EVERY)
		return 0;
	return own_time_us() > w->until_us ? TOO_LONG : 0;
}

static enum tp_err explain(int code, struct tp_diag *diag)
{
	unsigned char words[160] = "";

	switch (code) {
	case PCRE2_ERROR_NOMATCH:
		return tp_fail(diag, TP_NOTFOUND, "pattern", "The pattern does not fit the certificate's text.");
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
	case TOO_LONG:
		return tp_fail(diag, TP_LIMIT, "pattern",
			       "The pattern tries too many ways on this text: make it simpler.");
	case PCRE2_ERROR_NOMEMORY:
		return TP_NOMEM;
	default:
		if (pcre2_get_error_message(code, words, sizeof(words)) < 0)
			words[0] = 0;
		return tp_fail(diag, TP_FORMAT, "pattern", "The pattern cannot be used on this text: %s.",
			       (const char *)words);
	}
}

static int match(const struct tp_cac_pattern *p, struct tp_span text, size_t from, struct watch *w,
		 pcre2_match_data *data)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	int code;

	if (!limits)
		return PCRE2_ERROR_NOMEMORY;
	pcre2_set_match_limit(limits, TP_CAC_MATCH_LIMIT);
	pcre2_set_depth_limit(limits, TP_CAC_DEPTH_LIMIT);
	pcre2_set_heap_limit(limits, TP_CAC_HEAP_LIMIT_KIB);
	pcre2_set_callout(limits, on_item, w);
	code = pcre2_match(p->code, (PCRE2_SPTR)text.p, text.len, from, 0, data, limits);
	pcre2_match_context_free(limits);
	return code;
}

static enum tp_err put_group(struct tp_wr *wr, pcre2_match_data *data, struct tp_span group,
			     struct tp_diag *diag)
{
	char name[GROUP_MAX + 1];
	PCRE2_UCHAR *value = NULL;
	PCRE2_SIZE len = 0;
	int code;

	tp_text_copy_span(name, sizeof(name), group);
	code = pcre2_substring_get_byname(data, (PCRE2_SPTR)name, &value, &len);
	if (code == PCRE2_ERROR_NOMEMORY)
		return TP_NOMEM;
	if (code == 0 && len)
		tp_wr_bytes(wr, value, len);
	pcre2_substring_free(value);
	if (code != 0 || !len)
		return tp_fail(diag, TP_NOTFOUND, "pattern", "The group %s of the pattern is empty.", name);
	return TP_OK;
}

static enum tp_err check_name(struct tp_span name, struct tp_diag *diag)
{
	if (memchr(name.p, '\0', name.len))
		return tp_fail(diag, TP_FORMAT, "name", "The name holds a NUL.");
	if (!tp_utf8_valid(name.p, name.len))
		return tp_fail(diag, TP_FORMAT, "name", "The name is not UTF-8.");
	for (size_t i = 0; i < name.len; i++)
		if (iscntrl((unsigned char)name.p[i]) && (unsigned char)name.p[i] < 0x80)
			return tp_fail(diag, TP_FORMAT, "name", "The name holds a control character.");
	if (name.p[0] == ' ' || name.p[name.len - 1] == ' ')
		return tp_fail(diag, TP_FORMAT, "name", "The name begins or ends with a space.");
	return TP_OK;
}

static enum tp_err write_name(const char *format, pcre2_match_data *data, struct tp_cac_name *out,
			      struct tp_diag *diag)
{
	struct tp_span rest = tp_span_of(format);
	char name[TP_CAC_NAME_MAX + 1];
	enum tp_err err = TP_OK;
	struct tp_wr wr;

	tp_wr_init(&wr, name, TP_CAC_NAME_MAX);
	while (err == TP_OK && rest.len) {
		struct tp_span piece;

		if (next_piece(&rest, &piece))
			err = put_group(&wr, data, piece, diag);
		else
			tp_wr_bytes(&wr, piece.p, piece.len);
	}
	if (err == TP_OK && wr.err != TP_OK)
		err = tp_fail(diag, TP_LIMIT, "name", "The name has more than %d bytes.", TP_CAC_NAME_MAX);
	if (err == TP_OK)
		err = check_name((struct tp_span){ name, wr.len }, diag);
	if (err == TP_OK)
		tp_text_copy_span(out->text, sizeof(out->text), (struct tp_span){ name, wr.len });
	return err;
}

enum tp_err tp_cac_pattern_apply(const struct tp_cac_pattern *pattern, struct tp_span text,
				 struct tp_cac_name *out, struct tp_diag *diag)
{
	struct watch watch = { own_time_us() + 1000ull * TP_CAC_TIME_LIMIT_MS, 0 };
	struct tp_cac_name name = { "", false };
	pcre2_match_data *data;
	enum tp_err err;
	size_t end;
	int code;

	if (text.len > TP_CAC_TEXT_MAX)
		return tp_fail(diag, TP_LIMIT, "text", "The certificate's text has more than %d bytes.",
			       TP_CAC_TEXT_MAX);
	data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	if (!data)
		return TP_NOMEM;
	code = match(pattern, text, 0, &watch, data);
	err = code > 0 ? write_name(pattern->format, data, &name, diag) : explain(code, diag);
	if (err == TP_OK) {
		end = pcre2_get_ovector_pointer(data)[1];
		name.again = match(pattern, text, end, &watch, data) > 0;
		*out = name;
	}
	pcre2_match_data_free(data);
	return err;
}
