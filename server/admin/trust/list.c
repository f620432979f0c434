/* The list of trusted authorities. Runs in turnpike-admin. */
#include "admin/trust/list.h"

#include <ctype.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/certificates/facts.h"
#include "admin/http/router.h"
#include "admin/http/times.h"
#include "admin/trust/bundle.h"

enum { NAME_MAX_BYTES = 63 };

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? text : "";
}

static const json_t *find(const json_t *list, const char *name)
{
	size_t i;
	json_t *entry;

	json_array_foreach(list, i, entry)
	{
		if (!strcmp(text_of(entry, "name"), name))
			return entry;
	}
	return NULL;
}

/* Calls each for every certificate of an entry's PEM text; part counts from 1. */
typedef void (*each_certificate)(void *arg, const json_t *entry, X509 *certificate, size_t part);

static size_t walk_entry(const json_t *entry, each_certificate each, void *arg)
{
	const char *pem = text_of(entry, "certificate");
	BIO *bio = BIO_new_mem_buf(pem, -1);
	size_t part = 0;
	X509 *x;

	while (bio && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		each(arg, entry, x, ++part);
		X509_free(x);
	}
	BIO_free(bio);
	ERR_clear_error();
	return part;
}

static void walk(const json_t *list, each_certificate each, void *arg)
{
	size_t i;
	json_t *entry;

	json_array_foreach(list, i, entry)
		walk_entry(entry, each, arg);
}

/* ------------------------------------------------------------------------- names */

/* What the model takes for a name (turnpike-system:entry-name), made of any text. */
static void make_name(const char *text, char name[NAME_MAX_BYTES + 1])
{
	size_t n = 0;

	for (const char *p = text; *p && n < NAME_MAX_BYTES; p++) {
		bool plain = isalnum((unsigned char)*p) && !(*p & 0x80);

		if (plain)
			name[n++] = *p;
		else if (n && !strchr(" -", name[n - 1]))
			name[n++] = strchr(" ._", *p) ? *p : '-';
	}
	while (n && (name[n - 1] == ' ' || name[n - 1] == '-'))
		n--;
	name[n] = '\0';
}

/* A name that the list does not have yet: of the common name, else of the fingerprint. */
static void choose_name(const json_t *list, const struct tp_facts *facts,
			char name[NAME_MAX_BYTES + 1])
{
	char base[NAME_MAX_BYTES + 1];

	make_name(facts->common_name, base);
	if (!base[0])
		snprintf(base, sizeof(base), "CA-%.2s%.2s%.2s%.2s", facts->sha256, facts->sha256 + 3,
			 facts->sha256 + 6, facts->sha256 + 9);
	tp_text_copy(name, NAME_MAX_BYTES + 1, base);
	for (unsigned i = 2; find(list, name); i++)
		snprintf(name, NAME_MAX_BYTES + 1, "%.56s %u", base, i);
}

/* ------------------------------------------------------------------------ append */

/* Every certificate of the list, read once. */
struct shelf {
	struct {
		X509 *certificate;
		const char *name; /* of its entry */
	} *at;
	size_t count, room;
	bool failed;
};

static void put_on_shelf(void *arg, const json_t *entry, X509 *x, size_t part)
{
	struct shelf *s = arg;

	(void)part;
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		void *more = reallocarray(s->at, room, sizeof(*s->at));

		if (!more) {
			s->failed = true;
			return;
		}
		s->at = more;
		s->room = room;
	}
	if (X509_up_ref(x) != 1)
		return;
	s->at[s->count].certificate = x;
	s->at[s->count++].name = text_of(entry, "name");
}

static void shelf_fini(struct shelf *s)
{
	for (size_t i = 0; i < s->count; i++)
		X509_free(s->at[i].certificate);
	free(s->at);
}

struct known {
	const char *same;     /* name of the entry that holds the same certificate */
	const char *namesake; /* name of the entry with its subject and issuer */
	char what[160];	      /* about the namesake */
};

