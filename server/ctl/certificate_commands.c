/* `turnpikectl certificate check`: the product's own certificate checker over files.
 * Runs in turnpikectl, without a daemon. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ctl/commands.h"
#include "ctl/print.h"
#include "tls/check.h"

enum { FILE_MAX_BYTES = 64 << 20, ACCEPTED = 0, REFUSED = 1, UNREADABLE = 2 };

struct files {
	const char *chain, *trust, *crl;
};

struct wanted {
	struct tp_tls_check check;
	struct files files;
	const char *at;
	bool purpose_given;
	bool json;
};

static int unreadable(const char *what, const char *why)
{
	fprintf(stderr, "turnpikectl: %s: %s\n", what, why);
	return UNREADABLE;
}

/* ---------------------------------------------------------------------- arguments */

static bool take_purpose(const char *text, enum tp_tls_purpose *out)
{
	static const char *const names[] = { "any", "server", "client", "web-login" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*out = (enum tp_tls_purpose)i;
			return true;
		}
	}
	return false;
}

/* "+01:30" in seconds. */
static bool take_offset(const char *p, int64_t *out)
{
	int64_t hours, minutes;

	if (strlen(p) != 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':' || strspn(p + 1, "0123456789") != 2 ||
	    strspn(p + 4, "0123456789") != 2)
		return false;
	hours = (p[1] - '0') * 10 + (p[2] - '0');
	minutes = (p[4] - '0') * 10 + (p[5] - '0');
	*out = (p[0] == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
	return hours < 24 && minutes < 60;
}

/* RFC 3339: 2026-11-22T01:02:03Z, with a fraction (dropped) and an offset allowed. */
static bool take_time(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t offset = 0;

	if (!p)
		p = strptime(text, "%Y-%m-%dt%H:%M:%S", &tm);
	if (!p)
		p = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
	if (!p)
		return false;
	if (*p == '.') {
		size_t digits = strspn(p + 1, "0123456789");

		if (digits == 0)
			return false;
		p += 1 + digits;
	}
	if (strcmp(p, "Z") && strcmp(p, "z") && !take_offset(p, &offset))
		return false;
	*out = (int64_t)timegm(&tm) - offset;
	return true;
}

static bool take_policy(struct wanted *w, const char *text)
{
	ASN1_OBJECT *policy = OBJ_txt2obj(text, 1);

	if (!w->check.policies)
		w->check.policies = sk_ASN1_OBJECT_new_null();
	if (policy && w->check.policies && sk_ASN1_OBJECT_push(w->check.policies, policy) > 0)
		return true;
	ASN1_OBJECT_free(policy);
	return false;
}

/* Options without a value; false when it is none of them. */
static bool take_switch(struct wanted *w, const char *name)
{
	if (!strcmp(name, "--require-explicit-policy"))
		w->check.require_explicit_policy = true;
	else if (!strcmp(name, "--inhibit-policy-mapping"))
		w->check.inhibit_policy_mapping = true;
	else if (!strcmp(name, "--inhibit-any-policy"))
		w->check.inhibit_any_policy = true;
	else if (!strcmp(name, "--json"))
		w->json = true;
	else
		return false;
	return true;
}

static bool take_value(struct wanted *w, const char *name, const char *value)
{
	if (!strcmp(name, "--purpose"))
		return w->purpose_given = take_purpose(value, &w->check.purpose);
	if (!strcmp(name, "--at"))
		return take_time(value, &w->check.at);
	if (!strcmp(name, "--policy-oid"))
		return take_policy(w, value);
	if (!strcmp(name, "--trust"))
		w->files.trust = value;
	else if (!strcmp(name, "--crl"))
		w->files.crl = value;
	else if (!strcmp(name, "--name") && value[0]) /* an empty one would let any name pass */
		w->check.name = value;
	else
		return false;
	return true;
}

static int take_arguments(struct wanted *w, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) != 0) {
			if (w->files.chain)
				return unreadable(argv[i], "one chain file is expected");
			w->files.chain = argv[i];
		} else if (!take_switch(w, argv[i])) {
			if (i + 1 == argc)
				return unreadable(argv[i], "not an option, or its value is missing");
			if (!take_value(w, argv[i], argv[i + 1]))
				return unreadable(argv[i], "not an option, or its value is not valid");
			i++;
		}
	}
	if (!w->files.chain || !w->purpose_given)
		return unreadable("certificate check", "--purpose server|client|web-login|any and a chain file are "
						       "needed");
	return ACCEPTED;
}

/* -------------------------------------------------------------------------- files */

static char *read_whole(const char *name, size_t *len)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "rb") : stdin;
	char *text = NULL;
	size_t size = 0;

	*len = 0;
	while (f && *len <= FILE_MAX_BYTES && !feof(f) && !ferror(f)) {
		char *more;

		if (*len == size) {
			size = size ? size * 2 : 1 << 16;
			more = realloc(text, size);
			if (!more)
				break;
			text = more;
		}
		*len += fread(text + *len, 1, size - *len, f);
	}
	if (!f || !feof(f) || ferror(f)) {
		unreadable(name, !f || ferror(f) ? strerror(errno) : "larger than 64 MiB");
		free(text);
		text = NULL;
	}
	if (f && f != stdin)
		fclose(f);
	return text;
}

