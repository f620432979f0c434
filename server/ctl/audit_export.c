/* Verifying an exported audit log. Runs in turnpikectl. */
#include "ctl/audit_export.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* SubjectPublicKeyInfo of an Ed25519 key, up to its bytes. */
static const uint8_t der_head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };

enum tp_err tp_ctl_audit_key(const char *pem, uint8_t key[TP_AUDIT_PUBLIC])
{
	struct tp_span rest = tp_span_of(pem);
	uint8_t der[sizeof(der_head) + TP_AUDIT_PUBLIC];
	size_t len = 0;

	if (!tp_span_equal(tp_span_split(&rest, '\n'), TP_SPAN("-----BEGIN PUBLIC KEY-----")) ||
	    !rest.p ||
	    tp_text_parse_base64(tp_span_split(&rest, '\n'), der, sizeof(der), &len) != TP_OK ||
	    len != sizeof(der) || memcmp(der, der_head, sizeof(der_head)) != 0)
		return TP_FORMAT;
	memcpy(key, der + sizeof(der_head), TP_AUDIT_PUBLIC);
	return TP_OK;
}

/* A sticky reader of one line's members. */
struct line {
	const json_t *json;
	bool bad;
};

static uint64_t number(struct line *l, const char *key)
{
	const json_t *v = json_object_get(l->json, key);

	l->bad |= !json_is_integer(v) || json_integer_value(v) < 0;
	return l->bad ? 0 : (uint64_t)json_integer_value(v);
}

static uint8_t byte(struct line *l, const char *key)
{
	uint64_t v = number(l, key);

	l->bad |= v > UINT8_MAX;
	return (uint8_t)v;
}

static const char *text(struct line *l, const char *key)
{
	const char *v = json_string_value(json_object_get(l->json, key));

	l->bad |= !v;
	return v ? v : "";
}

static void hex(struct line *l, const char *key, uint8_t *dst, size_t len)
{
	l->bad |= tp_text_parse_hex(tp_span_of(text(l, key)), dst, len) != TP_OK;
}

static bool take_record(struct line *l, struct tp_audit_check *c)
{
	struct tp_audit_record r = {
		.sequence = number(l, "record"),
		.at_ms = number(l, "at-ms"),
		.kind = byte(l, "kind"),
		.severity = byte(l, "severity"),
		.name = text(l, "name"),
		.text = text(l, "text"),
		.user = text(l, "user"),
		.source = text(l, "source"),
		.path = text(l, "path"),
		.before = text(l, "before"),
		.after = text(l, "after"),
	};

	hex(l, "boot", r.boot, sizeof(r.boot));
	hex(l, "hash", r.hash, sizeof(r.hash));
	if (l->bad)
		return false;
	tp_audit_check_record(c, &r);
	return true;
}

static bool read_head(struct line *l, const char *key, uint8_t kind, struct tp_audit_head *h)
{
	*h = (struct tp_audit_head){
		.kind = kind,
		.counter = number(l, "counter"),
		.sequence = number(l, key),
		.at_ms = number(l, "at-ms"),
	};
	hex(l, "hash", h->hash, sizeof(h->hash));
	hex(l, "boot", h->boot, sizeof(h->boot));
	hex(l, "signature", h->signature, sizeof(h->signature));
	return !l->bad;
}

/* What the log goes on from comes before all records. */
static bool take_checkpoint(struct line *l, const uint8_t key[TP_AUDIT_PUBLIC], struct tp_audit_check *c)
{
	struct tp_audit_head h;

	if (c->records || c->heads || !read_head(l, "checkpoint", TP_AUDIT_CHECKPOINT, &h))
		return false;
	tp_audit_check_begin(c, &h);
	if (!tp_audit_head_is_signed(key, &h))
		tp_audit_check_forged(c, h.sequence);
	return true;
}

static bool take(const json_t *json, const uint8_t key[TP_AUDIT_PUBLIC], struct tp_audit_check *c,
		 bool first)
{
	struct line l = { .json = json };
	struct tp_audit_head h;

	if (first)
		return json_integer_value(json_object_get(json, "turnpike-audit")) == 1;
	if (json_object_get(json, "record"))
		return take_record(&l, c);
	if (json_object_get(json, "checkpoint"))
		return take_checkpoint(&l, key, c);
	if (!json_object_get(json, "head") || !read_head(&l, "head", TP_AUDIT_HEAD, &h))
		return false;
	tp_audit_check_head(c, &h, tp_audit_head_is_signed(key, &h));
	return true;
}

enum tp_err tp_ctl_audit_export(FILE *f, const uint8_t key[TP_AUDIT_PUBLIC], struct tp_audit_check *c,
				struct tp_diag *diag)
{
	char *line = malloc(TP_CTL_EXPORT_LINE_MAX);
	unsigned long at = 0;
	bool good = line != NULL;

	tp_audit_check_begin(c, NULL);
	while (good && fgets(line, TP_CTL_EXPORT_LINE_MAX, f)) {
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		good = json && take(json, key, c, at++ == 0);
		json_decref(json);
	}
	free(line);
	if (!good || at == 0)
		return tp_fail(diag, TP_FORMAT, "export", "line %lu is not one of an exported audit log",
			       at ? at : 1);
	return TP_OK;
}
