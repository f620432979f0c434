/* Records and heads as JSON and CSV. Runs in turnpike-admin. */
#include "admin/log/lines.h"

#include <inttypes.h>
#include <string.h>

#include "admin/http/times.h"
#include "admin/http/router.h"

static const char *severity_name(uint8_t severity)
{
	static const char *const names[] = { "information", "warning", "critical" };

	return names[severity < 3 ? severity : 2];
}

static json_t *text_or_null(const char *text)
{
	return text[0] ? tp_json_text(text) : json_null();
}

json_t *tp_log_line_json(const struct tp_log_entry *l)
{
	return json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)l->id,
			 "at", tp_times_json(l->at_ms), "severity", severity_name(l->severity), "name",
			 tp_json_text(l->name), "text", tp_json_text(l->text), "user",
			 text_or_null(l->user), "source", text_or_null(l->source), "path",
			 text_or_null(l->path), "before", text_or_null(l->before), "after",
			 text_or_null(l->after));
}

static void write_json(FILE *f, json_t *stolen)
{
	json_dumpf(stolen, f, JSON_COMPACT);
	fputc('\n', f);
	json_decref(stolen);
}

/* RFC 4180; a text that a spreadsheet would take for a formula begins with an apostrophe. */
static void put_field(FILE *f, const char *text, bool last)
{
	fputc('"', f);
	if (text[0] && strchr("=+-@\t\r", text[0]))
		fputc('\'', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputs(last ? "\"\r\n" : "\",", f);
}

void tp_log_csv_head(FILE *f)
{
	fputs("Number,Time,Severity,Event,Text,User,Source,Setting,Before,After\r\n", f);
}

static void write_csv(FILE *f, const struct tp_log_entry *l)
{
	char number[24], at[TP_TIMES_TEXT];

	snprintf(number, sizeof(number), "%" PRIu64, l->id);
	put_field(f, number, false);
	put_field(f, tp_times_write(l->at_ms, at), false);
	put_field(f, severity_name(l->severity), false);
	put_field(f, l->name, false);
	put_field(f, l->text, false);
	put_field(f, l->user, false);
	put_field(f, l->source, false);
	put_field(f, l->path, false);
	put_field(f, l->before, false);
	put_field(f, l->after, true);
}

void tp_log_line_write(FILE *f, const struct tp_log_entry *l, bool csv)
{
	if (csv)
		write_csv(f, l);
	else
		write_json(f, tp_log_line_json(l));
}

/* ------------------------------------------------------------------- the chain */

void tp_log_export_head_write(FILE *f, const uint8_t public_key[TP_AUDIT_PUBLIC], uint64_t now_ms)
{
	char key[2 * TP_AUDIT_PUBLIC + 1];

	tp_text_write_hex(key, public_key, TP_AUDIT_PUBLIC);
	write_json(f, json_pack("{s:i, s:o, s:s}", "turnpike-audit", 1, "exported-at",
				tp_times_json(now_ms), "public-key", key));
}

/* Bytes that are not UTF-8 were never stored: texts are what the hash was made over. */
void tp_log_record_write(FILE *f, const struct tp_audit_record *r)
{
	char boot[2 * TP_AUDIT_BOOT + 1];
	char hash[2 * TP_AUDIT_HASH + 1];

	tp_text_write_hex(boot, r->boot, sizeof(r->boot));
	tp_text_write_hex(hash, r->hash, sizeof(r->hash));
	write_json(f, json_pack("{s:I, s:s, s:I, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}",
				"record", (json_int_t)r->sequence, "boot", boot, "at-ms",
				(json_int_t)r->at_ms, "kind", r->kind, "severity", r->severity, "name",
				tp_json_text(r->name), "text", tp_json_text(r->text), "user",
				tp_json_text(r->user), "source", tp_json_text(r->source), "path",
				tp_json_text(r->path), "before", tp_json_text(r->before), "after",
				tp_json_text(r->after), "hash", hash));
}

void tp_log_head_write(FILE *f, const struct tp_audit_head *h)
{
	char boot[2 * TP_AUDIT_BOOT + 1];
	char hash[2 * TP_AUDIT_HASH + 1];
	char signature[2 * TP_AUDIT_SIGNATURE + 1];

	tp_text_write_hex(boot, h->boot, sizeof(h->boot));
	tp_text_write_hex(hash, h->hash, sizeof(h->hash));
	tp_text_write_hex(signature, h->signature, sizeof(h->signature));
	write_json(f, json_pack("{s:I, s:I, s:s, s:s, s:I, s:s}",
				h->kind == TP_AUDIT_CHECKPOINT ? "checkpoint" : "head",
				(json_int_t)h->sequence, "counter", (json_int_t)h->counter, "hash", hash,
				"boot", boot, "at-ms", (json_int_t)h->at_ms, "signature", signature));
}

void tp_log_key_write(const uint8_t public_key[TP_AUDIT_PUBLIC], char pem[TP_LOG_KEY_PEM])
{
	/* SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING } */
	uint8_t der[12 + TP_AUDIT_PUBLIC] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	char text[64];

	memcpy(der + 12, public_key, TP_AUDIT_PUBLIC);
	tp_text_write_base64(text, der, sizeof(der));
	snprintf(pem, TP_LOG_KEY_PEM, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", text);
}