static void look(const struct shelf *shelf, X509 *wanted, struct known *k)
{
	char until[TP_TIMES_TEXT];
	struct tp_facts facts;

	for (size_t i = 0; i < shelf->count && !k->same; i++) {
		X509 *x = shelf->at[i].certificate;

		if (!X509_cmp(x, wanted)) {
			k->same = shelf->at[i].name;
		} else if (!k->namesake &&
			   !X509_NAME_cmp(X509_get_subject_name(x), X509_get_subject_name(wanted)) &&
			   !X509_NAME_cmp(X509_get_issuer_name(x), X509_get_issuer_name(wanted)) &&
			   tp_facts_read(x, &facts) == TP_OK) {
			k->namesake = shelf->at[i].name;
			snprintf(k->what, sizeof(k->what), "serial %.60s, until %.10s", facts.serial,
				 tp_times_write((uint64_t)facts.not_after * 1000, until));
		}
	}
}

static void add_result(json_t *results, const char *result, const char *name,
		       const struct tp_facts *facts, const char *fmt, ...) TP_PRINTF(5, 6);
static void add_result(json_t *results, const char *result, const char *name,
		       const struct tp_facts *facts, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(results, json_pack("{s:s, s:s?, s:o, s:s, s:o}", "result", result,
						 "name", name, "subject",
						 tp_json_text(facts ? facts->subject : ""), "sha256",
						 facts ? facts->sha256 : "", "text",
						 tp_json_text(text)));
}

static size_t pem_bytes(const json_t *list)
{
	size_t bytes = 0, i;
	json_t *entry;

	json_array_foreach(list, i, entry)
		bytes += json_string_length(json_object_get(entry, "certificate")) +
			 json_string_length(json_object_get(entry, "crl")) + 2;
	return bytes;
}

/* Why it may not be an authority in this list; NULL when it may. */
static const char *refusal(X509 *x, const struct tp_facts *facts, int64_t now_s)
{
	if (!facts->ca && X509_get_version(x) < 2)
		return "it is a certificate of version 1, which cannot say that it is an authority's";
	if (!facts->ca)
		return "it is not the certificate of an authority: it lacks the basic constraint CA:TRUE";
	if (!(X509_get_key_usage(x) & KU_KEY_CERT_SIGN))
		return "its key usage does not let it sign certificates";
	if (facts->not_after < now_s)
		return "it has expired";
	if (!X509_get0_pubkey(x))
		return "its key cannot be read";
	return NULL;
}

static json_t *entry_new(const char *name, X509 *x, const json_t *use)
{
	BIO *bio = BIO_new(BIO_s_mem());
	json_t *entry = NULL;
	char *bytes;
	long n;

	if (bio && PEM_write_bio_X509(bio, x) == 1 && (n = BIO_get_mem_data(bio, &bytes)) > 0)
		entry = json_pack("{s:s, s:s%}", "name", name, "certificate", bytes, (size_t)n);
	BIO_free(bio);
	if (entry && json_array_size(use))
		json_object_set_new(entry, "use", json_deep_copy(use));
	return entry;
}

struct append {
	json_t *list;
	struct shelf shelf;
	const json_t *use;
	int64_t now_s;
	json_t *results;
	size_t added;
};

static void add_new(struct append *a, X509 *x, const struct tp_facts *facts)
{
	char name[NAME_MAX_BYTES + 1];
	json_t *entry;
	size_t bytes;

	choose_name(a->list, facts, name);
	entry = entry_new(name, x, a->use);
	bytes = pem_bytes(a->list) + json_string_length(json_object_get(entry, "certificate")) + 2;
	if (entry && bytes > TP_TRUST_PEM_MAX) {
		json_decref(entry);
		add_result(a->results, "refused", NULL, facts,
			   "Not added: the list would be more than 1 MiB in PEM form.");
	} else if (!json_array_append_new(a->list, entry)) {
		put_on_shelf(&a->shelf, entry, x, 1);
		a->added++;
		add_result(a->results, "added", name, facts, "Added as %s.", name);
	}
}

