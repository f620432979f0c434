/* Revocation by CRLs that are at hand (RFC 5280 section 6.3): whole, partitioned,
 * indirect and delta. Used by turnpikectl, and by sip and admin where they hold CRLs. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "tls/check_internal.h"

enum {
	ALL_REASONS = 0x807f,        /* bits 1 to 8 of ReasonFlags as take_reasons reads them */
	SIGNER_DEPTH_MAX = 4,        /* CRL issuers whose certificates need CRL issuers ... */
	ENTRIES_BUDGET = 100000000,  /* revoked entries looked at in one check */
};

enum status { GOOD, REVOKED, REMOVED, UNUSABLE };

/* ------------------------------------------------------------------------ reading */

static bool extensions_known(const X509_CRL *crl, bool profile)
{
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *e = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		if (X509_CRL_get_ext_by_NID(crl, nid, i) >= 0 && nid != NID_undef)
			return false; /* twice */
		if (X509_EXTENSION_get_critical(e) && nid != NID_issuing_distribution_point &&
		    nid != NID_delta_crl &&
		    (profile || (nid != NID_crl_number && nid != NID_authority_key_identifier)))
			return false;
	}
	return true;
}

/* False for an extension that is there and does not parse. */
static bool take_extension(const X509_CRL *crl, int nid, void *out)
{
	int critical = 0;
	void *value = X509_CRL_get_ext_d2i(crl, nid, &critical, NULL);

	memcpy(out, &value, sizeof(value));
	return value || critical == -1;
}

/* RFC 5280 section 5.2.3 demands it of issuers; section 6.3 goes without. */
static bool lacks_number(const struct tp_check_run *run, const struct tp_check_crl *c)
{
	return run->want->profile && run->want->purpose != TP_TLS_PURPOSE_ANY && !c->number &&
	       X509_CRL_get_version(c->crl) == X509_CRL_VERSION_2;
}

static void read_one(struct tp_check_run *run, struct tp_check_crl *c)
{
	int64_t begin, end;
	bool ok = extensions_known(c->crl, run->want->profile);

	ok = take_extension(c->crl, NID_issuing_distribution_point, &c->idp) && ok;
	ok = take_extension(c->crl, NID_crl_number, &c->number) && ok;
	ok = take_extension(c->crl, NID_delta_crl, &c->delta_of) && ok && !lacks_number(run, c);
	ok = take_extension(c->crl, NID_authority_key_identifier, &c->authority) && ok;
	if (c->idp && c->idp->distpoint && c->idp->distpoint->type == 1)
		ok = DIST_POINT_set_dpname(c->idp->distpoint, X509_CRL_get_issuer(c->crl)) == 1 && ok;
	if (!tp_check_time(X509_CRL_get0_lastUpdate(c->crl), false, &begin) ||
	    !X509_CRL_get0_nextUpdate(c->crl) ||
	    !tp_check_time(X509_CRL_get0_nextUpdate(c->crl), false, &end))
		return;
	c->this_update = begin;
	c->expired = run->want->at > end;
	c->usable = ok && !c->expired && run->want->at >= begin;
}

/* The newest first, so that an older one of the same scope is not asked. */
static int newer_first(const void *a, const void *b)
{
	const struct tp_check_crl *x = a;
	const struct tp_check_crl *y = b;

	return (x->this_update < y->this_update) - (x->this_update > y->this_update);
}

enum tp_err tp_check_crls_read(struct tp_check_run *run)
{
	int count = sk_X509_CRL_num(run->want->crls);

	if (count <= 0)
		return TP_OK;
	if (count > TP_TLS_CHECK_CRLS_MAX)
		return TP_LIMIT;
	run->entries_left = ENTRIES_BUDGET;
	run->crl_checks_left = TP_TLS_CHECK_SIGNATURES_MAX;
	run->crls = calloc((size_t)count, sizeof(*run->crls));
	if (!run->crls)
		return TP_NOMEM;
	for (int i = 0; i < count; i++) {
		struct tp_check_crl *c = &run->crls[run->crl_count++];

		c->crl = sk_X509_CRL_value(run->want->crls, i);
		read_one(run, c);
	}
	qsort(run->crls, run->crl_count, sizeof(*run->crls), newer_first);
	ERR_clear_error();
	return TP_OK;
}

void tp_check_crls_fini(struct tp_check_run *run)
{
	for (unsigned i = 0; i < run->crl_count; i++) {
		ISSUING_DIST_POINT_free(run->crls[i].idp);
		ASN1_INTEGER_free(run->crls[i].number);
		ASN1_INTEGER_free(run->crls[i].delta_of);
		AUTHORITY_KEYID_free(run->crls[i].authority);
	}
	free(run->crls);
}

/* -------------------------------------------------------------------------- scope */

