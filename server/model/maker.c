/* What the parts share that make the records of model/slice.def. Runs in turnpike-validate and
 * turnpike-admin. */
#include "model/maker.h"

#include <stdlib.h>
#include <string.h>

enum { TRUSTED_MAX = 1048576 }; /* trusted_pem of slice.def */

void *tp_maker_array(struct tp_maker *m, size_t count, size_t size)
{
	void *p = count ? calloc(count, size) : NULL;

	if (count && !p)
		m->err = TP_NOMEM;
	return p;
}

void tp_maker_copy(struct tp_maker *m, char *dst, size_t size, const char *src)
{
	if (!tp_text_copy(dst, size, src) && m->err == TP_OK)
		m->err = TP_LIMIT;
}

uint16_t tp_maker_secret(struct tp_maker *m, const struct lyd_node *node, const char *name)
{
	const struct lyd_node *leaf = tp_leaf_child(node, name);
	char record[TP_MODEL_TEXT_MAX + 1];
	uint16_t number = 0;

	if (!leaf || m->err != TP_OK)
		return 0;
	m->err = tp_schema_record(leaf->schema, node, record, sizeof(record));
	if (m->err == TP_OK)
		m->err = tp_slice_writer_secret(m->writer, record, tp_span_of(lyd_get_value(leaf)),
						&number);
	return number;
}

const struct lyd_node *tp_maker_identity(const struct tp_maker *m, const char *id)
{
	const struct lyd_node *own = tp_leaf_child(m->tls, "identities");
	const struct lyd_node *at = NULL;

	while ((at = tp_leaf_next(own, "identity", at))) {
		if (!strcmp(tp_leaf_text(at, "id"), id))
			return at;
	}
	return tp_leaf_child(m->tls, "identity");
}

void tp_maker_certificate(const struct tp_maker *m, const char *id, const uint8_t **pem,
			  uint32_t *len)
{
	const char *text = tp_leaf_text(tp_maker_identity(m, id), "certificate");

	*pem = (const uint8_t *)text;
	*len = (uint32_t)strlen(text);
}

void tp_maker_policy(struct tp_maker *m, enum tp_tls_service service, enum tp_tls_side side,
		     struct tp_cfg_tls_policy *out)
{
	struct tp_tls_policy p;

	tp_leaf_tls_policy(m->tls, service, side, &p);
	out->least = (uint8_t)p.least;
	TP_MAKER_COPY(m, out->ciphers, p.ciphers);
	TP_MAKER_COPY(m, out->ciphersuites, p.ciphersuites);
	TP_MAKER_COPY(m, out->groups, p.groups);
}

/* An authority without a chosen use is trusted for all but people, who are many CAs' business. */
static bool is_for(const struct lyd_node *ca, const char *use)
{
	const struct lyd_node *at = NULL;

	while ((at = tp_leaf_next(ca, "use", at))) {
		if (!strcmp(lyd_get_value(at), use))
			return true;
	}
	return tp_leaf_count(ca, "use") == 0 && strcmp(use, "web-login") != 0;
}

char *tp_maker_trusted(struct tp_maker *m, const char *use, uint32_t *len)
{
	const struct lyd_node *ca = NULL;
	char *text = malloc(TRUSTED_MAX);
	struct tp_wr wr;

	if (!text) {
		m->err = TP_NOMEM;
		return NULL;
	}
	tp_wr_init(&wr, text, TRUSTED_MAX);
	while ((ca = tp_leaf_next(m->tls, "trusted-ca", ca))) {
		if (!is_for(ca, use))
			continue;
		tp_wr_text(&wr, tp_leaf_text(ca, "certificate"));
		tp_wr_text(&wr, "\n");
		/* The others have lists of their own (tls/revocation). */
		if (!strcmp(use, "ldap")) {
			tp_wr_text(&wr, tp_leaf_text(ca, "crl"));
			tp_wr_text(&wr, "\n");
		}
	}
	if (wr.err != TP_OK) {
		m->err = wr.err;
		m->trust_is_too_big = true;
	}
	*len = (uint32_t)wr.len;
	return text;
}
