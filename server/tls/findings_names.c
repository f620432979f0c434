/* What there is to say about the names of a certificate before it is put in use. Used
 * by admin. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/finding.h"
#include "tls/internal.h"

enum { LIST_MAX = 240, LABEL_MAX = 63, DNS_MAX = 253 };

/* ---------------------------------------------------------------------- reading */

/* Printable ASCII; what is not becomes '?', so that no name can look like two. */
static void write_text(char buf[TP_TLS_SAN_TEXT + 1], const char *kind, const ASN1_STRING *s)
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	int len = ASN1_STRING_length(s);
	size_t at = (size_t)snprintf(buf, TP_TLS_SAN_TEXT + 1, "%s:", kind);

	for (int i = 0; i < len && at < TP_TLS_SAN_TEXT; i++)
		buf[at++] = p[i] > ' ' && p[i] < 0x7f && p[i] != ',' ? (char)p[i] : '?';
	buf[at] = '\0';
}

static bool write_ip(char buf[TP_TLS_SAN_TEXT + 1], const ASN1_OCTET_STRING *s)
{
	int len = ASN1_STRING_length(s);
	char text[TP_ADDR_IP_TEXT];
	struct tp_addr a = { .family = len == 4 ? TP_ADDR_V4 : TP_ADDR_V6 };

	if (len != 4 && len != 16)
		return false;
	memcpy(a.ip, ASN1_STRING_get0_data(s), (size_t)len);
	snprintf(buf, TP_TLS_SAN_TEXT + 1, "IP:%s", tp_addr_write_ip(&a, text));
	return true;
}

static bool write_name(char buf[TP_TLS_SAN_TEXT + 1], const GENERAL_NAME *g)
{
	switch (g->type) {
	case GEN_DNS:
		write_text(buf, "DNS", g->d.dNSName);
		return true;
	case GEN_URI:
		write_text(buf, "URI", g->d.uniformResourceIdentifier);
		return true;
	case GEN_EMAIL:
		write_text(buf, "email", g->d.rfc822Name);
		return true;
	case GEN_IPADD:
		return write_ip(buf, g->d.iPAddress);
	default:
		return false;
	}
}

static bool write_common_name(char buf[TP_TLS_SAN_TEXT + 1], const X509 *x)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = -1, next;

	while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		at = next;
	if (at < 0)
		return false;
	write_text(buf, "CN", X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	return true;
}

void tp_tls_each_name(X509 *certificate, void (*each)(void *arg, const char *name), void *arg)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	char text[TP_TLS_SAN_TEXT + 1];
	int told = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (write_name(text, sk_GENERAL_NAME_value(names, i))) {
			each(arg, text);
			told++;
		}
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	if (!told && write_common_name(text, certificate))
		each(arg, text);
}

/* --------------------------------------------------------------------- comparing */

struct search {
	const char *wanted;
	bool found;
};

static void compare(void *arg, const char *name)
{
	struct search *s = arg;

	s->found = s->found || strcasecmp(name, s->wanted) == 0;
}

bool tp_tls_has_name(X509 *certificate, const char *name)
{
	struct search s = { name, false };

	tp_tls_each_name(certificate, compare, &s);
	return s.found;
}

/* A list of names that fits into a sentence. */
struct listing {
	X509 *leaf;
	char text[LIST_MAX];
	size_t len;
	size_t count;
	size_t shown;
};

static void list(struct listing *l, const char *name)
{
	int n = snprintf(l->text + l->len, sizeof(l->text) - l->len, "%s%s", l->shown ? ", " : "",
			 name);

	l->count++;
	if (n < 0 || (size_t)n >= sizeof(l->text) - l->len) {
		l->text[l->len] = '\0';
		return;
	}
	l->len += (size_t)n;
	l->shown++;
}

/* A name that moved from the subject to the extension is not lost. */
static void list_lost(void *arg, const char *name)
{
	struct listing *l = arg;
	char dns[TP_TLS_SAN_TEXT + 8];

	snprintf(dns, sizeof(dns), "DNS:%s", strncmp(name, "CN:", 3) ? name : name + 3);
	if (!tp_tls_has_name(l->leaf, name) && (strncmp(name, "CN:", 3) || !tp_tls_has_name(l->leaf, dns)))
		list(l, name);
}

