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

static bool subject_has_nul(const X509_NAME *name)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++)
		if (has_nul(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))))
			return true;
	return false;
}

static bool general_name_has_nul(const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_EMAIL:
	case GEN_DNS:
	case GEN_URI:
		return has_nul(name->d.ia5);
	case GEN_DIRNAME:
		return subject_has_nul(name->d.directoryName);
	case GEN_OTHERNAME:
		return ASN1_TYPE_get(name->d.otherName->value) == V_ASN1_UTF8STRING &&
		       has_nul(name->d.otherName->value->value.utf8string);
	default:
		return false;
	}
}

static bool alternative_has_nul(const X509 *x)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool has = false;

	for (int i = 0; !has && i < sk_GENERAL_NAME_num(names); i++)
		has = general_name_has_nul(sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return has;
}

enum tp_err tp_cac_text(X509 *x, char **out, size_t *len, struct tp_diag *diag)
{
	bool nul = subject_has_nul(X509_get_subject_name(x)) || alternative_has_nul(x);
	enum tp_err err;

	ERR_clear_error();
	if (nul)
		return tp_fail(diag, TP_FORMAT, "certificate",
			       "A name in the certificate holds a NUL or cannot be read.");
	err = tp_facts_print_raw(x, out, len);
	if (err == TP_OK && *len > TP_CAC_TEXT_MAX) {
		free(*out);
		err = tp_fail(diag, TP_LIMIT, "text", "The certificate's text has more than %d bytes.",
			      TP_CAC_TEXT_MAX);
	}
	return err;
}
