/* Names in certificates: what they are, and whether a wanted one is among them
 * (RFC 6125, RFC 5922). Used by sip and admin. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509v3.h>

#include "tls/check.h"
#include "tls/internal.h"

enum name_kind { NAME_DNS, NAME_IP, NAME_SIP_HOST };

struct name {
	enum name_kind kind;
	char text[TP_TLS_NAME_MAX + 1];
	struct tp_addr ip; /* NAME_IP */
};

/* Text of an ASN.1 string; false for one with a NUL or control byte inside (a name
 * that shows as another one), or one that is too long. */
static bool take_bytes(const ASN1_STRING *s, unsigned char least, unsigned char most,
		       char buf[TP_TLS_NAME_MAX + 1])
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	int len = ASN1_STRING_length(s);

	if (len <= 0 || len > TP_TLS_NAME_MAX)
		return false;
	for (int i = 0; i < len; i++)
		if (p[i] < least || p[i] > most || p[i] == 0x7f)
			return false;
	memcpy(buf, p, (size_t)len);
	buf[len] = '\0';
	return true;
}

static bool take_text(const ASN1_STRING *s, char buf[TP_TLS_NAME_MAX + 1])
{
	return take_bytes(s, '!', '~', buf);
}

/* The host of "sip:host" or "sips:host"; RFC 5922 section 7.1: one with a user part
 * names a person, not a server. */
static bool take_sip_host(const ASN1_STRING *uri, char buf[TP_TLS_NAME_MAX + 1])
{
	char text[TP_TLS_NAME_MAX + 1];
	const char *host;

	if (!take_text(uri, text))
		return false;
	if (strncasecmp(text, "sip:", 4) == 0)
		host = text + 4;
	else if (strncasecmp(text, "sips:", 5) == 0)
		host = text + 5;
	else
		return false;
	if (strchr(host, '@'))
		return false;
	return tp_text_copy_span(buf, TP_TLS_NAME_MAX + 1,
				 (struct tp_span){ host, strcspn(host, ":;?") });
}

static bool take_ip(const ASN1_STRING *octets, struct name *out)
{
	const unsigned char *p = ASN1_STRING_get0_data(octets);
	int len = ASN1_STRING_length(octets);

	if (len != 4 && len != 16)
		return false;
	memset(&out->ip, 0, sizeof(out->ip));
	out->ip.family = len == 4 ? TP_ADDR_V4 : TP_ADDR_V6;
	memcpy(out->ip.ip, p, (size_t)len);
	tp_addr_write_ip(&out->ip, out->text);
	return true;
}

static bool take_name(const GENERAL_NAME *g, struct name *out)
{
	switch (g->type) {
	case GEN_DNS:
		out->kind = NAME_DNS;
		return take_text(g->d.dNSName, out->text);
	case GEN_URI:
		out->kind = NAME_SIP_HOST;
		return take_sip_host(g->d.uniformResourceIdentifier, out->text);
	case GEN_IPADD:
		out->kind = NAME_IP;
		return take_ip(g->d.iPAddress, out);
	default:
		return false;
	}
}

/* What is wanted may be absolute, with a period at its end. */
static bool host_equal(const char *presented, const char *wanted)
{
	size_t len = strlen(wanted);

	if (len > 1 && wanted[len - 1] == '.')
		len--;
	return strlen(presented) == len && strncasecmp(presented, wanted, len) == 0;
}

/* One wildcard, alone in the leftmost label, standing for one whole label; at least
 * two labels behind it. */
static bool dns_matches(const char *pattern, const char *wanted)
{
	const char *rest;

	if (strncmp(pattern, "*.", 2) != 0)
		return host_equal(pattern, wanted);
	rest = strchr(wanted, '.');
	return rest && rest != wanted && strchr(pattern + 2, '.') && !strchr(pattern + 2, '*') &&
	       host_equal(pattern + 1, rest);
}

static bool name_matches(const struct name *n, const char *wanted, const struct tp_addr *wanted_ip)
{
	if (tp_addr_is_set(wanted_ip))
		return n->kind == NAME_IP && tp_addr_equal_ip(&n->ip, wanted_ip);
	if (n->kind == NAME_SIP_HOST)
		return host_equal(n->text, wanted); /* RFC 5922: no wildcards there */
	return n->kind == NAME_DNS && dns_matches(n->text, wanted);
}