static bool has_directory_name(const GENERAL_NAMES *names, const X509_NAME *wanted)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);

		if (g->type == GEN_DIRNAME && X509_NAME_cmp(g->d.directoryName, wanted) == 0)
			return true;
	}
	return false;
}

static bool names_meet(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(a); i++)
		for (int k = 0; k < sk_GENERAL_NAME_num(b); k++)
			if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i), sk_GENERAL_NAME_value(b, k)) == 0)
				return true;
	return false;
}

static bool points_meet(const DIST_POINT_NAME *a, const DIST_POINT_NAME *b)
{
	if (a->type == 0 && b->type == 0)
		return names_meet(a->name.fullname, b->name.fullname);
	if (a->type == 0)
		return b->dpname && has_directory_name(a->name.fullname, b->dpname);
	if (b->type == 0)
		return a->dpname && has_directory_name(b->name.fullname, a->dpname);
	return a->dpname && b->dpname && X509_NAME_cmp(a->dpname, b->dpname) == 0;
}

static unsigned take_reasons(const ASN1_BIT_STRING *bits)
{
	unsigned reasons = 0;

	if (!bits)
		return ALL_REASONS;
	if (bits->length > 0)
		reasons = bits->data[0];
	if (bits->length > 1)
		reasons |= (unsigned)bits->data[1] << 8;
	return reasons & ALL_REASONS;
}

/* 6.3.3 (b): whether this CRL speaks of the certificate, for this distribution point
 * (NULL: the one that is implied by the issuer's name). */
static bool covers(const struct tp_check_crl *crl, const struct tp_check_cert *target, const DIST_POINT *dp)
{
	const X509_NAME *crl_issuer = X509_CRL_get_issuer(crl->crl);
	const X509_NAME *issuer = X509_get_issuer_name(target->x);
	const ISSUING_DIST_POINT *idp = crl->idp;

	if (dp && dp->CRLissuer) {
		if (!has_directory_name(dp->CRLissuer, crl_issuer) || !idp || !idp->indirectCRL)
			return false;
	} else if (X509_NAME_cmp(crl_issuer, issuer) != 0) {
		return false;
	}
	if (!idp)
		return true;
	if (idp->onlyattr || (idp->onlyuser && target->ca) || (idp->onlyCA && !target->ca))
		return false;
	if (!idp->distpoint)
		return true;
	if (dp && dp->distpoint)
		return points_meet(idp->distpoint, dp->distpoint);
	if (idp->distpoint->type == 1)
		return idp->distpoint->dpname &&
		       (dp && dp->CRLissuer ? has_directory_name(dp->CRLissuer, idp->distpoint->dpname)
					    : X509_NAME_cmp(idp->distpoint->dpname, issuer) == 0);
	return dp && dp->CRLissuer ? names_meet(idp->distpoint->name.fullname, dp->CRLissuer)
				   : has_directory_name(idp->distpoint->name.fullname, issuer);
}

/* ------------------------------------------------------------------------- signer */

struct signer_asked {
	const struct tp_check_path *path; /* of the certificate whose status is asked */
};

static bool same_anchor(struct tp_check_run *run, const struct tp_check_path *a, const struct tp_check_path *b)
{
	X509 *x = run->all[a->certs[a->length - 1]].x;
	X509 *y = run->all[b->certs[b->length - 1]].x;

	return x == y || (X509_NAME_cmp(X509_get_subject_name(x), X509_get_subject_name(y)) == 0 &&
			  EVP_PKEY_eq(X509_get0_pubkey(x), X509_get0_pubkey(y)) == 1);
}

static bool judge_signer(struct tp_check_run *run, const struct tp_check_path *path, void *arg,
			 struct tp_check_failure *why)
{
	const struct signer_asked *asked = arg;

	return same_anchor(run, path, asked->path) && tp_check_path_valid(run, path, false, why) &&
	       tp_check_crls(run, path, why);
}

/* 6.3.3 (f): the CRL issuer's certificate has a valid path of its own. One that is being
 * asked about already stands for itself: its own entry would be found in its CRL. */
static bool signer_trusted(struct tp_check_run *run, const struct tp_check_path *path, unsigned signer)
{
	struct signer_asked asked = { .path = path };
	struct tp_check_failure why = { 0 };
	struct tp_check_path found;
	bool ok;

	for (unsigned i = 1; i < path->length; i++)
		if (path->certs[i] == signer)
			return true;
	for (unsigned i = 0; i < run->signer_count; i++)
		if (run->signers[i] == signer)
			return true;
	if (run->signer_count == SIGNER_DEPTH_MAX)
		return false;
	run->signers[run->signer_count++] = signer;
	ok = tp_check_search(run, signer, judge_signer, &asked, &found, &why);
	run->signer_count--;
	return ok;
}