static void add_certificate(struct append *a, X509 *x)
{
	struct known known = { 0 };
	struct tp_facts facts;
	const char *why;

	if (tp_facts_read(x, &facts) != TP_OK)
		return;
	look(&a->shelf, x, &known);
	why = refusal(x, &facts, a->now_s);
	if (known.same)
		add_result(a->results, "known", known.same, &facts, "Trusted already, as %s.", known.same);
	else if (why)
		add_result(a->results, "refused", NULL, &facts, "Not added: %s.", why);
	else if (known.namesake)
		add_result(a->results, "refused", NULL, &facts,
			   "Not added: %s has this subject and issuer with another certificate (%s). "
			   "Delete that one first.", known.namesake, known.what);
	else if (json_array_size(a->list) >= TP_TRUST_MAX)
		add_result(a->results, "refused", NULL, &facts,
			   "Not added: the list holds %d authorities, which is its limit.", TP_TRUST_MAX);
	else
		add_new(a, x, &facts);
}

static bool is_certificate(const char *block)
{
	return !strcmp(block, PEM_STRING_X509) || !strcmp(block, PEM_STRING_X509_OLD) ||
	       !strcmp(block, PEM_STRING_X509_TRUSTED);
}

static void refuse_block(json_t *results, const char *block)
{
	if (strstr(block, "PRIVATE KEY"))
		add_result(results, "refused", NULL, NULL,
			   "Not added: a private key. It was not kept; it has no place here.");
	else
		add_result(results, "refused", NULL, NULL,
			   "Not added: this block is not a certificate.");
}

/* ------------------------------------------------------------------ revocation lists */

/* Lists that stand with a trusted authority count for LDAP (row 63). Nothing is believed
 * of them here: who uses them checks their signatures. */
enum { CRL_TEXT_MAX = 262144 }; /* of one entry, in the model */

struct sought {
	X509_CRL *crl;
	bool found;
};

static void look_for_issuer(void *arg, const json_t *entry, X509 *x, size_t part)
{
	struct sought *s = arg;

	(void)entry;
	(void)part;
	s->found = s->found || (!X509_NAME_cmp(X509_get_subject_name(x), X509_CRL_get_issuer(s->crl)) &&
				X509_CRL_verify(s->crl, X509_get0_pubkey(x)) == 1);
}

/* The entry of its issuer, else that of the first authority in the same text. */
static json_t *entry_for(const json_t *list, X509_CRL *crl, const json_t *results)
{
	size_t i, k;
	json_t *entry, *result;

	json_array_foreach(list, i, entry)
	{
		struct sought s = { .crl = crl };

		walk_entry(entry, look_for_issuer, &s);
		if (s.found)
			return entry;
	}
	json_array_foreach(results, i, result)
	{
		const char *name = json_string_value(json_object_get(result, "name"));

		json_array_foreach(name ? list : NULL, k, entry)
			if (!strcmp(text_of(entry, "name"), name))
				return entry;
	}
	return NULL;
}

static bool same_extension(const X509_CRL *a, const X509_CRL *b, int nid)
{
	int i = X509_CRL_get_ext_by_NID(a, nid, -1), k = X509_CRL_get_ext_by_NID(b, nid, -1);

	if (i < 0 || k < 0)
		return i < 0 && k < 0;
	return !ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(X509_CRL_get_ext(a, i)),
				      X509_EXTENSION_get_data(X509_CRL_get_ext(b, k)));
}

/* One takes the place of the other: of one issuer, and about the same certificates. */
static bool replaces(const X509_CRL *a, const X509_CRL *b)
{
	return !X509_CRL_cmp(a, b) && same_extension(a, b, NID_issuing_distribution_point) &&
	       same_extension(a, b, NID_delta_crl);
}

