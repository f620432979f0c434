/* Name constraints (RFC 5280 section 4.2.1.10): which names a CA may certify. Used by
 * sip, admin and turnpikectl. */
#include <string.h>
#include <strings.h>

#include "tls/check_internal.h"

/* A borrowed IA5String. */
static struct tp_span text_of(const ASN1_STRING *s)
{
	return (struct tp_span){ (const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };
}

static bool has_byte(struct tp_span s, char byte)
{
	return s.len > 0 && memchr(s.p, byte, s.len);
}

/* Visible ASCII only. */
static bool is_plain(struct tp_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

/* ----------------------------------------------------------------- the extension */

static bool mask_is_a_prefix(const unsigned char *mask, int len)
{
	bool ended = false;

	for (int i = 0; i < len * 8; i++) {
		bool one = mask[i / 8] >> (7 - i % 8) & 1;

		if (one && ended)
			return false;
		ended = ended || !one;
	}
	return true;
}

static const char *subtree_form(const GENERAL_SUBTREE *t, bool strict)
{
	const GENERAL_NAME *g = t->base;
	int64_t minimum = 0;

	if (t->maximum || (t->minimum && (ASN1_INTEGER_get_int64(&minimum, t->minimum) != 1 || minimum != 0)))
		return "has a name constraint with minimum or maximum";
	if (g->type == GEN_IPADD) {
		int len = ASN1_STRING_length(g->d.iPAddress);

		if ((len != 8 && len != 32) ||
		    !mask_is_a_prefix(ASN1_STRING_get0_data(g->d.iPAddress) + len / 2, len / 2))
			return "has a name constraint that is no network";
	}
	if (g->type == GEN_DNS) {
		struct tp_span s = text_of(g->d.dNSName);

		if (!is_plain(s) || has_byte(s, '*') || (strict && s.len > 0 && s.p[0] == '.'))
			return "has a name constraint that is no domain";
	}
	return NULL;
}

const char *tp_check_constraints_form(const NAME_CONSTRAINTS *nc, bool strict)
{
	const char *problem = NULL;

	if (!nc)
		return NULL;
	if (sk_GENERAL_SUBTREE_num(nc->permittedSubtrees) <= 0 &&
	    sk_GENERAL_SUBTREE_num(nc->excludedSubtrees) <= 0)
		return "has name constraints without a name";
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(nc->permittedSubtrees) && !problem; i++)
		problem = subtree_form(sk_GENERAL_SUBTREE_value(nc->permittedSubtrees, i), strict);
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(nc->excludedSubtrees) && !problem; i++)
		problem = subtree_form(sk_GENERAL_SUBTREE_value(nc->excludedSubtrees, i), strict);
	return problem;
}

/* ----------------------------------------------------------------------- matching */

enum answer { NO, YES, CANNOT_SAY };

/* name is base or ends in "." base. */
static bool below(struct tp_span name, struct tp_span base)
{
	size_t head;

	if (base.len == 0)
		return true;
	if (name.len < base.len)
		return false;
	head = name.len - base.len;
	if (strncasecmp(name.p + head, base.p, base.len) != 0)
		return false;
	return head == 0 || name.p[head - 1] == '.';
}

static enum answer dns_within(struct tp_span name, struct tp_span base, bool excluded)
{
	bool wildcard = name.len > 2 && name.p[0] == '*' && name.p[1] == '.';

	if (name.len == 0 || !is_plain(name))
		return CANNOT_SAY;
	if (base.len > 0 && base.p[0] == '.')
		return name.len > base.len && below(name, (struct tp_span){ base.p + 1, base.len - 1 });
	/* "*.example.com" stands also for an excluded "a.example.com". */
	if (wildcard && excluded) {
		struct tp_span rest = { name.p + 2, name.len - 2 };
		struct tp_span parent = base;

		tp_span_split(&parent, '.');
		if (parent.len > 0 && tp_span_equal_nocase(parent, rest))
			return YES;
	}
	return below(name, base);
}

/* Splits at the last '@'; false when there is none or an empty part. */
static bool split_mailbox(struct tp_span s, struct tp_span *local, struct tp_span *host)
{
	size_t at = s.len;

	while (at > 0 && s.p[at - 1] != '@')
		at--;
	if (at < 2 || at == s.len)
		return false;
	*local = (struct tp_span){ s.p, at - 1 };
	*host = (struct tp_span){ s.p + at, s.len - at };
	return local->p[0] == '"' || !has_byte(*local, '@');
}

