/* Reading one certificate revocation list (RFC 5280 section 5). Runs in the CRL helper. */
#include "tls/crl_read.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "tls/crl_issuer.h"
#include "tls/crl_question.h"

enum {
	FUTURE_S = 300, /* clocks differ */
	EXTENSION_MAX = 65536,
	REMOVE_FROM_CRL = 8,
};

/* Contents of the OBJECT IDENTIFIERs 2.5.29.n. */
static const uint8_t id_ce[] = { 0x55, 0x1d };
enum {
	CE_CRL_NUMBER = 20,
	CE_REASON = 21,
	CE_INVALIDITY_DATE = 24,
	CE_DELTA = 27,
	CE_POINT = 28,
	CE_CERTIFICATE_ISSUER = 29,
	CE_AUTHORITY_KEY = 35,
	CE_FRESHEST = 46,
	CE_OTHER = -1,
};

/* The parts of a list that come before its entries. */
struct parts {
	struct tp_der tbs;
	struct tp_der algorithm;
	struct tp_der signature;
	struct tp_rd after; /* of tbs: behind nextUpdate */
	uint8_t issuer[TP_CRL_HASH];
	char name[TP_CRL_ISSUER_MAX + 1];
	int64_t this_update;
	int64_t next_update;
	unsigned flags;
	uint64_t number; /* both plus one; 0: none, or longer than 63 bits */
	uint64_t base;   /* of a delta */
	GENERAL_NAMES *points; /* of the issuing distribution point */
};

struct extension {
	int id; /* last number of 2.5.29.n, or CE_OTHER */
	bool critical;
	struct tp_der value;
};

static enum tp_err malformed(struct tp_diag *diag, const struct parts *p, const char *what)
{
	return tp_fail(diag, TP_FORMAT, p->name, "it is malformed (%s)", what);
}

static bool read_extension(struct tp_rd *rd, struct extension *out)
{
	struct tp_rd in = tp_der_inside(tp_der_want(rd, TP_DER_SEQUENCE));
	struct tp_der oid = tp_der_want(&in, TP_DER_OID);

	out->id = CE_OTHER;
	if (in.err == TP_OK && oid.len == 3 && memcmp(oid.p, id_ce, 2) == 0)
		out->id = oid.p[2];
	out->critical = false;
	if (tp_der_is(&in, TP_DER_BOOLEAN)) {
		struct tp_der critical = tp_der_next(&in);

		out->critical = in.err == TP_OK && critical.len == 1 && critical.p[0];
	}
	out->value = tp_der_want(&in, TP_DER_OCTETS);
	return rd->err == TP_OK && tp_rd_finish(&in) == TP_OK && out->value.len <= EXTENSION_MAX;
}

/* ------------------------------------------------------------------- the head */