/* The text of an entry's lists with this one; NULL with *why when it stays as it is. */
static BIO *join_lists(const json_t *entry, X509_CRL *crl, const char **why)
{
	BIO *old = BIO_new_mem_buf(text_of(entry, "crl"), -1), *out = BIO_new(BIO_s_mem());
	bool good = old && out;
	X509_CRL *at;

	*why = NULL;
	while (good && !*why && (at = PEM_read_bio_X509_CRL(old, NULL, NULL, NULL))) {
		bool same = replaces(at, crl);

		if (!X509_CRL_match(at, crl))
			*why = "known";
		else if (same && ASN1_TIME_compare(X509_CRL_get0_lastUpdate(at), X509_CRL_get0_lastUpdate(crl)) > 0)
			*why = "newer";
		else if (!same)
			good = PEM_write_bio_X509_CRL(out, at) == 1;
		X509_CRL_free(at);
	}
	BIO_free(old);
	ERR_clear_error();
	if (good && !*why && PEM_write_bio_X509_CRL(out, crl) == 1)
		return out;
	if (!*why)
		*why = "memory";
	BIO_free(out);
	return NULL;
}

/* In the place of the entry, which others may hold too. */
static bool replace_entry(json_t *list, const json_t *entry, const char *text, size_t len)
{
	json_t *changed = json_deep_copy(entry);
	size_t i = 0;

	while (i < json_array_size(list) && json_array_get(list, i) != entry)
		i++;
	if (changed && !json_object_set_new(changed, "crl", json_stringn(text, len)))
		return !json_array_set_new(list, i, changed);
	json_decref(changed);
	return false;
}

static bool keep_crl(struct append *a, X509_CRL *crl)
{
	json_t *entry = entry_for(a->list, crl, a->results);
	const char *why = NULL;
	BIO *text = entry ? join_lists(entry, crl, &why) : NULL;
	char *bytes = NULL;
	long n = text ? BIO_get_mem_data(text, &bytes) : 0;
	char name[NAME_MAX_BYTES + 1] = "";
	bool kept = false;

	tp_text_copy(name, sizeof(name), entry ? text_of(entry, "name") : "");
	if (!entry)
		add_result(a->results, "refused", NULL, NULL,
			   "Not added: a revocation list that no trusted CA signed. Append it together with a CA.");
	else if (!text && !strcmp(why, "known"))
		add_result(a->results, "known", name, NULL, "This revocation list is kept already, with %s.", name);
	else if (!text)
		add_result(a->results, "refused", name, NULL, "Not added: %s.",
			   strcmp(why, "newer") ? "there is not enough memory" : "a newer revocation list is kept");
	else if (n > CRL_TEXT_MAX || pem_bytes(a->list) + (size_t)n > TP_TRUST_PEM_MAX)
		add_result(a->results, "refused", name, NULL, "Not added: this revocation list is too large.");
	else
		kept = replace_entry(a->list, entry, bytes, (size_t)n);
	if (kept)
		add_result(a->results, "added", name, NULL,
			   "A revocation list, kept with %s. It counts for LDAP, where CRLs are checked.", name);
	BIO_free(text);
	return kept;
}

static void keep_crls(struct append *a, STACK_OF(X509_CRL) *crls)
{
	for (int i = 0; i < sk_X509_CRL_num(crls); i++)
		a->added += keep_crl(a, sk_X509_CRL_value(crls, i));
}

static void put_aside(STACK_OF(X509_CRL) *crls, json_t *results, const unsigned char *der, long len)
{
	X509_CRL *crl = d2i_X509_CRL(NULL, &der, len);

	if (crl && sk_X509_CRL_push(crls, crl) > 0)
		return;
	X509_CRL_free(crl);
	add_result(results, "refused", NULL, NULL, "Not added: this revocation list is damaged.");
}