/* Whether some trusted certificate's key has signed the CRL; tells which. */
static bool signed_by(struct tp_check_run *run, const struct tp_check_path *path,
		      const struct tp_check_crl *crl, unsigned *signer)
{
	for (int fit = 2; fit >= 0; fit--) {
		for (unsigned i = 0; i < run->count; i++) {
			struct tp_check_cert *c = &run->all[i];

			if (X509_NAME_cmp(X509_get_subject_name(c->x), X509_CRL_get_issuer(crl->crl)) != 0)
				continue;
			c = tp_check_cert_at(run, i);
			if (tp_check_key_fits(crl->authority, c) != fit || c->problem ||
			    (c->has_usage && !(c->usage & KU_CRL_SIGN)) || !tp_check_key(run, i))
				continue;
			if (run->crl_checks_left == 0)
				return false;
			run->crl_checks_left--;
			if (X509_CRL_verify(crl->crl, tp_check_key(run, i)) == 1 &&
			    signer_trusted(run, path, i)) {
				*signer = i;
				return true;
			}
		}
	}
	return false;
}

/* ------------------------------------------------------------------------ entries */

static bool entry_known(const X509_REVOKED *r)
{
	for (int i = 0; i < X509_REVOKED_get_ext_count(r); i++) {
		X509_EXTENSION *e = X509_REVOKED_get_ext(r, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		if (X509_EXTENSION_get_critical(e) && nid != NID_crl_reason && nid != NID_certificate_issuer)
			return false;
	}
	return true;
}

static enum status status_of(const X509_REVOKED *r)
{
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
	bool removed = reason && ASN1_ENUMERATED_get(reason) == CRL_REASON_REMOVE_FROM_CRL;

	ASN1_ENUMERATED_free(reason);
	return removed ? REMOVED : REVOKED;
}

/* 6.3.3 (i), (j): what one CRL says of the certificate. */
static enum status look_up(struct tp_check_run *run, const struct tp_check_crl *crl,
			   const struct tp_check_cert *target)
{
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl->crl);
	const X509_NAME *issuer = X509_get_issuer_name(target->x);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(target->x);
	bool ours = X509_NAME_cmp(X509_CRL_get_issuer(crl->crl), issuer) == 0;
	enum status found = GOOD;

	for (int i = 0; i < sk_X509_REVOKED_num(revoked); i++) {
		const X509_REVOKED *r = sk_X509_REVOKED_value(revoked, i);

		if (run->entries_left == 0)
			return UNUSABLE;
		run->entries_left--;
		if (X509_REVOKED_get_ext_count(r) > 0) {
			GENERAL_NAMES *of = X509_REVOKED_get_ext_d2i(r, NID_certificate_issuer, NULL, NULL);

			if (!entry_known(r)) {
				GENERAL_NAMES_free(of);
				return UNUSABLE; /* section 5.3 */
			}
			if (of)
				ours = has_directory_name(of, issuer);
			GENERAL_NAMES_free(of);
		}
		if (ours && ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(r), serial) == 0)
			found = status_of(r);
	}
	return found;
}

/* ------------------------------------------------------------------------- deltas */

static bool same_point(const ISSUING_DIST_POINT *a, const ISSUING_DIST_POINT *b)
{
	unsigned char *x = NULL;
	unsigned char *y = NULL;
	int x_len, y_len;
	bool same;

	if (!a || !b)
		return !a && !b;
	x_len = i2d_ISSUING_DIST_POINT((ISSUING_DIST_POINT *)a, &x);
	y_len = i2d_ISSUING_DIST_POINT((ISSUING_DIST_POINT *)b, &y);
	same = x && y && x_len == y_len && memcmp(x, y, (size_t)x_len) == 0;
	OPENSSL_free(x);
	OPENSSL_free(y);
	return same;
}

/* 6.3.3 (c) and section 5.2.4: whether the delta brings this complete CRL up to date. */
static bool delta_fits(const struct tp_check_crl *delta, const struct tp_check_crl *base)
{
	return delta->usable && delta->delta_of && delta->number && base->number &&
	       X509_NAME_cmp(X509_CRL_get_issuer(delta->crl), X509_CRL_get_issuer(base->crl)) == 0 &&
	       same_point(delta->idp, base->idp) &&
	       (!delta->authority || !base->authority || !delta->authority->keyid || !base->authority->keyid ||
		ASN1_OCTET_STRING_cmp(delta->authority->keyid, base->authority->keyid) == 0) &&
	       ASN1_INTEGER_cmp(base->number, delta->delta_of) >= 0 &&
	       ASN1_INTEGER_cmp(delta->number, base->number) > 0;
}

