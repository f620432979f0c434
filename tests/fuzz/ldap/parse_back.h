/* What libldap makes of an escaped name: the filter as a search sends it, the DN in its parts. */
#ifndef TP_TEST_LDAP_PARSE_BACK_H
#define TP_TEST_LDAP_PARSE_BACK_H

#include <lber.h>
#include <ldap.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"

/* Of ldap_search_ext(); exported, and in no public header. */
int ldap_pvt_put_filter(BerElement *ber, const char *text);

static inline bool is_value(const struct berval *v, struct tp_span name)
{
	return v->bv_len == name.len && !memcmp(v->bv_val, name.p, name.len);
}

/* The next element is attribute=name, compared as a whole. */
static inline bool reads_equality(BerElement *ber, const char *attribute, struct tp_span name)
{
	struct berval type, value;
	ber_len_t len;

	return ber_peek_tag(ber, &len) == LDAP_FILTER_EQUALITY && ber_scanf(ber, "{mm}", &type, &value) != LBER_ERROR &&
	       is_value(&type, tp_span_of(attribute)) && is_value(&value, name);
}

/* From (&(uid=NAME)(cn=NAME)), and nothing more. */
static inline bool filter_says(const char *filter, struct tp_span name)
{
	BerElement *written = ber_alloc_t(LBER_USE_DER), *ber = NULL;
	struct berval flat = { 0 };
	ber_len_t len, left = 1;
	bool same = written && ldap_pvt_put_filter(written, filter) == 0 && ber_flatten2(written, &flat, 0) == 0 &&
		    (ber = ber_init(&flat)) && ber_peek_tag(ber, &len) == LDAP_FILTER_AND &&
		    ber_skip_tag(ber, &len) == LDAP_FILTER_AND && reads_equality(ber, "uid", name) &&
		    reads_equality(ber, "cn", name) &&
		    ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == LBER_OPT_SUCCESS && left == 0;

	ber_free(ber, 1);
	ber_free(written, 1);
	return same;
}

/* From uid=NAME,ou=people,dc=test: three parts of one value each. */
static inline bool dn_says(const char *dn, struct tp_span name)
{
	LDAPDN parts = NULL;
	bool same = ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && parts && parts[0] && parts[1] &&
		    parts[2] && !parts[3] && parts[0][0] && !parts[0][1] &&
		    is_value(&parts[0][0]->la_attr, tp_span_of("uid")) && is_value(&parts[0][0]->la_value, name) &&
		    is_value(&parts[1][0]->la_value, tp_span_of("people"));

	ldap_dnfree(parts);
	return same;
}

/* The escaped name reads back as it was, as filter and as DN. */
static inline bool reads_back(struct tp_span name)
{
	char out[TP_LDAP_TEXT_MAX + 1];

	return tp_ldap_escape("(&(uid=%s)(cn=%s))", name, out) == TP_OK && filter_says(out, name) &&
	       tp_ldap_escape("uid=%s,ou=people,dc=test", name, out) == TP_OK && dn_says(out, name);
}

#endif