static void find_lost(X509 *leaf, X509 *present, struct tp_tls_findings *out)
{
	struct listing l = { .leaf = leaf };
	struct tp_tls_finding *f;

	tp_tls_each_name(present, list_lost, &l);
	if (!l.count)
		return;
	f = tp_tls_finding_add(out, "names-lost", TP_TLS_WARN);
	SAY(f, "The present certificate has names that this one lacks: %s%s.", l.text,
	    l.shown < l.count ? " and more" : "");
	ADVISE(f, "Peers that check one of them will refuse us. 'Renew with the same names' makes a "
		  "request that holds them all.");
}

/* ------------------------------------------------------------------------- form */

static bool is_label(const char *p, size_t len)
{
	if (!len || len > LABEL_MAX || p[0] == '-' || p[len - 1] == '-')
		return false;
	return strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") >= len;
}

static bool is_dns_name(const char *name)
{
	const char *at = strncmp(name, "*.", 2) ? name : name + 2;

	if (strlen(name) > DNS_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(at, ".");

		if (!is_label(at, len))
			return false;
		if (!at[len])
			return true;
		at += len + 1;
	}
}

static void list_invalid(void *arg, const char *name)
{
	if (!strncmp(name, "DNS:", 4) && !is_dns_name(name + 4))
		list(arg, name);
}

static void list_wildcards(void *arg, const char *name)
{
	if (!strncmp(name, "DNS:*.", 6))
		list(arg, name);
}

static void find_form(X509 *leaf, struct tp_tls_findings *out)
{
	struct listing invalid = { .leaf = leaf }, wildcards = { .leaf = leaf };
	struct tp_tls_finding *f;

	tp_tls_each_name(leaf, list_invalid, &invalid);
	tp_tls_each_name(leaf, list_wildcards, &wildcards);
	if (invalid.count) {
		f = tp_tls_finding_add(out, "name-invalid", TP_TLS_WARN);
		SAY(f, "It has names that are not DNS names: %s%s.", invalid.text,
		    invalid.shown < invalid.count ? " and more" : "");
		ADVISE(f, "Addresses belong into names of the kind IP; have it issued again without them.");
	}
	if (wildcards.count) {
		f = tp_tls_finding_add(out, "wildcard-name", TP_TLS_NOTE);
		SAY(f, "It has wildcard names: %s%s. SIP peers do not take them (RFC 5922).", wildcards.text,
		    wildcards.shown < wildcards.count ? " and more" : "");
		ADVISE(f, "Have each host name that peers check put in as a name of its own.");
	}
}

static void add_length(void *arg, const char *name)
{
	size_t *len = arg;

	*len += (*len ? 2 : 0) + strlen(name);
}

void tp_tls_find_long_names(X509 *names, struct tp_tls_findings *out)
{
	struct tp_tls_finding *f;
	size_t len = 0;

	tp_tls_each_name(names, add_length, &len);
	if (len <= TP_TLS_SAN_LIMIT)
		return;
	f = tp_tls_finding_add(out, "san-too-long", TP_TLS_WARN);
	SAY(f, "Its names take %zu characters together; some peers read no more than %d.", len,
	    TP_TLS_SAN_LIMIT);
	ADVISE(f, "Leave out names that nobody connects to, or use several identities.");
}

static void find_san(X509 *leaf, bool server, struct tp_tls_findings *out)
{
	bool has = X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) >= 0;
	struct tp_tls_finding *f;

	if (!has) {
		f = tp_tls_finding_add(out, "no-san", server ? TP_TLS_WARN : TP_TLS_NOTE);
		SAY(f, "It has no subject alternative names. Browsers, phones and SIP peers look there "
		       "only, not at the common name.");
		ADVISE(f, "Have it issued with the host name as a DNS name.");
		return;
	}
	tp_tls_find_long_names(leaf, out);
}

void tp_tls_find_names(X509 *leaf, X509 *present, bool server, struct tp_tls_findings *out)
{
	char text[TP_TLS_SAN_TEXT + 1];
	struct tp_tls_finding *f;

	if (!write_common_name(text, leaf) || !strcmp(text, "CN:")) {
		f = tp_tls_finding_add(out, "cn-missing", TP_TLS_WARN);
		SAY(f, "Its subject has no common name, which some older peers and reports look at.");
		ADVISE(f, "Have it issued with the host name as common name, besides the DNS names.");
	}
	find_san(leaf, server, out);
	find_form(leaf, out);
	if (present)
		find_lost(leaf, present, out);
}
