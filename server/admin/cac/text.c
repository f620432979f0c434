/* A certificate as text, or why it has no name that could be relied on. Runs in
 * turnpike-admin. */
#include "admin/cac/text.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "admin/cac/pattern.h"
#include "admin/certificates/facts.h"

/* Whatever the string's type: as text it has no NUL. */
static bool has_nul(const ASN1_STRING *s)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, s);
	bool has = len < 0 || memchr(utf8, '\0', (size_t)len);

	OPENSSL_free(utf8);
	return has;
}

static enum tp_err refuse_nul(struct tp_diag *diag)
{
	return tp_fail(diag, TP_FORMAT, "certificate",
		       "A name in the certificate holds a NUL or cannot be read.");
}

static bool subject_has_nul(const X509_NAME *name)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++)
		if (has_nul(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))))
			return true;
	return false;
}

/* These names are printed as they are, with a comma and a blank between them, in one line. */
static bool could_be_two(const ASN1_STRING *s)
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	int len = ASN1_STRING_length(s);

	for (int i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] == 0x7f || (p[i] == ',' && i + 1 < len && p[i + 1] == ' '))
			return true;
	return false;
}

/* The text of a name that is printed as it is; NULL: it is not. */
static const ASN1_STRING *printed_as_it_is(const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_EMAIL:
	case GEN_DNS:
	case GEN_URI:
		return name->d.ia5;
	case GEN_OTHERNAME:
		switch (ASN1_TYPE_get(name->d.otherName->value)) {
		case V_ASN1_UTF8STRING:
		case V_ASN1_IA5STRING:
			return name->d.otherName->value->value.asn1_string;
		default:
			return NULL;
		}
	default:
		return NULL;
	}
}

static enum tp_err check_alternative(const GENERAL_NAME *name, struct tp_diag *diag)
{
	const ASN1_STRING *text = printed_as_it_is(name);

	if (text ? has_nul(text) : name->type == GEN_DIRNAME && subject_has_nul(name->d.directoryName))
		return refuse_nul(diag);
	if (text && could_be_two(text))
		return tp_fail(diag, TP_FORMAT, "certificate",
			       "An alternative name in the certificate holds a line end or a comma, and could pass "
			       "for another one.");
	return TP_OK;
}

static enum tp_err check_names(const X509 *x, struct tp_diag *diag)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	enum tp_err err = subject_has_nul(X509_get_subject_name(x)) ? refuse_nul(diag) : TP_OK;

	for (int i = 0; err == TP_OK && i < sk_GENERAL_NAME_num(names); i++)
		err = check_alternative(sk_GENERAL_NAME_value(names, i), diag);
	GENERAL_NAMES_free(names);
	return err;
}

enum tp_err tp_cac_text(X509 *x, char **out, size_t *len, struct tp_diag *diag)
{
	enum tp_err err = check_names(x, diag);

	ERR_clear_error();
	if (err == TP_OK)
		err = tp_facts_print_raw(x, out, len);
	if (err == TP_OK && *len > TP_CAC_TEXT_MAX) {
		free(*out);
		err = tp_fail(diag, TP_LIMIT, "text", "The certificate's text has more than %d bytes.",
			      TP_CAC_TEXT_MAX);
	}
	return err;
}