static bool read_name(struct tp_rd *rd, struct parts *out)
{
	struct tp_der name = tp_der_want(rd, TP_DER_SEQUENCE);
	const unsigned char *p = name.whole;
	X509_NAME *parsed = NULL;
	BIO *bio = NULL;
	bool ok;

	if (rd->err != TP_OK || name.whole_len > EXTENSION_MAX)
		return false;
	parsed = d2i_X509_NAME(NULL, &p, (long)name.whole_len);
	bio = BIO_new(BIO_s_mem());
	ok = parsed && bio && tp_crl_name_hash(parsed, out->issuer) == TP_OK &&
	     X509_NAME_print_ex(bio, parsed, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0;
	if (ok) {
		int n = BIO_read(bio, out->name, TP_CRL_ISSUER_MAX);

		out->name[n > 0 ? n : 0] = '\0';
		tp_text_make_printable(out->name);
	}
	X509_NAME_free(parsed);
	BIO_free(bio);
	ERR_clear_error();
	return ok;
}

static enum tp_err read_parts(const uint8_t *der, size_t len, struct parts *out,
			      struct tp_diag *diag)
{
	struct tp_rd rd;
	struct tp_rd all;
	struct tp_der inner;

	tp_rd_init(&rd, der, len);
	all = tp_der_inside(tp_der_want(&rd, TP_DER_SEQUENCE));
	out->tbs = tp_der_want(&all, TP_DER_SEQUENCE);
	out->algorithm = tp_der_want(&all, TP_DER_SEQUENCE);
	out->signature = tp_der_want(&all, TP_DER_BITS);
	if (tp_rd_finish(&rd) != TP_OK || tp_rd_finish(&all) != TP_OK || out->signature.len < 2 ||
	    out->signature.p[0] != 0)
		return malformed(diag, out, "it is not one whole list");
	out->signature.p++;
	out->signature.len--;
	out->after = tp_der_inside(out->tbs);
	if (tp_der_is(&out->after, TP_DER_INTEGER))
		tp_der_next(&out->after);
	inner = tp_der_want(&out->after, TP_DER_SEQUENCE);
	if (out->after.err != TP_OK || inner.whole_len != out->algorithm.whole_len ||
	    memcmp(inner.whole, out->algorithm.whole, inner.whole_len) != 0)
		return malformed(diag, out, "its two signature algorithms differ");
	if (!read_name(&out->after, out))
		return malformed(diag, out, "the issuer's name");
	out->this_update = tp_der_time(&out->after);
	if (!tp_der_is(&out->after, TP_DER_UTC_TIME) && !tp_der_is(&out->after, TP_DER_TIME))
		return tp_fail(diag, TP_UNSUPPORTED, out->name,
			       "it does not say when the next one comes (nextUpdate)");
	out->next_update = tp_der_time(&out->after);
	return out->after.err == TP_OK ? TP_OK : malformed(diag, out, "its dates");
}

/* ------------------------------------------------------ extensions of the list */

static void read_point(const ISSUING_DIST_POINT *idp, struct parts *out)
{
	if (idp->onlyuser > 0)
		out->flags |= TP_CRL_ONLY_USER;
	if (idp->onlyCA > 0)
		out->flags |= TP_CRL_ONLY_CA;
	if (idp->onlyattr > 0)
		out->flags |= TP_CRL_ONLY_ATTRIBUTE;
	if (idp->indirectCRL > 0)
		out->flags |= TP_CRL_INDIRECT;
	if (idp->onlysomereasons)
		out->flags |= TP_CRL_SOME_REASONS;
	if (idp->distpoint)
		out->flags |= TP_CRL_PARTITIONED;
}

static bool take_point(struct tp_der value, struct parts *out)
{
	const unsigned char *p = value.p;
	ISSUING_DIST_POINT *idp = d2i_ISSUING_DIST_POINT(NULL, &p, (long)value.len);
	bool ok = idp && p == value.p + value.len && !out->points;

	if (ok)
		read_point(idp, out);
	if (ok && idp->distpoint && idp->distpoint->type == 0) {
		out->points = idp->distpoint->name.fullname;
		idp->distpoint->name.fullname = NULL;
	}
	ISSUING_DIST_POINT_free(idp);
	ERR_clear_error();
	return ok;
}

/* Plus one; 0 when it is longer than 63 bits. False: it is no number. */
static bool read_number(struct tp_der value, uint64_t *out)
{
	struct tp_rd in = tp_der_inside(value);
	struct tp_der number = tp_der_want(&in, TP_DER_INTEGER);

	if (tp_rd_finish(&in) != TP_OK || !number.len || number.p[0] & 0x80)
		return false;
	*out = 0;
	if (number.len > 8)
		return true;
	for (size_t i = 0; i < number.len; i++)
		*out = *out << 8 | number.p[i];
	++*out;
	return true;
}

static enum tp_err take_delta(struct tp_der value, struct parts *out, struct tp_diag *diag)
{
	if (out->flags & TP_CRL_DELTA || !read_number(value, &out->base))
		return malformed(diag, out, "delta CRL indicator");
	out->flags |= TP_CRL_DELTA;
	return TP_OK;
}

static enum tp_err take_extension(const struct extension *x, struct parts *out,
				  struct tp_diag *diag)
{
	switch (x->id) {
	case CE_CRL_NUMBER:
		return read_number(x->value, &out->number) ? TP_OK : malformed(diag, out, "CRL number");
	case CE_AUTHORITY_KEY:
	case CE_FRESHEST:
		return TP_OK;
	case CE_DELTA:
		return take_delta(x->value, out, diag);
	case CE_POINT:
		return take_point(x->value, out) ? TP_OK
						 : malformed(diag, out, "issuing distribution point");
	default:
		return x->critical ? tp_fail(diag, TP_UNSUPPORTED, out->name,
					     "it has a critical extension that is not known")
				   : TP_OK;
	}
}

static enum tp_err check_delta(const struct parts *p, struct tp_diag *diag)
{
	if (!(p->flags & TP_CRL_DELTA))
		return TP_OK;
	if (!p->number || !p->base)
		return tp_fail(diag, TP_UNSUPPORTED, p->name,
			       "it is a delta list without a number, or with one that is too long");
	return p->base < p->number ? TP_OK : malformed(diag, p, "it is older than its base");
}

/* rd stands behind the entries. */
static enum tp_err read_extensions(struct tp_rd rd, struct parts *out, struct tp_diag *diag)
{
	struct tp_rd wrapped;
	struct tp_rd list;
	enum tp_err err = TP_OK;

	if (tp_der_is(&rd, TP_DER_SEQUENCE))
		tp_der_next(&rd);
	if (rd.err == TP_OK && !tp_rd_left(&rd))
		return TP_OK;
	wrapped = tp_der_inside(tp_der_want(&rd, TP_DER_CONTEXT_0));
	list = tp_der_inside(tp_der_want(&wrapped, TP_DER_SEQUENCE));
	if (tp_rd_finish(&rd) != TP_OK || tp_rd_finish(&wrapped) != TP_OK)
		return malformed(diag, out, "its extensions");
	while (err == TP_OK && tp_rd_left(&list)) {
		struct extension x;

		if (!read_extension(&list, &x))
			return malformed(diag, out, "an extension");
		err = take_extension(&x, out, diag);
	}
	return err == TP_OK ? check_delta(out, diag) : err;
}

/* --------------------------------------------------------------------- entries */

struct entry {
	uint8_t serial[TP_CRL_SERIAL_KEY];
	int64_t at;
	uint8_t reason;
};

/* The one directory name of a certificateIssuer extension. */
static bool read_certificate_issuer(struct tp_der value, uint8_t hash[TP_CRL_HASH])
{
	const unsigned char *p = value.p;
	GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &p, (long)value.len);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DIRNAME)
			found = tp_crl_name_hash(name->d.directoryName, hash) == TP_OK;
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return found;
}