static enum answer host_within(struct tp_span host, struct tp_span base)
{
	if (base.len > 0 && base.p[0] == '.')
		return host.len > base.len && below(host, (struct tp_span){ base.p + 1, base.len - 1 });
	return tp_span_equal_nocase(host, base);
}

static enum answer email_within(struct tp_span name, struct tp_span base)
{
	struct tp_span local, host, base_local, base_host;

	if (!is_plain(name) || !is_plain(base) || !split_mailbox(name, &local, &host))
		return CANNOT_SAY;
	if (base.len == 0)
		return YES;
	if (has_byte(base, '@')) {
		if (!split_mailbox(base, &base_local, &base_host))
			return CANNOT_SAY;
		return tp_span_equal(local, base_local) && tp_span_equal_nocase(host, base_host);
	}
	return host_within(host, base);
}

/* The host of an authority; CANNOT_SAY for a URI without one, or with an address. */
static enum answer uri_within(struct tp_span uri, struct tp_span base)
{
	struct tp_span host = uri;
	struct tp_addr ip;
	const char *p;

	if (!is_plain(uri) || !has_byte(uri, ':'))
		return CANNOT_SAY;
	tp_span_split(&host, ':');
	if (host.len < 3 || host.p[0] != '/' || host.p[1] != '/')
		return CANNOT_SAY;
	host.p += 2;
	host.len -= 2;
	for (size_t i = 0; i < host.len; i++)
		if (strchr("/?#", host.p[i]))
			host.len = i;
	p = memchr(host.p, '@', host.len);
	if (p)
		host = (struct tp_span){ p + 1, host.len - (size_t)(p + 1 - host.p) };
	if (host.len > 0 && host.p[0] == '[')
		return CANNOT_SAY;
	p = memchr(host.p, ':', host.len);
	if (p)
		host.len = (size_t)(p - host.p);
	if (host.len == 0 || tp_addr_parse_ip(host, 0, &ip) == TP_OK)
		return CANNOT_SAY;
	return base.len == 0 ? YES : host_within(host, base);
}

static enum answer ip_within(const ASN1_OCTET_STRING *ip, const ASN1_OCTET_STRING *network)
{
	const unsigned char *a = ASN1_STRING_get0_data(ip);
	const unsigned char *n = ASN1_STRING_get0_data(network);
	int len = ASN1_STRING_length(ip);

	if (len * 2 != ASN1_STRING_length(network))
		return NO;
	for (int i = 0; i < len; i++)
		if ((a[i] & n[len + i]) != (n[i] & n[len + i]))
			return NO;
	return YES;
}

/* The first RDNs of a name, kept for the next constraint with as many. */
struct head {
	const X509_NAME *of;
	int rdns;
	X509_NAME *name;
};

static bool cut_head(struct head *head, const X509_NAME *of, int rdns)
{
	if (head->name && head->of == of && head->rdns == rdns)
		return true;
	X509_NAME_free(head->name);
	*head = (struct head){ .of = of, .rdns = rdns, .name = X509_NAME_dup(of) };
	for (int i = X509_NAME_entry_count(head->name) - 1; i >= 0; i--)
		if (X509_NAME_ENTRY_set(X509_NAME_get_entry(head->name, i)) >= rdns)
			X509_NAME_ENTRY_free(X509_NAME_delete_entry(head->name, i));
	return head->name;
}

/* Whether the first RDNs of name are those of base. */
static enum answer directory_within(struct head *head, const X509_NAME *name, const X509_NAME *base)
{
	int count = X509_NAME_entry_count(base);

	if (X509_NAME_entry_count(name) < count)
		return NO;
	if (!cut_head(head, name, count > 0 ? X509_NAME_ENTRY_set(X509_NAME_get_entry(base, count - 1)) + 1 : 0))
		return CANNOT_SAY;
	return X509_NAME_cmp(head->name, base) == 0 ? YES : NO;
}

static enum answer within(struct head *head, const GENERAL_NAME *name, const GENERAL_NAME *base,
			  bool excluded)
{
	switch (name->type) {
	case GEN_DNS:
		return dns_within(text_of(name->d.dNSName), text_of(base->d.dNSName), excluded);
	case GEN_EMAIL:
		return email_within(text_of(name->d.rfc822Name), text_of(base->d.rfc822Name));
	case GEN_URI:
		return uri_within(text_of(name->d.uniformResourceIdentifier),
				  text_of(base->d.uniformResourceIdentifier));
	case GEN_IPADD:
		return ip_within(name->d.iPAddress, base->d.iPAddress);
	case GEN_DIRNAME:
		return directory_within(head, name->d.directoryName, base->d.directoryName);
	default:
		return CANNOT_SAY; /* section 4.2.1.10: not processed, so refused */
	}
}

