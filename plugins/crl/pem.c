/* Lists in PEM form (RFC 7468). Runs in turnpike-crl. */
#include "pem.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static const char first_line[] = "-----BEGIN X509 CRL-----";
static const char last_line[] = "-----END X509 CRL-----";

bool tp_crl_is_pem(const uint8_t *bytes, size_t len)
{
	return memmem(bytes, len, first_line, sizeof(first_line) - 1) != NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Base64 in lines. */
static enum tp_err decode(const char *text, size_t len, uint8_t **der, size_t *der_len)
{
	char *tight = malloc(len + 1);
	uint8_t *out = malloc(len / 4 * 3 + 3);
	size_t n = 0;
	enum tp_err err = TP_NOMEM;

	if (tight && out) {
		for (size_t i = 0; i < len; i++)
			if (!is_space(text[i]))
				tight[n++] = text[i];
		err = tp_text_parse_base64((struct tp_span){ tight, n }, out, len / 4 * 3 + 3,
					   der_len);
	}
	free(tight);
	if (err == TP_OK)
		*der = out;
	else
		free(out);
	return err;
}

enum tp_err tp_crl_pem_walk(const uint8_t *bytes, size_t len, tp_crl_each each, void *arg,
			    struct tp_diag *diag)
{
	const char *p = (const char *)bytes;
	const char *end = p + len;
	enum tp_err err = TP_OK;

	while (err == TP_OK && (p = memmem(p, (size_t)(end - p), first_line, sizeof(first_line) - 1))) {
		const char *text = p + sizeof(first_line) - 1;
		const char *stop = memmem(text, (size_t)(end - text), last_line,
					  sizeof(last_line) - 1);
		uint8_t *der = NULL;
		size_t der_len;

		if (!stop)
			return tp_fail(diag, TP_FORMAT, "PEM", "a list has no end line");
		err = decode(text, (size_t)(stop - text), &der, &der_len);
		if (err != TP_OK)
			return tp_fail(diag, err, "PEM", "a list is not base64 text");
		err = each(arg, der, der_len);
		free(der);
		p = stop + sizeof(last_line) - 1;
	}
	return err;
}