static const struct tp_check_crl *newest_delta(struct tp_check_run *run, const struct tp_check_crl *base,
					       unsigned signer)
{
	const struct tp_check_crl *best = NULL;

	for (unsigned i = 0; i < run->crl_count; i++) {
		const struct tp_check_crl *d = &run->crls[i];

		if (!delta_fits(d, base) || (best && ASN1_INTEGER_cmp(d->number, best->number) <= 0))
			continue;
		if (run->crl_checks_left == 0)
			break;
		run->crl_checks_left--;
		if (X509_CRL_verify(d->crl, tp_check_key(run, signer)) == 1)
			best = d;
	}
	return best;
}

/* ------------------------------------------------------------------- certificates */

struct asked {
	const struct tp_check_path *path; /* from the issuer's place in it upwards */
	const struct tp_check_cert *target;
	unsigned reasons; /* for which a CRL has been found */
	bool revoked;
	bool saw_expired;
};

static enum status ask_crl(struct tp_check_run *run, struct asked *a, const struct tp_check_crl *crl)
{
	const struct tp_check_crl *delta;
	enum status status;
	unsigned signer;

	if (!signed_by(run, a->path, crl, &signer))
		return UNUSABLE;
	status = look_up(run, crl, a->target);
	delta = newest_delta(run, crl, signer);
	if (delta && status != UNUSABLE) {
		enum status later = look_up(run, delta, a->target);

		status = later == GOOD ? status : later;
	}
	return status;
}

static void ask_point(struct tp_check_run *run, struct asked *a, const DIST_POINT *dp)
{
	unsigned point_reasons = dp ? take_reasons(dp->reasons) : ALL_REASONS;

	for (unsigned i = 0; i < run->crl_count && !a->revoked; i++) {
		const struct tp_check_crl *crl = &run->crls[i];
		unsigned reasons = point_reasons & take_reasons(crl->idp ? crl->idp->onlysomereasons : NULL);
		enum status status;

		if (crl->delta_of || !(reasons & ~a->reasons) || !covers(crl, a->target, dp))
			continue;
		a->saw_expired = a->saw_expired || crl->expired;
		status = crl->usable ? ask_crl(run, a, crl) : UNUSABLE;
		if (status == UNUSABLE)
			continue;
		a->reasons |= reasons;
		a->revoked = status == REVOKED;
	}
}

static void set_relative_name(DIST_POINT *dp, const struct tp_check_cert *target)
{
	const X509_NAME *of = X509_get_issuer_name(target->x);

	if (!dp->distpoint || dp->distpoint->type != 1 || dp->distpoint->dpname)
		return;
	if (dp->CRLissuer && sk_GENERAL_NAME_num(dp->CRLissuer) > 0 &&
	    sk_GENERAL_NAME_value(dp->CRLissuer, 0)->type == GEN_DIRNAME)
		of = sk_GENERAL_NAME_value(dp->CRLissuer, 0)->d.directoryName;
	DIST_POINT_set_dpname(dp->distpoint, of);
}

static bool not_revoked(struct tp_check_run *run, const struct tp_check_path *path, unsigned depth,
			struct tp_check_failure *why)
{
	const struct tp_check_cert *target = tp_check_cert_at(run, path->certs[depth]);
	struct asked a = { .target = target };
	struct tp_check_path above = { .length = 0 };
	char name[180];

	/* signer_trusted passes over the first place: the target is not its own judge. */
	for (unsigned i = depth; i < path->length; i++)
		above.certs[above.length++] = path->certs[i];
	a.path = &above;
	for (int i = 0; i < sk_DIST_POINT_num(target->points) && !a.revoked; i++) {
		set_relative_name(sk_DIST_POINT_value(target->points, i), target);
		ask_point(run, &a, sk_DIST_POINT_value(target->points, i));
	}
	if (!a.revoked && a.reasons != ALL_REASONS)
		ask_point(run, &a, NULL);
	ERR_clear_error();
	tp_tls_subject_write(a.revoked ? X509_get_subject_name(target->x) : X509_get_issuer_name(target->x), name,
			     sizeof(name));
	if (a.revoked)
		return tp_check_refuse(why, X509_V_ERR_CERT_REVOKED, depth, target->x, "%s revoked: %s",
				       depth ? "CA certificate" : "certificate", name);
	if (a.reasons == ALL_REASONS)
		return true;
	if (a.saw_expired)
		return tp_check_refuse(why, X509_V_ERR_CRL_HAS_EXPIRED, depth, target->x, "CRL expired: %s", name);
	return tp_check_refuse(why, X509_V_ERR_UNABLE_TO_GET_CRL, depth, target->x, "no valid CRL of %s", name);
}

bool tp_check_crls(struct tp_check_run *run, const struct tp_check_path *path, struct tp_check_failure *why)
{
	unsigned count = path->length - 1;

	for (unsigned depth = run->want->leaf_crl_only && count ? 1 : count; depth-- > 0;)
		if (!not_revoked(run, path, depth, why))
			return false;
	return true;
}