size_t tp_trust_append(json_t *list, struct tp_span pem, const json_t *use, int64_t now_s,
		       json_t *results)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	char *block = NULL, *header = NULL;
	struct append a = { .list = list, .use = use, .now_s = now_s, .results = results };
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null(); /* their issuers may come later */
	unsigned char *der = NULL;
	long len;

	walk(list, put_on_shelf, &a.shelf);
	while (bio && PEM_read_bio(bio, &block, &header, &der, &len)) {
		const unsigned char *at = der;
		X509 *x = NULL;

		if (crls && !strcmp(block, PEM_STRING_X509_CRL))
			put_aside(crls, results, der, len);
		else if (!is_certificate(block))
			refuse_block(results, block);
		else if (!(x = strcmp(block, PEM_STRING_X509_TRUSTED) ? d2i_X509(NULL, &at, len) :
									d2i_X509_AUX(NULL, &at, len)))
			add_result(results, "refused", NULL, NULL, "Not added: this certificate is damaged.");
		else
			add_certificate(&a, x);
		X509_free(x);
		OPENSSL_free(block);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		add_result(results, "refused", NULL, NULL,
			   "What follows is damaged: it begins like PEM and does not end like it.");
	keep_crls(&a, crls);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	BIO_free(bio);
	shelf_fini(&a.shelf);
	ERR_clear_error();
	return a.shelf.failed ? 0 : a.added;
}

/* ------------------------------------------------------------------------ delete */

enum tp_err tp_trust_delete(json_t *list, const json_t *names, struct tp_diag *diag)
{
	json_t *name;
	size_t i, k;

	if (!json_array_size(names))
		return tp_fail(diag, TP_FORMAT, "/names", "Name at least one authority.");
	json_array_foreach(names, i, name)
	{
		if (!json_is_string(name))
			return tp_fail(diag, TP_FORMAT, "/names", "Names are texts.");
		if (!find(list, json_string_value(name)))
			return tp_fail(diag, TP_NOTFOUND, "/names", "There is no trusted CA %s.",
				       json_string_value(name));
	}
	json_array_foreach(names, i, name)
	{
		for (k = json_array_size(list); k-- > 0;) {
			if (!strcmp(text_of(json_array_get(list, k), "name"), json_string_value(name)))
				json_array_remove(list, k);
		}
	}
	return TP_OK;
}

/* ------------------------------------------------------------------- the default */

json_t *tp_trust_default(int64_t now_s)
{
	json_t *list = json_array(), *results = json_array();
	json_t *use = json_pack("[s]", "sip");

	if (list && results && use)
		tp_trust_append(list, tp_trust_bundle(), use, now_s, results);
	json_decref(results);
	json_decref(use);
	return list;
}

static void note(void *arg, const json_t *entry, X509 *x, size_t part)
{
	struct tp_facts facts;

	(void)entry;
	(void)part;
	if (tp_facts_read(x, &facts) == TP_OK)
		json_object_set_new(arg, facts.sha256, json_true());
}

/* Fingerprints of the bundle, as members of an object. */
static json_t *bundle_fingerprints(void)
{
	struct tp_span pem = tp_trust_bundle();
	json_t *entry = json_pack("{s:s%}", "certificate", pem.p, pem.len);
	json_t *set = json_object();

	walk_entry(entry, note, set);
	json_decref(entry);
	return set;
}

size_t tp_trust_count_default(const json_t *list)
{
	json_t *bundle = bundle_fingerprints(), *ours = json_object();
	size_t count = 0;
	const char *sha256;
	json_t *value;

	walk(list, note, ours);
	json_object_foreach(ours, sha256, value)
		count += json_object_get(bundle, sha256) != NULL;
	json_decref(bundle);
	json_decref(ours);
	return count;
}

/* -------------------------------------------------------------------------- rows */

struct rows {
	json_t *list;
	const char *state;
	size_t parts;
	json_t *bundle;
};

static void add_row(void *arg, const json_t *entry, X509 *x, size_t part)
{
	struct rows *r = arg;
	struct tp_facts f;
	json_t *use = json_object_get(entry, "use");

	if (tp_facts_read(x, &f) != TP_OK)
		return;
	json_array_append_new(
		r->list,
		json_pack("{s:s, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:b}", "name",
			  text_of(entry, "name"), "part", (json_int_t)part, "parts", (json_int_t)r->parts,
			  "state", r->state, "use", use ? json_incref(use) : json_array(), "subject",
			  tp_json_text(f.subject), "issuer", tp_json_text(f.issuer), "common-name",
			  tp_json_text(f.common_name), "type", f.self_signed ? "self-signed" : "CA-signed",
			  "serial", f.serial, "sha256", f.sha256, "not-before-at",
			  tp_times_json((uint64_t)f.not_before * 1000), "not-after-at",
			  tp_times_json((uint64_t)f.not_after * 1000), "default",
			  json_object_get(r->bundle, f.sha256) != NULL));
}

