/* Passwords of local administrators. Runs in turnpike-admin's workers. */
#include "admin/account/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/http/utf8.h"
#include "core/secret.h"
#include "core/text.h"
#include "os/random.h"

enum { SALT = 16, HASH = 32, LOG2_N = 15, R = 8, P = 1 };

struct parameters {
	uint8_t salt[SALT];
	uint8_t hash[HASH];
	uint8_t log2_n;
	uint8_t r;
	uint8_t p;
};

/* ------------------------------------------------------------------------- hash */

static enum tp_err derive(const struct tp_password_gate *gate, const char *password,
			  const struct parameters *with, bool urgent, uint8_t out[HASH])
{
	struct tp_msg_hash_ask ask = {
		.password_len = (uint16_t)strnlen(password, sizeof(ask.password)),
		.salt_len = SALT,
		.log2_n = with->log2_n,
		.r = with->r,
		.p = with->p,
		.urgent = urgent,
	};
	struct tp_msg_hash_made made;
	enum tp_err err;

	if (strlen(password) > sizeof(ask.password))
		return TP_LIMIT;
	memcpy(ask.password, password, ask.password_len);
	memcpy(ask.salt, with->salt, SALT);
	err = gate->derive(gate->arg, &ask, &made);
	tp_wipe(&ask, sizeof(ask));
	if (err != TP_OK)
		return err;
	if (made.err == TP_OK && made.hash_len == HASH)
		memcpy(out, made.hash, HASH);
	else
		err = made.err == TP_OK ? TP_FORMAT : (enum tp_err)made.err;
	tp_wipe(&made, sizeof(made));
	return err;
}

enum tp_err tp_password_hash(const struct tp_password_gate *gate, const char *password,
			     char out[TP_PASSWORD_HASH_MAX + 1])
{
	struct parameters made = { .log2_n = LOG2_N, .r = R, .p = P };
	char salt[32], hash[64];
	enum tp_err err;

	tp_random_bytes(made.salt, SALT);
	err = derive(gate, password, &made, true, made.hash);
	if (err != TP_OK)
		return err;
	tp_text_write_base64(salt, made.salt, SALT);
	tp_text_write_base64(hash, made.hash, HASH);
	snprintf(out, TP_PASSWORD_HASH_MAX + 1, "$scrypt$ln=%d,r=%d,p=%d$%s$%s", LOG2_N, R, P, salt, hash);
	tp_wipe(&made, sizeof(made));
	return TP_OK;
}

static enum tp_err read_number(struct tp_span s, const char *name, uint8_t *out)
{
	struct tp_span key = tp_span_split(&s, '=');
	uint64_t v;

	if (!tp_span_equal(key, tp_span_of(name)) || tp_text_parse_u64(s, 255, &v) != TP_OK)
		return TP_FORMAT;
	*out = (uint8_t)v;
	return TP_OK;
}

static enum tp_err read_hash(const char *text, struct parameters *out)
{
	struct tp_span rest = tp_span_of(text), costs, salt;
	size_t salt_len, hash_len;

	if (tp_span_split(&rest, '$').len || !tp_span_equal(tp_span_split(&rest, '$'), TP_SPAN("scrypt")))
		return TP_FORMAT;
	costs = tp_span_split(&rest, '$');
	salt = tp_span_split(&rest, '$');
	if (read_number(tp_span_split(&costs, ','), "ln", &out->log2_n) != TP_OK ||
	    read_number(tp_span_split(&costs, ','), "r", &out->r) != TP_OK ||
	    read_number(costs, "p", &out->p) != TP_OK ||
	    tp_text_parse_base64(salt, out->salt, SALT, &salt_len) != TP_OK || salt_len != SALT ||
	    tp_text_parse_base64(rest, out->hash, HASH, &hash_len) != TP_OK || hash_len != HASH)
		return TP_FORMAT;
	return TP_OK;
}

/* Compares, in constant time. */
static enum tp_err verify(const struct tp_password_gate *gate, const char *password,
			  const struct parameters *with, bool urgent)
{
	uint8_t got[HASH];
	enum tp_err err = derive(gate, password, with, urgent, got);

	if (err == TP_OK && !tp_equal_constant_time(got, with->hash, HASH))
		err = TP_AUTH;
	tp_wipe(got, sizeof(got));
	return err;
}

enum tp_err tp_password_verify_in(const struct tp_password_gate *gate, const char *password,
				  const char *hash, bool urgent)
{
	struct parameters stored = { .log2_n = LOG2_N, .r = R, .p = P };
	bool known = hash && read_hash(hash, &stored) == TP_OK;
	enum tp_err err;

	if (!known)
		stored = (struct parameters){ .log2_n = LOG2_N, .r = R, .p = P };
	err = verify(gate, password, &stored, urgent);
	tp_wipe(&stored, sizeof(stored));
	return err == TP_OK && !known ? TP_AUTH : err;
}

enum tp_err tp_password_verify(const struct tp_password_gate *gate, const char *password,
			       const char *hash)
{
	return tp_password_verify_in(gate, password, hash, true);
}

enum tp_err tp_password_verify_first(const struct tp_password_gate *gate, const char *password,
				     const struct tp_msg_first_login *first)
{
	struct parameters with = { .log2_n = first->log2_n, .r = first->r, .p = first->p };
	enum tp_err err;

	if (first->salt_len != SALT || first->hash_len != HASH)
		return TP_FORMAT;
	memcpy(with.salt, first->salt, SALT);
	memcpy(with.hash, first->hash, HASH);
	err = verify(gate, password, &with, false);
	tp_wipe(&with, sizeof(with));
	return err;
}
