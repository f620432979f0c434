/* Finding a path from a certificate to an anchor: every candidate issuer is tried, the
 * likeliest first, within fixed budgets. Used by sip, admin and turnpikectl. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "tls/check_internal.h"

enum { CANDIDATES_MAX = 64 }; /* of one certificate */

struct candidate {
	unsigned cert;
	int rank;
};

/* One certificate of the path under construction and the issuers not yet tried. */
struct step {
	struct candidate *candidates;
	unsigned count, next;
};

int tp_check_key_fits(const AUTHORITY_KEYID *authority, const struct tp_check_cert *issuer)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(issuer->x);
	int fits = 1;

	if (!authority)
		return 1;
	if (authority->keyid && id)
		fits = ASN1_OCTET_STRING_cmp(authority->keyid, id) == 0 ? 2 : 0;
	if (fits && authority->serial &&
	    ASN1_INTEGER_cmp(authority->serial, X509_get0_serialNumber(issuer->x)) != 0)
		fits = 0;
	return fits;
}

/* The parameters of a DSA key as they stand in the certificate; NULL without. */
static const ASN1_STRING *dsa_parameters(const X509 *x)
{
	const void *value;
	X509_ALGOR *algorithm;
	const ASN1_OBJECT *object;
	int type;

	X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x));
	X509_ALGOR_get0(&object, &type, &value, algorithm);
	return OBJ_obj2nid(object) == NID_dsa && type == V_ASN1_SEQUENCE ? value : NULL;
}

/* The key of x, whose DSA parameters are those of `from` (RFC 3279 section 2.3.2). */
static EVP_PKEY *join_key(const X509 *x, const ASN1_STRING *from)
{
	X509_PUBKEY *joined = X509_PUBKEY_new();
	ASN1_STRING *parameters = ASN1_STRING_dup(from);
	const unsigned char *bits;
	unsigned char *copy;
	unsigned char *der = NULL;
	const unsigned char *p;
	EVP_PKEY *key = NULL;
	int len;

	X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, X509_get_X509_PUBKEY(x));
	copy = OPENSSL_memdup(bits, (size_t)len);
	if (joined && parameters && copy &&
	    X509_PUBKEY_set0_param(joined, OBJ_nid2obj(NID_dsa), V_ASN1_SEQUENCE, parameters, copy, len) == 1) {
		len = i2d_X509_PUBKEY(joined, &der);
		p = der;
		key = len > 0 ? d2i_PUBKEY(NULL, &p, len) : NULL;
		OPENSSL_free(der);
	} else {
		ASN1_STRING_free(parameters);
		OPENSSL_free(copy);
	}
	X509_PUBKEY_free(joined);
	return key;
}

EVP_PKEY *tp_check_key(struct tp_check_run *run, unsigned i)
{
	struct tp_check_cert *c = &run->all[i];
	EVP_PKEY *key = X509_get0_pubkey(c->x);
	X509_ALGOR *algorithm = NULL;

	if (key || c->inherited || run->want->purpose != TP_TLS_PURPOSE_ANY)
		return key ? key : c->inherited;
	X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(c->x));
	if (OBJ_obj2nid(algorithm->algorithm) != NID_dsa || dsa_parameters(c->x))
		return NULL;
	for (unsigned k = 0; k < run->count && !c->inherited; k++) {
		const ASN1_STRING *from = dsa_parameters(run->all[k].x);

		if (from && X509_NAME_cmp(X509_get_subject_name(run->all[k].x), X509_get_issuer_name(c->x)) == 0)
			c->inherited = join_key(c->x, from);
	}
	return c->inherited;
}

bool tp_check_signed(struct tp_check_run *run, unsigned child, unsigned issuer)
{
	struct tp_check_edge *e = run->edges;
	EVP_PKEY *key;

	for (unsigned i = 0; i < run->edge_count; i++, e++)
		if (e->child == child && e->issuer == issuer)
			return e->good;
	if (run->edge_count == run->edge_limit) {
		run->exhausted = true;
		return false;
	}
	key = tp_check_key(run, issuer);
	*e = (struct tp_check_edge){ .child = child, .issuer = issuer };
	/* An anchor was chosen by the administrator, the others by the peer. */
	if (key && run->want->purpose != TP_TLS_PURPOSE_ANY && !run->all[issuer].anchor &&
	    tp_check_key_is_costly(key))
		run->costly = true;
	else
		e->good = key && X509_verify(run->all[child].x, key) == 1;
	run->edge_count++;
	ERR_clear_error();
	return e->good;
}

/* Anchors first, then by key identifier, then those valid now, then the newest. */
static int rank_of(struct tp_check_run *run, const struct tp_check_cert *child, unsigned i)
{
	struct tp_check_cert *issuer = tp_check_cert_at(run, i);
	int rank = tp_check_key_fits(child->authority, issuer) * 8;

	if (issuer->anchor)
		rank += 4;
	if (issuer->not_before <= run->want->at && run->want->at <= issuer->not_after)
		rank += 2;
	if (!issuer->problem)
		rank += 1;
	return rank;
}

static bool in_path(const struct tp_check_run *run, const struct tp_check_path *path, unsigned i)
{
	X509 *x = run->all[i].x;

	for (unsigned at = 0; at < path->length; at++) {
		X509 *other = run->all[path->certs[at]].x;

		if (path->certs[at] == i || X509_cmp(other, x) == 0)
			return true;
		/* RFC 4158 section 2.4.2: the same name with the same key is a loop. */
		if (at > 0 && X509_NAME_cmp(X509_get_subject_name(other), X509_get_subject_name(x)) == 0 &&
		    X509_get0_pubkey(x) && X509_get0_pubkey(other) &&
		    EVP_PKEY_eq(X509_get0_pubkey(x), X509_get0_pubkey(other)) == 1)
			return true;
	}
	return false;
}