static void count_part(void *arg, const json_t *entry, X509 *x, size_t part)
{
	(void)entry;
	(void)x;
	*(size_t *)arg = part;
}

static void add_entry(struct rows *r, const json_t *entry, const char *state)
{
	r->state = state;
	r->parts = 0;
	walk_entry(entry, count_part, &r->parts);
	walk_entry(entry, add_row, r);
	/* By the configuration API anything that looks like PEM may have come in. */
	if (!r->parts)
		json_array_append_new(
			r->list,
			json_pack("{s:s, s:i, s:i, s:s, s:[], s:s, s:s, s:s, s:s, s:s, s:s, s:n, s:n, s:b}",
				  "name", text_of(entry, "name"), "part", 1, "parts", 1, "state", state,
				  "use", "subject", "does not read", "issuer", "", "common-name", "", "type",
				  "unreadable", "serial", "", "sha256", "", "not-before-at", "not-after-at",
				  "default", 0));
}

json_t *tp_trust_rows(const json_t *shown, const json_t *running)
{
	struct rows r = { .list = json_array(), .bundle = bundle_fingerprints() };
	size_t i;
	json_t *entry;

	json_array_foreach(shown, i, entry)
	{
		const json_t *before = find(running, text_of(entry, "name"));

		add_entry(&r, entry,
			  !before ? "new" : json_equal(before, entry) ? "in-force" : "changed");
	}
	json_array_foreach(running, i, entry)
	{
		if (!find(shown, text_of(entry, "name")))
			add_entry(&r, entry, "deleted");
	}
	json_decref(r.bundle);
	return r.list;
}

/* ----------------------------------------------------------------------- showing */

struct print {
	BIO *out;
	bool decoded;
	bool failed;
};

static void print_one(void *arg, const json_t *entry, X509 *x, size_t part)
{
	struct print *p = arg;
	char *text = NULL;
	size_t len;

	(void)part;
	if (!p->decoded) {
		p->failed |= BIO_printf(p->out, "# %s\n", text_of(entry, "name")) < 0 ||
			     PEM_write_bio_X509(p->out, x) != 1;
		return;
	}
	p->failed |= tp_facts_print(x, &text, &len) != TP_OK ||
		     BIO_printf(p->out, "%s\n", text_of(entry, "name")) < 0 ||
		     BIO_write(p->out, text, (int)len) != (int)len || BIO_write(p->out, "\n", 1) != 1;
	free(text);
}

static enum tp_err print(const json_t *list, const char *name, bool decoded, char **out, size_t *len)
{
	const json_t *one = name ? find(list, name) : NULL;
	struct print p = { .out = BIO_new(BIO_s_mem()), .decoded = decoded };
	enum tp_err err = TP_OK;
	char *bytes = NULL;
	long n = 0;

	if (name && !one)
		err = TP_NOTFOUND;
	else if (!p.out)
		err = TP_NOMEM;
	else if (one)
		walk_entry(one, print_one, &p);
	else
		walk(list, print_one, &p);
	if (err == TP_OK) {
		n = BIO_get_mem_data(p.out, &bytes);
		*out = malloc((size_t)n + 1);
		err = p.failed || !*out ? TP_NOMEM : TP_OK;
	}
	if (err == TP_OK) {
		if (n)
			memcpy(*out, bytes, (size_t)n);
		*len = (size_t)n;
	}
	BIO_free(p.out);
	return err;
}

enum tp_err tp_trust_pem(const json_t *list, const char *name, char **out, size_t *len)
{
	return print(list, name, false, out, len);
}

enum tp_err tp_trust_text(const json_t *list, const char *name, char **out, size_t *len)
{
	return print(list, name, true, out, len);
}