/* The last CN; false without one. */
static bool take_common_name(X509 *x, char buf[TP_TLS_NAME_MAX + 1])
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = -1;
	int next;

	while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		at = next;
	return at >= 0 &&
	       take_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), buf);
}

static bool common_name_matches(X509 *x, const char *wanted, const struct tp_addr *wanted_ip)
{
	char text[TP_TLS_NAME_MAX + 1];
	struct tp_addr ip;

	if (!take_common_name(x, text))
		return false;
	if (tp_addr_is_set(wanted_ip))
		return tp_addr_parse_ip(tp_span_of(text), 0, &ip) == TP_OK && tp_addr_equal_ip(&ip, wanted_ip);
	return dns_matches(text, wanted);
}

static void say_mismatch(const X509 *certificate, const char *wanted, char reason[TP_TLS_REASON_MAX + 1])
{
	char has[160];

	tp_tls_names_write(certificate, has, sizeof(has));
	tp_tls_say(reason, TP_TLS_REASON_MAX + 1, "name does not match: certificate has %s, wanted %.80s",
		   has[0] ? has : "no name", wanted);
}

bool tp_tls_check_server_name(X509 *certificate, const char *wanted, bool cn_names,
			      char reason[TP_TLS_REASON_MAX + 1])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	struct tp_addr wanted_ip = { 0 };
	bool any = false;
	bool found = false;
	struct name n;

	if (tp_addr_parse_ip(tp_span_of(wanted), 0, &wanted_ip) != TP_OK)
		wanted_ip.family = TP_ADDR_NONE;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);

		any = any || g->type == GEN_DNS || g->type == GEN_URI || g->type == GEN_IPADD;
		found = take_name(g, &n) && name_matches(&n, wanted, &wanted_ip);
	}
	GENERAL_NAMES_free(names);
	if (!any && cn_names)
		found = common_name_matches(certificate, wanted, &wanted_ip);
	if (!found && reason)
		say_mismatch(certificate, wanted, reason);
	return found;
}

bool tp_tls_check_name(X509 *certificate, const char *wanted, char reason[TP_TLS_REASON_MAX + 1])
{
	return tp_tls_check_server_name(certificate, wanted, false, reason);
}

/* ------------------------------------------------------------------------- people */

/* A Microsoft user principal name: [0] of an otherName, as UTF8String. */
static const ASN1_STRING *principal_of(const GENERAL_NAME *g)
{
	const ASN1_TYPE *value = g->type == GEN_OTHERNAME ? g->d.otherName->value : NULL;

	if (!value || OBJ_obj2nid(g->d.otherName->type_id) != NID_ms_upn || value->type != V_ASN1_UTF8STRING)
		return NULL;
	return value->value.utf8string;
}

bool tp_tls_check_person(X509 *certificate, const char *wanted, char reason[TP_TLS_REASON_MAX + 1])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const X509_NAME *subject = X509_get_subject_name(certificate);
	char text[TP_TLS_NAME_MAX + 1];
	bool found = false;
	int at = -1;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
		const ASN1_STRING *s = g->type == GEN_EMAIL ? g->d.rfc822Name : principal_of(g);

		found = s && take_bytes(s, ' ', 0xff, text) && strcasecmp(text, wanted) == 0;
	}
	GENERAL_NAMES_free(names);
	while (!found && (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		found = take_bytes(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), ' ', 0xff, text) &&
			strcmp(text, wanted) == 0;
	if (!found && reason)
		say_mismatch(certificate, wanted, reason);
	return found;
}

void tp_tls_names_write(const X509 *certificate, char *buf, size_t size)
{
	static const char *const prefix[] = { "DNS:", "IP:", "SIP:" };
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	size_t len = 0;
	int shown = 0;
	struct name n;

	buf[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < TP_TLS_NAMES_MAX; i++) {
		int w;

		if (!take_name(sk_GENERAL_NAME_value(names, i), &n))
			continue;
		w = snprintf(buf + len, size - len, "%s%s%s", shown ? ", " : "", prefix[n.kind], n.text);
		if (w < 0 || (size_t)w >= size - len) {
			buf[len] = '\0';
			break;
		}
		len += (size_t)w;
		shown++;
	}
	GENERAL_NAMES_free(names);
	if (shown == 0 && take_common_name((X509 *)certificate, n.text))
		tp_tls_say(buf, size, "CN:%s", n.text);
}