/* Fills the step of the path's last certificate. */
static bool find_candidates(struct tp_check_run *run, const struct tp_check_path *path, struct step *s)
{
	const struct tp_check_cert *child = &run->all[path->certs[path->length - 1]];
	const X509_NAME *wanted = X509_get_issuer_name(child->x);

	*s = (struct step){ .candidates = calloc(CANDIDATES_MAX, sizeof(*s->candidates)) };
	if (!s->candidates)
		return false;
	for (unsigned i = 0; i < run->count && s->count < CANDIDATES_MAX; i++) {
		struct candidate c = { .cert = i };
		unsigned at;

		if (X509_NAME_cmp(X509_get_subject_name(run->all[i].x), wanted) != 0 || in_path(run, path, i))
			continue;
		c.rank = rank_of(run, child, i);
		for (at = s->count; at > 0 && s->candidates[at - 1].rank < c.rank; at--)
			s->candidates[at] = s->candidates[at - 1];
		s->candidates[at] = c;
		s->count++;
	}
	return true;
}

/* Why there is no path: where the longest one ended. */
static void blame_end(struct tp_check_run *run, const struct tp_check_path *path, bool bad_signature,
		      struct tp_check_failure *why)
{
	unsigned depth = path->length - 1;
	struct tp_check_cert *c = tp_check_cert_at(run, path->certs[depth]);
	char name[200];

	if (why->error && why->depth >= depth)
		return;
	tp_tls_subject_write(X509_get_issuer_name(c->x), name, sizeof(name));
	if (bad_signature && run->costly)
		tp_check_refuse(why, X509_V_ERR_CERT_SIGNATURE_FAILURE, depth, c->x,
				"the key of its issuer takes too long to check with: %s", name);
	else if (bad_signature)
		tp_check_refuse(why, X509_V_ERR_CERT_SIGNATURE_FAILURE, depth, c->x, "%s was not signed by %s",
				depth ? "CA certificate" : "certificate", name);
	else if (depth == 0 && c->self_signed)
		tp_check_refuse(why, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0, c->x,
				"self-signed certificate: %s", name);
	else
		tp_check_refuse(why, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, depth, c->x,
				"issuer unknown: %s", name);
}

struct search {
	struct tp_check_run *run;
	struct tp_check_path path;
	struct step steps[TP_TLS_CHECK_PATH_MAX]; /* of each certificate of the path */
	struct tp_check_failure ended;  /* where the longest path without an anchor ended */
	struct tp_check_failure judged; /* why the first whole path was refused */
	tp_check_judge *judge;
	void *arg;
};

/* An anchor is the end of a path. */
static bool take_whole(struct search *s)
{
	struct tp_check_failure why = { 0 };

	if (s->run->paths_left == 0) {
		s->run->exhausted = true;
		return false;
	}
	s->run->paths_left--;
	if (s->judge(s->run, &s->path, s->arg, &why))
		return true;
	if (!s->judged.error)
		s->judged = why;
	return false;
}

static void step_back(struct search *s)
{
	s->path.length--;
	free(s->steps[s->path.length].candidates);
	s->steps[s->path.length] = (struct step){ 0 };
}

/* The next issuer of the last certificate joins the path; false when there is none. */
static bool step_on(struct search *s)
{
	struct step *top = &s->steps[s->path.length - 1];
	bool bad_signature = false;

	while (top->next < top->count && !s->run->exhausted) {
		unsigned i = top->candidates[top->next++].cert;

		if (s->path.length == TP_TLS_CHECK_PATH_MAX)
			break;
		if (s->run->steps_left == 0) {
			s->run->exhausted = true;
			break;
		}
		s->run->steps_left--;
		if (!tp_check_signed(s->run, s->path.certs[s->path.length - 1], i)) {
			bad_signature = true;
			continue;
		}
		s->path.certs[s->path.length++] = i;
		return true;
	}
	blame_end(s->run, &s->path, bad_signature, &s->ended);
	return false;
}

static bool enter(struct search *s)
{
	struct tp_check_cert *top = tp_check_cert_at(s->run, s->path.certs[s->path.length - 1]);

	if (top->anchor && take_whole(s))
		return true;
	/* Above an anchor there is nothing to look for. */
	if (!top->anchor && !find_candidates(s->run, &s->path, &s->steps[s->path.length - 1]))
		s->run->exhausted = true;
	return false;
}

bool tp_check_search(struct tp_check_run *run, unsigned first, tp_check_judge *judge, void *arg,
		     struct tp_check_path *found, struct tp_check_failure *why)
{
	struct search *s = calloc(1, sizeof(*s));
	bool ok;

	if (!s)
		return tp_check_refuse(why, X509_V_ERR_OUT_OF_MEM, 0, NULL, "no memory");
	s->run = run;
	s->judge = judge;
	s->arg = arg;
	s->path = (struct tp_check_path){ .certs = { first }, .length = 1 };
	ok = enter(s);
	while (!ok && s->path.length > 0 && !run->exhausted) {
		if (step_on(s))
			ok = enter(s);
		else
			step_back(s);
	}
	if (ok)
		*found = s->path;
	while (s->path.length > 0)
		step_back(s);
	if (!ok && s->judged.error)
		*why = s->judged;
	else if (!ok && run->exhausted)
		tp_check_refuse(why, X509_V_ERR_CERT_CHAIN_TOO_LONG, 0, run->all[first].x,
				"too many possible paths to try");
	else if (!ok)
		*why = s->ended;
	free(s);
	return ok;
}