struct asked {
	struct tp_check_run *run;
	const NAME_CONSTRAINTS *constraints;
	const char *problem;
	struct head head;
};

static bool spend(struct asked *a)
{
	if (a->run->names_left == 0) {
		a->run->exhausted = true;
		a->problem = "has more names and name constraints than are compared";
		return false;
	}
	a->run->names_left--;
	return true;
}

/* OtherNames of another kind than the constraint's are other name forms. */
static bool same_form(const GENERAL_NAME *name, const GENERAL_NAME *base)
{
	return name->type == base->type &&
	       (name->type != GEN_OTHERNAME ||
		OBJ_cmp(name->d.otherName->type_id, base->d.otherName->type_id) == 0);
}

static bool allowed(struct asked *a, const GENERAL_NAME *name)
{
	bool constrained = false;
	bool permitted = false;

	for (int i = 0; i < sk_GENERAL_SUBTREE_num(a->constraints->excludedSubtrees); i++) {
		const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(a->constraints->excludedSubtrees, i)->base;

		if (!spend(a))
			return false;
		if (same_form(name, base) && within(&a->head, name, base, true) != NO) {
			a->problem = "has a name that a CA above it may not certify (excluded)";
			return false;
		}
	}
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(a->constraints->permittedSubtrees) && !permitted; i++) {
		const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(a->constraints->permittedSubtrees, i)->base;

		if (!spend(a))
			return false;
		if (!same_form(name, base))
			continue;
		constrained = true;
		permitted = within(&a->head, name, base, false) == YES;
	}
	if (constrained && !permitted)
		a->problem = "has a name that a CA above it may not certify (not permitted)";
	return !constrained || permitted;
}

static bool subject_allowed(struct asked *a, X509_NAME *subject, bool with_email)
{
	GENERAL_NAME name = { .type = GEN_DIRNAME };
	int at = -1;

	name.d.directoryName = subject;
	if (X509_NAME_entry_count(subject) > 0 && !allowed(a, &name))
		return false;
	name.type = GEN_EMAIL;
	while (with_email &&
	       (at = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, at)) >= 0) {
		name.d.rfc822Name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
		if (!allowed(a, &name))
			return false;
	}
	return true;
}

/* Whether the CN stands in for names, as in tp_tls_check_server_name. */
static bool has_no_host_name(const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		int type = sk_GENERAL_NAME_value(names, i)->type;

		if (type == GEN_DNS || type == GEN_IPADD || type == GEN_URI)
			return false;
	}
	return true;
}

static bool address_allowed(struct asked *a, const struct tp_addr *ip)
{
	GENERAL_NAME name = { .type = GEN_IPADD };
	bool ok;

	name.d.iPAddress = ASN1_OCTET_STRING_new();
	ok = name.d.iPAddress &&
	     ASN1_OCTET_STRING_set(name.d.iPAddress, ip->ip, ip->family == TP_ADDR_V4 ? 4 : 16) == 1 &&
	     allowed(a, &name);
	ASN1_OCTET_STRING_free(name.d.iPAddress);
	return ok;
}

/* A CN that would be used as a name is held to the constraints of such names. */
static bool common_names_allowed(struct asked *a, const X509_NAME *subject)
{
	GENERAL_NAME name = { .type = GEN_DNS };
	bool ok = true;
	int at = -1;

	while (ok && (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
		struct tp_addr ip;

		name.d.dNSName = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
		if (!is_plain(text_of(name.d.dNSName)))
			continue; /* matches nothing */
		if (tp_addr_parse_ip(text_of(name.d.dNSName), 0, &ip) == TP_OK)
			ok = address_allowed(a, &ip);
		else
			ok = allowed(a, &name);
	}
	return ok;
}

bool tp_check_names_allowed(struct tp_check_run *run, const NAME_CONSTRAINTS *constraints,
			    const struct tp_check_cert *cert, bool is_leaf, const char **problem)
{
	struct asked a = { .run = run, .constraints = constraints };
	X509_NAME *subject = X509_get_subject_name(cert->x);
	bool ok = subject_allowed(&a, subject, !cert->names);

	for (int i = 0; i < sk_GENERAL_NAME_num(cert->names) && ok; i++)
		ok = allowed(&a, sk_GENERAL_NAME_value(cert->names, i));
	if (ok && is_leaf && run->want->cn_names && has_no_host_name(cert->names))
		ok = common_names_allowed(&a, subject);
	X509_NAME_free(a.head.name);
	*problem = a.problem;
	return ok;
}