static bool read_reason(struct tp_der value, uint8_t *reason)
{
	struct tp_rd in = tp_der_inside(value);
	struct tp_der number = tp_der_want(&in, TP_DER_ENUMERATED);

	if (tp_rd_finish(&in) != TP_OK || number.len != 1)
		return false;
	*reason = number.p[0];
	return true;
}

/* Entries of an indirect list speak of the issuer named last (RFC 5280 section 5.3.3). */
static enum tp_err entry_extensions(struct tp_rd *in, const struct parts *p, struct entry *e,
				    uint8_t issuer[TP_CRL_HASH], struct tp_diag *diag)
{
	struct tp_rd list = tp_der_inside(tp_der_want(in, TP_DER_SEQUENCE));

	while (in->err == TP_OK && tp_rd_left(&list)) {
		struct extension x;

		if (!read_extension(&list, &x))
			return malformed(diag, p, "an entry's extension");
		if (x.id == CE_REASON) {
			if (!read_reason(x.value, &e->reason))
				return malformed(diag, p, "an entry's reason");
		} else if (x.id == CE_CERTIFICATE_ISSUER && p->flags & TP_CRL_INDIRECT) {
			if (!read_certificate_issuer(x.value, issuer))
				return malformed(diag, p, "an entry's issuer");
		} else if (x.critical && x.id != CE_INVALIDITY_DATE) {
			return tp_fail(diag, TP_UNSUPPORTED, p->name,
				       "an entry has a critical extension that is not known");
		}
	}
	return TP_OK;
}

static enum tp_err read_entry(struct tp_rd *rd, const struct parts *p, struct entry *e,
			      uint8_t issuer[TP_CRL_HASH], struct tp_diag *diag)
{
	struct tp_rd in = tp_der_inside(tp_der_want(rd, TP_DER_SEQUENCE));
	struct tp_der serial = tp_der_want(&in, TP_DER_INTEGER);
	enum tp_err err = TP_OK;

	e->at = tp_der_time(&in);
	e->reason = TP_CRL_REASON_NONE;
	if (rd->err != TP_OK || in.err != TP_OK)
		return malformed(diag, p, "an entry");
	tp_crl_serial_key(serial.p, serial.len, e->serial);
	if (tp_rd_left(&in))
		err = entry_extensions(&in, p, e, issuer, diag);
	if (err == TP_OK && tp_rd_finish(&in) != TP_OK)
		err = malformed(diag, p, "an entry");
	return err;
}