static int read_pem(const char *name, unsigned max, STACK_OF(X509) **certificates,
		    STACK_OF(X509_CRL) **crls)
{
	struct tp_diag diag = { "", "" };
	enum tp_err err;
	size_t len;
	char *text = read_whole(name, &len);

	if (!text)
		return UNREADABLE;
	err = tp_tls_check_read((struct tp_span){ text, len }, max, certificates, crls, &diag);
	free(text);
	return err == TP_OK ? ACCEPTED : unreadable(name, diag.text[0] ? diag.text : tp_err_name(err));
}

static int read_crls(struct wanted *w)
{
	STACK_OF(X509) *signers = NULL;
	int result;

	if (!w->files.crl)
		return ACCEPTED;
	w->check.check_crls = true;
	result = read_pem(w->files.crl, TP_TLS_CHECK_OTHERS_MAX, &signers, &w->check.crls);
	while (sk_X509_num(signers) > 0) {
		X509 *x = sk_X509_shift(signers);

		if (sk_X509_push(w->check.others, x) <= 0) {
			X509_free(x);
			result = unreadable(w->files.crl, "no memory");
		}
	}
	sk_X509_free(signers);
	return result;
}

static int read_files(struct wanted *w)
{
	int result = read_pem(w->files.chain, TP_TLS_CHECK_OTHERS_MAX, &w->check.others, NULL);

	if (result != ACCEPTED)
		return result;
	w->check.leaf = sk_X509_shift(w->check.others);
	if (!w->check.leaf)
		return unreadable(w->files.chain, "no certificate in it");
	if (w->files.trust) {
		result = read_pem(w->files.trust, TP_TLS_TRUSTED_MAX, &w->check.anchors, NULL);
		if (result == ACCEPTED && sk_X509_num(w->check.anchors) == 0)
			result = unreadable(w->files.trust, "no certificate in it");
	}
	return result == ACCEPTED ? read_crls(w) : result;
}

/* ------------------------------------------------------------------------- answer */

static json_t *path_json(const struct tp_tls_checked *checked)
{
	json_t *path = json_array();

	for (int i = 0; i < sk_X509_num(checked->path); i++) {
		char *subject = X509_NAME_oneline(X509_get_subject_name(sk_X509_value(checked->path, i)), NULL, 0);

		json_array_append_new(path, json_string(subject ? subject : ""));
		OPENSSL_free(subject);
	}
	return path;
}

static void show_json(const struct tp_tls_checked *checked)
{
	json_t *policies = json_array();
	json_t *answer;

	for (unsigned i = 0; i < checked->policy_count; i++)
		json_array_append_new(policies, json_string(checked->policies[i]));
	answer = json_pack("{s:b, s:s, s:o, s:o}", "accepted", checked->accepted, "reason", checked->reason,
			   "path", path_json(checked), "policies", policies);
	if (!checked->accepted) {
		json_object_set_new(answer, "depth", json_integer(checked->depth));
		json_object_set_new(answer, "subject", json_string(checked->subject));
		json_object_set_new(answer, "code", json_string(X509_verify_cert_error_string(checked->error)));
	}
	tp_ctl_json(answer);
	json_decref(answer);
}

static void show(const struct tp_tls_checked *checked)
{
	fputs(checked->accepted ? "accepted" : "refused: ", stdout);
	tp_ctl_put_text(stdout, checked->reason);
	putchar('\n');
}

static void forget(struct wanted *w)
{
	X509_free(w->check.leaf);
	sk_X509_pop_free(w->check.others, X509_free);
	sk_X509_pop_free(w->check.anchors, X509_free);
	sk_X509_CRL_pop_free(w->check.crls, X509_CRL_free);
	sk_ASN1_OBJECT_pop_free(w->check.policies, ASN1_OBJECT_free);
}

static int check(const struct tp_ctl *ctl, int argc, char **argv)
{
	struct wanted w = { .check = { .at = time(NULL), .profile = true }, .json = ctl->json };
	struct tp_tls_checked checked;
	int result;

	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	result = take_arguments(&w, argc, argv);
	if (result == ACCEPTED)
		result = read_files(&w);
	if (result == ACCEPTED) {
		tp_tls_check_run(&w.check, &checked);
		if (w.json)
			show_json(&checked);
		else
			show(&checked);
		result = checked.accepted ? ACCEPTED : REFUSED;
		tp_tls_checked_fini(&checked);
	}
	forget(&w);
	return result;
}

static int certificate(const struct tp_ctl *ctl, int argc, char **argv)
{
	if (strcmp(argv[0], "check") != 0)
		return unreadable(argv[0], "the command is: certificate check ...");
	return check(ctl, argc - 1, argv + 1);
}

const struct tp_ctl_command tp_ctl_certificate_commands[] = {
	{ "certificate", "check --purpose P [...] FILE", "judges a chain by files (docs/certificates.md)", 1, 200,
	  certificate },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