static enum tp_err read_entries(const struct parts *p, struct tp_crl_write *w, struct tp_diag *diag)
{
	struct tp_rd rd = p->after;
	struct tp_rd list;
	uint8_t issuer[TP_CRL_HASH];
	enum tp_err err = TP_OK;

	if (!tp_der_is(&rd, TP_DER_SEQUENCE))
		return TP_OK;
	list = tp_der_inside(tp_der_next(&rd));
	memcpy(issuer, p->issuer, sizeof(issuer));
	while (err == TP_OK && tp_rd_left(&list)) {
		struct entry e;

		err = read_entry(&list, p, &e, issuer, diag);
		if (err != TP_OK || (e.reason == REMOVE_FROM_CRL && !(p->flags & TP_CRL_DELTA)))
			continue;
		err = tp_crl_write_entry(w, issuer, e.serial, e.reason, e.at);
		if (err != TP_OK)
			return tp_fail(diag, err, p->name, err == TP_LIMIT ? "it has too many entries"
									   : "no memory");
	}
	return err;
}

/* ----------------------------------------------------------------- the whole list */

/* The newest list of this issuer and scope that is in use; 0: none. */
static int64_t newest_in_use(const struct tp_crl_index *current, const struct parts *p, bool *any)
{
	int64_t newest = 0;

	*any = false;
	for (size_t i = 0; current && i < tp_crl_index_lists(current); i++) {
		struct tp_crl_list list;

		tp_crl_index_list(current, i, &list);
		if (strcmp(list.issuer, p->name) != 0)
			continue;
		*any = true;
		if (list.flags == p->flags && list.this_update > newest)
			newest = list.this_update;
	}
	return newest;
}

static enum tp_err check_dates(const struct tp_crl_reading *how, const struct parts *p,
			       int64_t newest, struct tp_diag *diag)
{
	if (p->next_update < p->this_update)
		return malformed(diag, p, "it ends before it begins");
	if (p->this_update > how->now + FUTURE_S)
		return tp_fail(diag, TP_DENIED, p->name, "it is not yet valid");
	/* Partitions of one issuer differ in their points, which are not compared here. */
	if (p->this_update < newest && !(p->flags & TP_CRL_PARTITIONED))
		return tp_fail(diag, TP_DENIED, p->name, "it is older than the one in use");
	return TP_OK;
}

static enum tp_err write_points(const struct parts *p, struct tp_crl_write *w)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(p->points) && i < TP_CRL_POINTS_MAX; i++) {
		uint8_t hash[TP_CRL_HASH];
		enum tp_err err = tp_crl_point_hash(sk_GENERAL_NAME_value(p->points, i), hash);

		if (err == TP_OK)
			err = tp_crl_write_point(w, hash);
		if (err != TP_OK)
			return err;
	}
	return TP_OK;
}

static enum tp_err write_list(const struct parts *p, struct tp_crl_write *w, struct tp_diag *diag)
{
	enum tp_err err = tp_crl_write_list(w, p->issuer, tp_span_of(p->name), p->this_update,
					    p->next_update, p->flags);

	if (err != TP_OK)
		return tp_fail(diag, err, p->name, "there are too many lists");
	tp_crl_write_numbers(w, p->number, p->base);
	err = write_points(p, w);
	if (err != TP_OK)
		tp_fail(diag, err, p->name, "its distribution points cannot be kept");
	else
		err = read_entries(p, w, diag);
	if (err != TP_OK)
		tp_crl_write_undo(w);
	return err;
}

enum tp_err tp_crl_read(const struct tp_crl_reading *how, const uint8_t *der, size_t len,
			struct tp_crl_write *w, bool *in_use, struct tp_diag *diag)
{
	struct parts p = { 0 };
	enum tp_err err = read_parts(der, len, &p, diag);
	int64_t newest = newest_in_use(how->current, &p, in_use);

	if (err == TP_OK) {
		err = tp_crl_issuer_check(how, p.issuer, p.tbs, p.algorithm, p.signature, diag);
		if (err != TP_OK && diag)
			tp_text_copy(diag->where, sizeof(diag->where), p.name);
	}
	if (err == TP_OK)
		err = read_extensions(p.after, &p, diag);
	if (err == TP_OK)
		err = check_dates(how, &p, newest, diag);
	if (err == TP_OK)
		err = write_list(&p, w, diag);
	GENERAL_NAMES_free(p.points);
	return err;
}
